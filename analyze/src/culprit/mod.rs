//! Which limit, policy or state is behind a failure: candidates, one score, the evidence for and against.
//!
//! Candidates come from general signals (what the origin's code reads, what is full, which policy answered) and from
//! rules. Each piece of evidence has a kind and a weight; of one kind only the heaviest counts, so that saying the same
//! thing twice does not make it truer. The score is the sum, 0 to 100. Confidence is high only when two observations that
//! are independent of each other agree and nothing speaks against it.

mod candidate;
mod rank;
mod ruled_out;
mod source;

pub use candidate::Candidate;
pub use rank::{mark_ties, rank};
pub use ruled_out::{RuledOut, ruled_out};

use crate::{
    limits::Comparison,
    names::capability,
    rules::{Remedy, book},
};

/// Whether a function, by its name without suffixes, is a check whose answer tells of a cause: it asks for a capability,
/// or a rule knows it.
#[must_use]
pub fn is_check(function: &str) -> bool {
    let mut predicates = book().iter().flat_map(|rule| &rule.predicate);
    capability::is_check(function) || predicates.any(|is| is.function == function)
}

/// A ranked answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// Stable id, `class:name`.
    pub id: String,
    /// 0 to 100.
    pub score: u32,
    /// How sure it is.
    pub confidence: Confidence,
    /// The explanation in a sentence.
    pub summary: String,
    /// What speaks for it, the heaviest first.
    pub evidence: Vec<Evidence>,
    /// What speaks against it.
    pub against: Vec<Evidence>,
    /// What to do, the first one first.
    pub remedy: Vec<Remedy>,
    /// How much is used and what the limit is, where that was measured.
    pub usage: Option<Comparison>,
    /// Index of the kind of failure that it explains.
    pub failure: usize,
    /// The origin that it explains.
    pub origin: Option<String>,
    /// Ids of the culprits of the same kind of failure that as much speaks for.
    pub tied: Vec<String>,
}

/// How sure an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Two independent observations agree, and nothing comes near it.
    High,
    /// The evidence points at it, but of one kind only, or something else is as likely.
    Medium,
    /// Possible.
    Low,
}

impl Confidence {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What kind.
    pub kind: Kind,
    /// How much it adds to the score; negative against.
    pub weight: i32,
    /// In words. May hold untrusted text from the recorded host.
    pub text: String,
}

/// Kinds of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Which function first returned the error, and by which way.
    Origin,
    /// What the machine code of that function reads.
    Code,
    /// How much of the limit is used.
    Usage,
    /// What the kernel's own check answered.
    Predicate,
    /// What was asked for, and by whom: arguments, flags, capabilities. It tells which check a call came to, and nothing
    /// of what that check said.
    Request,
    /// What was found in the way: settings, a file, a mount, a state of the task.
    State,
    /// What the kernel logged.
    Log,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Origin,
        Self::Code,
        Self::Usage,
        Self::Predicate,
        Self::Request,
        Self::State,
        Self::Log,
    ];

    /// The kind that stands for all which rest on the same observation: which function answered and what it was asked are
    /// two sides of one, the call that came to that check.
    fn observation(self) -> Self {
        match self {
            Self::Request => Self::Origin,
            kind => kind,
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Code => "code",
            Self::Usage => "usage",
            Self::Predicate => "predicate",
            Self::Request => "request",
            Self::State => "state",
            Self::Log => "log",
        }
    }
}

#[cfg(test)]
mod every_rule;
#[cfg(test)]
mod general_answers;
#[cfg(test)]
mod look_alikes;
#[cfg(test)]
mod tests;
