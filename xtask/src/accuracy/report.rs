//! The parts of an `etz-report/1` that are compared.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Report {
    /// Candidates for what the person means, the chosen one first.
    incidents: Vec<Incident>,
    /// Kinds of failures, the most suspicious first.
    pub(super) failures: Vec<Failure>,
    origins: Vec<Origin>,
    pub(super) culprits: Vec<Culprit>,
}

impl Report {
    /// The failure that the report is about.
    pub(super) fn incident(&self) -> Option<&Failure> {
        self.incidents.first().map(|incident| &incident.kind)
    }

    /// The function that this failure's error came from. Other failures have origins of their own.
    pub(super) fn origin(&self) -> Option<&str> {
        let incident = self.incidents.first()?;
        let mut origins = self.origins.iter();
        let origin = origins.find(|origin| origin.failure == incident.failure)?;
        Some(&origin.function)
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
struct Incident {
    /// Index into the report's failures.
    failure: usize,
    #[serde(flatten)]
    kind: Failure,
}

#[derive(Debug, Deserialize)]
struct Origin {
    function: String,
    /// Index into the report's failures.
    failure: usize,
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
