//! Which kernel function first returned the error, and the path that the error went up by.
//!
//! The general method, for any syscall and any errno: among the calls that returned the final errno, follow the last
//! one that each caller saw, down to the one that no call below it explains. What that function was told just before
//! (a predicate, another errno) is kept as evidence. Where no values were recorded, failing and successful trees are
//! lined up, and the report says "inferred".

mod by_code;
mod cleanup;
mod finder;
mod inferred;
mod innocent;
mod makers;
mod places;
mod recorded;
mod tally;
mod trees;
mod walk;
mod watched;

pub use finder::origins;
pub use recorded::Task;
pub use trees::failing_trees;

use crate::graph::Outcome;

/// Where an error began.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The function that first returned the errno, suffixes such as `.isra.0` included.
    pub function: String,
    /// Where in the kernel that is.
    pub site: Site,
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
    /// Whether the error may have come from below the origin, unseen.
    pub below: Below,
}

/// Addresses of an origin, relative to `_text`: several functions may have its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Site {
    /// Where the function starts; `None` when it was not recorded as more than a name.
    pub address: Option<u64>,
    /// The instructions at which it was caught making the error, each once.
    pub places: Vec<u64>,
    /// Where the functions start that led to it, the one that called it first.
    pub callers: Vec<u64>,
}

impl Site {
    /// The function at `address`.
    #[must_use]
    pub fn at(address: u64) -> Self {
        Self {
            address: Some(address),
            places: Vec::new(),
            callers: Vec::new(),
        }
    }

    /// The last of these functions, called by the ones before it.
    #[must_use]
    pub fn behind(path: &[u64]) -> Self {
        Self {
            address: path.last().copied(),
            places: Vec::new(),
            callers: path.iter().rev().skip(1).copied().collect(),
        }
    }

    /// The functions down to it.
    fn way(&self) -> Vec<u64> {
        let callers = self.callers.iter().rev().copied();
        callers.chain(self.address).collect()
    }

    /// Both, when they are of the same function; else this one.
    fn and(&mut self, other: &Self) {
        self.address = self.address.or(other.address);
        if self.address == other.address {
            let new = other.places.iter().copied();
            let new: Vec<u64> = new.filter(|place| !self.places.contains(place)).collect();
            self.places.extend(new);
            // Two ways to it are no way that can be followed back.
            let both = self.callers.iter().zip(&other.callers);
            let same = both.take_while(|(own, theirs)| own == theirs).count();
            if !other.callers.is_empty() {
                self.callers.truncate(same);
            }
        }
    }
}

/// Whether an error may have come from below the function that is taken for its origin: the recorder leaves out
/// functions that others call all the time, and those that it did not follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Below {
    /// It did not: of all calls whose result the origin may return it is known what they said.
    Watched,
    /// It makes such an errno itself, but may also return what these functions say, which were not watched.
    NotAllWatched(Vec<String>),
    /// It came from below: these functions were not watched, and the origin makes no such errno itself.
    NotWatched(Vec<String>),
    /// The origin's code was not recorded, so that what it calls is not known.
    NotKnown,
}

impl Below {
    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Watched => "watched",
            Self::NotAllWatched(_) => "not all watched",
            Self::NotWatched(_) => "not watched",
            Self::NotKnown => "not known",
        }
    }

    /// What is known when the same function was found twice: what either of them knows to be watched is.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Watched, _) | (_, Self::Watched) => Self::Watched,
            (Self::NotKnown, known) | (known, Self::NotKnown) => known,
            (known, other) => {
                let both = |function: &&String| other.not_watched().contains(function);
                let functions: Vec<String> =
                    known.not_watched().iter().filter(both).cloned().collect();
                match known {
                    _ if functions.is_empty() => Self::Watched,
                    Self::NotAllWatched(_) => Self::NotAllWatched(functions),
                    _ => Self::NotWatched(functions),
                }
            }
        }
    }

    /// The functions that were not watched, as far as they are known.
    #[must_use]
    pub fn not_watched(&self) -> &[String] {
        match self {
            Self::NotAllWatched(functions) | Self::NotWatched(functions) => functions,
            Self::Watched | Self::NotKnown => &[],
        }
    }
}

/// How an origin was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// From a probe on the instruction of the function that makes the errno, in a failing call.
    Place,
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
            Self::Place => "place",
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
    /// Where the one that first returned it starts, relative to `_text`.
    pub address: u64,
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
