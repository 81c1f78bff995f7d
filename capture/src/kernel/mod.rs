//! What the running kernel says of itself: symbols, types, machine code, sysctls.
//!
//! Everything is read once, when it is first asked for, and looked up often. What cannot be read is missing from the results and listed by
//! [`Kernel::missing`]; nothing here changes the host.

mod btf;
mod code;
#[cfg(test)]
mod corpus;
mod ctl_tables;
mod direct_calls;
mod kallsyms;
mod kcore;
mod module_data;
mod sysctl_names;
mod types;
mod words;

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, OnceLock, PoisonError},
    thread,
};

use format_spec::record::{
    Code, CtlTables, Missing, ReturnType, Symbol, Symbols, TypeLayouts, Types,
};

pub(crate) use btf::FieldPath;
#[cfg(test)]
pub(crate) use btf::Step;
use btf::{Btf, BtfError};
pub(crate) use kallsyms::KernelSymbol;
use kallsyms::{Kallsyms, KallsymsError};
use kcore::{Kcore, KcoreError};

/// What was found out about the running kernel.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// Not needed to count failures, and the slowest to read.
    symbols: OnceLock<Result<Kallsyms, KallsymsError>>,
    btf: Result<Btf, BtfError>,
    kcore: OnceLock<Result<Kcore, KcoreError>>,
    base: OnceLock<u64>,
    /// What stood where probes may be put within functions, by address (absolute).
    places: Mutex<HashMap<u64, [u8; 4]>>,
}

impl Kernel {
    /// Reads the running kernel's types: about 30 ms and 8 MB; its symbols, when they are needed, are as much again.
    /// What cannot be read is missing, not an error.
    pub(crate) fn load() -> Self {
        Self {
            symbols: OnceLock::new(),
            btf: Btf::load(),
            kcore: OnceLock::new(),
            base: OnceLock::new(),
            places: Mutex::default(),
        }
    }

    /// Begins to read the symbols in a thread of their own, unless there is but one processor: the kernel takes a second
    /// to print them on a slow host.
    pub(crate) fn read_ahead(&'static self) {
        if thread::available_parallelism().is_ok_and(|count| count.get() > 1) {
            let thread = thread::Builder::new().name("symbols".into());
            // Without one they are read when they are needed, and sorted by name too.
            let _ = thread.spawn(|| self.function("_stext").is_some());
        }
    }

    fn symbols(&self) -> Result<&Kallsyms, &KallsymsError> {
        self.symbols.get_or_init(Kallsyms::load).as_ref()
    }

    fn kcore(&self) -> Result<&Kcore, &KcoreError> {
        self.kcore.get_or_init(Kcore::open).as_ref()
    }

