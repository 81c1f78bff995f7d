//! BTF: the types of the running kernel, from `/sys/kernel/btf`.
//!
//! An own reader, since the crates at hand do not fit: aya's keeps its types private, btf-rs is under the LGPL.

mod layouts;
mod path;
mod prototypes;
mod returns;
mod section;

use std::{
    collections::HashMap,
    fs, io,
    sync::{Arc, Mutex, PoisonError},
};

pub(crate) use path::FieldPath;
#[cfg(test)]
pub(crate) use path::Step;
use section::{Kind, Section, Type};

const FOLDER: &str = "/sys/kernel/btf";

/// Longest chain of typedefs and qualifiers, and deepest nesting of structures, that is followed.
const MAX_DEPTH: usize = 32;

/// The kernel's types cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BtfError {
    /// The file cannot be read; not found means a kernel without CONFIG_DEBUG_INFO_BTF.
    #[error("cannot read {FOLDER}/{name}: {source}")]
    Io {
        /// File in `/sys/kernel/btf`.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The magic number is missing.
    #[error("not BTF")]
    NotBtf,
    /// A section goes beyond the end.
    #[error("BTF is cut at {len} bytes")]
    Cut {
        /// Length, in bytes.
        len: usize,
    },
    /// More types than the kernel itself allows.
    #[error("BTF has too many types")]
    TooManyTypes,
}

/// The types of the image; those of modules are read when first asked for.
#[derive(Debug)]
pub(crate) struct Btf {
    image: Section,
    modules: Mutex<HashMap<String, Option<Arc<Section>>>>,
}

impl Btf {
    /// Reads `/sys/kernel/btf/vmlinux`.
    ///
    /// # Errors
    /// When it cannot be read or is no BTF.
    pub(crate) fn load() -> Result<Self, BtfError> {
        Self::from_bytes(read("vmlinux")?)
    }

    /// Reads the types of an image that has no modules.
    ///
    /// # Errors
    /// When it is no BTF.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Result<Self, BtfError> {
        Ok(Self {
            image: Section::parse(bytes, None)?,
            modules: Mutex::default(),
        })
    }

    fn module(&self, name: &str) -> Option<Arc<Section>> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let load = || Section::parse(read(name).ok()?, Some(&self.image)).ok();
        modules
            .entry(name.to_owned())
            .or_insert_with(|| load().map(Arc::new))
            .clone()
    }

    fn view(&self) -> View<'_> {
        View {
            image: &self.image,
            module: None,
        }
    }
}

fn read(name: &str) -> Result<Vec<u8>, BtfError> {
    // A module's name comes from kallsyms, where it cannot hold a slash.
    fs::read(format!("{FOLDER}/{name}")).map_err(|source| BtfError::Io {
        name: name.to_owned(),
        source,
    })
}

/// The types that are visible from the image, or from a module: its own behind the image's.
#[derive(Debug, Clone, Copy)]
struct View<'a> {
    image: &'a Section,
    module: Option<&'a Section>,
}

impl<'a> View<'a> {
    fn get(self, id: u32) -> Option<Type<'a>> {
        let own = || self.module.and_then(|module| module.get(id));
        self.image.get(id).or_else(own)
    }

    fn string(self, offset: u32) -> Option<&'a str> {
        let own = || self.module.and_then(|module| module.string(offset));
        self.image.string(offset).or_else(own)
    }

    /// The type behind typedefs and qualifiers; `None` for void.
    fn resolve(self, mut id: u32) -> Option<Type<'a>> {
        for _ in 0..MAX_DEPTH {
            let found = self.get(id)?;
            if found.kind != Kind::Alias {
                return Some(found);
            }
            id = found.size_or_type;
        }
        None
    }

    fn structure(self, name: &str) -> Option<Type<'a>> {
        let is_it = |found: &Type<'_>| {
            found.kind == Kind::Struct && found.len > 0 && self.string(found.name) == Some(name)
        };
        let own = self.module.into_iter().chain([self.image]);
        own.flat_map(|section| section.candidates(name))
            .filter_map(|id| self.get(id))
            .find(is_it)
    }

    /// Size, in bytes; `None` for void, functions and what is incomplete.
    fn size(self, id: u32) -> Option<u32> {
        let mut count = 1u32;
        let mut id = id;
        for _ in 0..MAX_DEPTH {
            let found = self.resolve(id)?;
            let size = match found.kind {
                Kind::Pointer => 8,
                Kind::Int | Kind::Enum | Kind::Struct | Kind::Union => found.size_or_type,
                Kind::Array => {
                    let (element, len) = found.array()?;
                    count = count.checked_mul(len)?;
                    id = element;
                    continue;
                }
                _ => return None,
            };
            return count.checked_mul(size);
        }
        None
    }
}
