//! What the machine code of an origin shows, summed up for the ranking.

use std::collections::HashMap;

/// A limit that the code reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Culprit id, `class:name`.
    pub id: String,
    /// Whether the code was seen to compare the value, and not only to load it.
    pub compared: bool,
    /// What was seen, in words.
    pub text: String,
}

/// What the code of one function shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeFacts {
    /// Limits that it reads.
    pub reads: Vec<Read>,
    /// Whether several checks may have returned the errno, and nothing tells which of them it was.
    pub is_one_of_several: bool,
    /// Constant arguments of its calls, by callee without suffixes and argument.
    pub constants: HashMap<(String, u8), Vec<u64>>,
}

impl CodeFacts {
    /// The constants that the code passes as that argument; `None` when none were seen.
    #[must_use]
    pub fn constant(&self, function: &str, argument: u8) -> Option<&[u64]> {
        self.constants
            .get(&(function.to_owned(), argument))
            .map(Vec::as_slice)
    }
}
