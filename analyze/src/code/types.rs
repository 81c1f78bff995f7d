//! What kernel structures hold, and what functions are given: names for what code loads.

use std::collections::{BTreeMap, HashMap};

use format_spec::record::{self, FieldLayout, Prototype};

use super::pointees::pointee;

/// Fields and pointers of the structures that were recorded.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// Fields by structure and offset; a union has several at one offset.
    fields: HashMap<String, BTreeMap<u32, Vec<Field>>>,
    /// Structures that pointers lead to, by the structure that they are in and the offset.
    pointers: HashMap<String, BTreeMap<u32, String>>,
    /// Prototypes by address.
    functions: HashMap<u64, Prototype>,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Path within the structure.
    pub(super) name: String,
    /// Size, in bytes.
    pub(super) size: u32,
}

impl Types {
    pub(super) fn new(layouts: &[FieldLayout], recorded: &record::Types) -> Self {
        let mut types = Self::default();
        for pointer in &recorded.pointers {
            let own = types.pointers.entry(pointer.structure.clone()).or_default();
            own.insert(pointer.offset, pointer.to.clone());
        }
        for function in &recorded.functions {
            types.functions.insert(function.address, function.clone());
        }
        for layout in layouts {
            let structure = types.fields.entry(layout.structure.clone()).or_default();
            structure.entry(layout.offset).or_default().push(Field {
                name: layout.field.clone(),
                size: layout.size,
            });
        }
        types
    }

    /// The field of `structure` at `offset` that is read as `size` bytes.
    pub(super) fn field(&self, structure: &str, offset: i64, size: u8) -> Option<&Field> {
        let offset = u32::try_from(offset).ok()?;
        let at = self.fields.get(structure)?.get(&offset)?;
        let fits = |field: &&Field| field.size == u32::from(size);
        // The lower half of a longer number, as little-endian code reads it.
        let holds = |field: &&Field| field.size > u32::from(size) && field.size <= 8;
        at.iter().find(fits).or_else(|| at.iter().find(holds))
    }

    /// What the function at `address` is given; `None` when that was not recorded.
    pub(super) fn prototype(&self, address: u64) -> Option<&Prototype> {
        self.functions.get(&address)
    }

    /// The structure that the pointer at `offset` of `structure` leads to.
    pub(super) fn pointee(&self, structure: &str, offset: i64) -> Option<&str> {
        let recorded = self.pointers.get(structure).and_then(|own| {
            let offset = u32::try_from(offset).ok()?;
            own.get(&offset)
        });
        recorded.map(String::as_str).or_else(|| {
            let field = self.field(structure, offset, 8)?;
            pointee(structure, &field.name)
        })
    }
}
