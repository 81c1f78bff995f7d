//! Which kernel function first returned the error, and the path that the error went up by.
//!
//! The general method, for any syscall and any errno: among the calls that returned the final errno, follow the last
//! one that each caller saw, down to the one that no call below it explains. What that function was told just before
//! (a predicate, another errno) is kept as evidence. Where no values were recorded, failing and successful trees are
//! lined up, and the report says "inferred".

mod by_code;
mod cleanup;
mod failing;
mod finder;
mod inferred;
mod makers;
mod tally;
mod trees;
mod walk;

pub use finder::{Task, origins};
pub use trees::failing_trees;

use crate::graph::Outcome;

/// Where an error began.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The function that first returned the errno, suffixes such as `.isra.0` included.
    pub function: String,
    /// What it returned.
    pub errno: u16,
    /// The functions from the syscall's entry to the origin.
    pub path: Vec<String>,
    /// How it was found.
    pub how: How,
    /// Failures that were seen to begin there.
    pub failures: usize,
    /// An errno that came from below and that the origin replaced by its own.
    pub translated: Option<Translation>,
    /// What the origin's calls told it, in order, the last one last.
    pub told: Vec<Told>,
    /// The last functions that the origin called, whatever they returned.
    pub called: Vec<String>,
}

/// How an origin was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// From recorded return values.
    ReturnValues,
    /// From probes on functions that compare limits, armed from the start.
    Sentinel,
    /// From recorded return values, and from there on by the code: the function that returned the errno makes none
    /// such itself, and only passes on what the origin told it.
    Code,
    /// From the shape of the calls, and where it was recorded the code.
    Inferred,
    /// The syscall's own body said no: nothing below it returned the errno, or it was never entered.
    SyscallItself,
}

impl How {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReturnValues => "return values",
            Self::Sentinel => "sentinel",
            Self::Code => "return values and code",
            Self::Inferred => "inferred",
            Self::SyscallItself => "syscall itself",
        }
    }
}

/// An errno that was replaced by another on its way up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The functions from below the origin to the one that first returned the inner errno.
    pub path: Vec<String>,
    /// The inner errno.
    pub errno: u16,
}

/// What a function was told by one of its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The function that was called.
    pub function: String,
    /// What it returned.
    pub outcome: Outcome,
    /// Its argument registers, where recorded.
    pub arguments: Vec<u64>,
}

#[cfg(test)]
mod tests;
