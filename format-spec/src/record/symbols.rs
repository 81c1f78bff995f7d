//! Names and return types of the functions whose addresses are in the bundle.

use bincode::{Decode, Encode};

/// Symbols; several frames add up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Symbols {
    /// The symbols, by rising address.
    pub symbols: Vec<Symbol>,
}

impl super::Plain for Symbols {
    const TYPE: u16 = 10;

    fn elements(&self) -> usize {
        self.symbols.len()
    }
}

/// One symbol of /proc/kallsyms.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Symbol {
    /// Address relative to the kernel image: the address minus that of `_text`, wrapping.
    pub address: u64,
    /// Distance to the next symbol, in bytes; 0 when there is none.
    pub size: u64,
    /// Type letter as nm(1) prints it.
    pub kind: u8,
    /// Name, suffixes such as `.isra.0` included.
    pub name: String,
    /// Module, when it is not in the kernel image.
    pub module: Option<String>,
    /// What the function returns.
    pub returns: ReturnType,
}

/// What a function returns, from the kernel's BTF.
///
/// On arm64 the upper half of an `int` result is undefined, and a void function leaves junk: without the type, a
/// return value means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum ReturnType {
    /// BTF does not describe the function, or describes several of that name differently.
    Unknown,
    /// Nothing.
    Void,
    /// `bool`.
    Bool,
    /// A signed integer of so many bits.
    Signed(u8),
    /// An unsigned integer or enum of so many bits.
    Unsigned(u8),
    /// A pointer: NULL and ERR_PTR tell of failure.
    Pointer,
    /// A struct or union.
    Aggregate,
}
