//! The parts of an `etz-report/1` that are compared.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Report {
    /// Candidates for what the person means, the chosen one first.
    incidents: Vec<Failure>,
    /// Kinds of failures, the most suspicious first.
    pub(super) failures: Vec<Failure>,
    pub(super) origins: Vec<Origin>,
    pub(super) culprits: Vec<Culprit>,
}

impl Report {
    /// The failure that the report is about.
    pub(super) fn incident(&self) -> Option<&Failure> {
        self.incidents.first()
    }
}

/// A kind of failure: one system call of one program with one error.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) syscall: String,
    pub(super) errno: String,
    /// The name of the thread that failed, 15 bytes at most.
    pub(super) process: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Origin {
    pub(super) function: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Culprit {
    pub(super) id: String,
    pub(super) confidence: Confidence,
}

/// How sure a report is of a culprit, the surest first.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(super) enum Confidence {
    High,
    Medium,
    Low,
}

impl Confidence {
    pub(super) const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}
