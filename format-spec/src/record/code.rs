//! Machine code of the functions on failing paths, from /proc/kcore.

use bincode::{Decode, Encode};

/// Code; several frames add up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Code {
    /// The functions.
    pub functions: Vec<FunctionCode>,
}

impl super::Plain for Code {
    const TYPE: u16 = 12;

    fn elements(&self) -> usize {
        self.functions.len()
    }
}

/// The bytes of one function as they were in memory.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct FunctionCode {
    /// Address relative to the kernel image: [`super::Symbol::address`] of the function.
    pub address: u64,
    /// The bytes, from the symbol to the next one.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::bytes"))]
    pub bytes: Vec<u8>,
}
