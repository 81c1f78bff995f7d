//! What kernel functions are given, and where pointers lead, from the kernel's BTF.

use bincode::{Decode, Encode};

/// Prototypes of functions, and what pointers in structures point to; several frames add up.
///
/// With it a reader of machine code knows that the first argument of `count_mounts` is a `struct mnt_namespace`, whose
/// fields the type layouts have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Types {
    /// The functions.
    pub functions: Vec<Prototype>,
    /// The pointers.
    pub pointers: Vec<PointerField>,
}

impl super::Plain for Types {
    const TYPE: u16 = 17;

    fn elements(&self) -> usize {
        let parameters = self.functions.iter().map(|own| own.parameters.len());
        self.functions.len() + self.pointers.len() + parameters.sum::<usize>()
    }
}

/// One function.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Prototype {
    /// Address relative to the kernel image: the address minus that of `_text`, wrapping.
    pub address: u64,
    /// What it is given, in order.
    pub parameters: Vec<Parameter>,
    /// The structure that its result points to; empty when it is no pointer to one.
    pub returns_to: String,
}

/// One parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The structure that it points to; empty when it is no pointer to one.
    pub to: String,
}

/// A pointer in a structure.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct PointerField {
    /// Structure that it is in.
    pub structure: String,
    /// Offset from that structure's start, in bytes.
    pub offset: u32,
    /// Structure that it points to.
    pub to: String,
}