    /// What cannot be read, and why.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        let rows = [
            (
                "symbol names",
                self.symbols().err().map(ToString::to_string),
            ),
            (
                "kernel types",
                self.btf.as_ref().err().map(ToString::to_string),
            ),
            ("kernel code", self.kcore().err().map(ToString::to_string)),
        ];
        let row = |(what, why): (&str, Option<String>)| {
            why.map(|why| Missing {
                what: what.to_owned(),
                why,
            })
        };
        rows.into_iter().filter_map(row).collect()
    }

    /// Address of `_text`, which addresses in the bundle are relative to; where kallsyms does not list it, the
    /// start of the image's segment in `/proc/kcore`, else `_stext`; 0 when all are hidden.
    pub(crate) fn base(&self) -> u64 {
        *self
            .base
            .get_or_init(|| base(self.symbols().ok(), self.kcore().ok()))
    }

    /// The function of that name, when there is exactly one.
    pub(crate) fn function(&self, name: &str) -> Option<KernelSymbol<'_>> {
        self.symbols().ok()?.function(name)
    }

    /// The function of that name, or else the only one that the compiler has made of it (`name.isra.0`,
    /// `name.constprop.0`), or the part of it that was not inlined (`name.part.0`).
    pub(crate) fn function_or_clone(&self, name: &str) -> Option<KernelSymbol<'_>> {
        let clones = [
            "isra.0",
            "constprop.0",
            "isra.0.constprop.0",
            "constprop.0.isra.0",
            "part.0",
        ];
        self.function(name).or_else(|| {
            clones
                .iter()
                .find_map(|suffix| self.function(&format!("{name}.{suffix}")))
        })
    }

    /// Where a probe on the start of `function` goes, as `kprobe_events` takes it: `_stext+4698200`, for names may be
    /// ambiguous, or `overlay:ovl_fill_super`. `None` when it cannot be told.
    pub(crate) fn probe_place(&self, function: &KernelSymbol<'_>) -> Option<String> {
        let symbols = self.symbols().ok()?;
        match function.module {
            None => {
                let start = symbols.named("_stext").next()?.address;
                let offset = function.address.checked_sub(start)?;
                Some(format!("_stext+{offset}"))
            }
            Some(module) => {
                self.function(function.name)?;
                Some(format!("{module}:{}", function.name))
            }
        }
    }

    /// The symbol that `address` lies in.
    pub(crate) fn containing(&self, address: u64) -> Option<KernelSymbol<'_>> {
        self.symbols().ok()?.containing(address)
    }

    /// What a function returns.
    pub(crate) fn return_type(&self, function: &KernelSymbol<'_>) -> ReturnType {
        let Ok(btf) = &self.btf else {
            return ReturnType::Unknown;
        };
        btf.return_type(function.name, function.module)
    }

    /// Resolves a path that starts at `task_struct`, for example `nsproxy->mnt_ns->nr_mounts` or
    /// `signal->rlim[7].rlim_cur`. `None` when this kernel does not have it, or it is no integer.
    pub(crate) fn btf_path(&self, path: &str) -> Option<FieldPath> {
        self.btf.as_ref().ok()?.path("task_struct", path)
    }

    /// Resolves a path that starts at the structure `start`.
    pub(crate) fn btf_path_from(&self, start: &str, path: &str) -> Option<FieldPath> {
        self.btf.as_ref().ok()?.path(start, path)
    }

    /// The symbols that `addresses` lie in, each once, by rising address.
    pub(crate) fn describe(&self, addresses: impl IntoIterator<Item = u64>) -> Symbols {
        let found = addresses
            .into_iter()
            .filter_map(|address| self.containing(address));
        let mut symbols: Vec<_> = found.map(|found| self.record(&found)).collect();
        symbols.sort_by_key(|symbol| symbol.address);
        symbols.dedup_by_key(|symbol| symbol.address);
        Symbols { symbols }
    }

    /// The machine code of the functions at `addresses`, within the bounds of [`code`], without this recorder's probes.
    pub(crate) fn code(&self, addresses: impl IntoIterator<Item = u64>) -> Code {
        let Ok(kcore) = self.kcore() else {
            return Code::default();
        };
        let functions = addresses
            .into_iter()
            .filter_map(|address| self.containing(address));
        let mut code = code::read(kcore, functions, self.base());
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        code::without_probes(&mut code, self.base(), &places);
        code
    }

    /// Notes the instruction at `address` (absolute), before a probe takes its place.
    pub(crate) fn keep_instruction(&self, address: u64, instruction: [u8; 4]) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(address, instruction);
    }

    /// Addresses (absolute) of the functions that `code` calls directly: names for who reads the code.
    pub(crate) fn called(&self, code: &Code) -> Vec<u64> {
        let base = self.base();
        let targets = code.functions.iter().flat_map(|function| {
            direct_calls::targets(&function.bytes, function.address.wrapping_add(base))
        });
        let starts = targets.filter(|&target| {
            let found = self.containing(target);
            found.is_some_and(|found| found.address == target && found.is_text())
        });
        starts.collect()
    }

    /// All functions and labels in text, by rising address.
    pub(crate) fn functions(&self) -> impl Iterator<Item = KernelSymbol<'_>> {
        self.symbols().into_iter().flat_map(Kallsyms::functions)
    }

    /// All functions of that name: static functions of several files may share one.
    pub(crate) fn functions_named(&self, name: &str) -> impl Iterator<Item = KernelSymbol<'_>> {
        let named = self
            .symbols()
            .into_iter()
            .flat_map(move |all| all.named(name));
        named.filter(KernelSymbol::is_text)
    }

    /// The first bytes of a function, `most` at most; none when they cannot be read.
    pub(crate) fn first_bytes(&self, function: &KernelSymbol<'_>, most: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(function.size.min(most)).unwrap_or(0)];
        let read = self.kcore().is_ok_and(|kcore| {
            function.is_text() && kcore.read(function.address, &mut bytes).is_ok()
        });
        if read { bytes } else { Vec::new() }
    }

    /// Hands each address within the image's text that the image's data holds to `each`, and each word of the modules'
    /// data that may be one of the kernel's text.
    ///
    /// # Errors
    /// Why the image cannot be read, in words.
    pub(crate) fn addresses_in_data(&self, mut each: impl FnMut(u64)) -> Result<(), String> {
        let symbols = self.symbols().map_err(ToString::to_string)?;
        let kcore = self.kcore().map_err(ToString::to_string)?;
        words::into_text(symbols, kcore, &mut each).map_err(|error| error.to_string())?;
        module_data::words(kcore, |word| {
            // The upper half of the address space.
            if word >> 47 == 0x1_ffff {
                each(word);
            }
        });
        Ok(())
    }

    /// The sysctls of the image and their variables.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub(crate) fn ctl_tables(&self) -> Result<CtlTables, String> {
        let symbols = self.symbols().map_err(ToString::to_string)?;
        let btf = self.btf.as_ref().map_err(ToString::to_string)?;
        let kcore = self.kcore().map_err(ToString::to_string)?;
        ctl_tables::find(symbols, btf, kcore, self.base()).map_err(|error| error.to_string())
    }

    /// Field offsets of the structures around limits; `None` without BTF.
    pub(crate) fn type_layouts(&self) -> Option<TypeLayouts> {
        Some(self.btf.as_ref().ok()?.layouts())
    }

    /// The prototypes of the functions at `functions` (absolute), and what is in the structures that these are given, but
    /// for those of [`Kernel::type_layouts`] and those that `known` has; of `called` the prototypes alone.
    /// `None` without BTF.
    pub(crate) fn types(
        &self,
        functions: &[u64],
        called: &[u64],
        known: &mut HashSet<String>,
    ) -> Option<(Types, TypeLayouts)> {
        types::of(self, self.btf.as_ref().ok()?, (functions, called), known)
    }

    fn record(&self, found: &KernelSymbol<'_>) -> Symbol {
        Symbol {
            address: found.address.wrapping_sub(self.base()),
            size: found.size,
            kind: found.kind,
            name: found.name.to_owned(),
            module: found.module.map(str::to_owned),
            returns: self.return_type(found),
        }
    }
}

fn base(symbols: Option<&Kallsyms>, kcore: Option<&Kcore>) -> u64 {
    let address = |name| Some(symbols?.named(name).next()?.address);
    let Some(stext) = address("_stext") else {
        return 0;
    };
    let segment = || Some(kcore?.segment(stext)?.address);
    address("_text").or_else(segment).unwrap_or(stext)
}

/// A short hash for indexes by name: half the memory of the names themselves.
fn name_hash(name: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let bytes = hasher.finish().to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
