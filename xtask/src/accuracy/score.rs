//! What is counted over answers.

use std::fmt;
use std::ops::AddAssign;

use super::report::Confidence;
use crate::scenario::Spec;

/// Counts over bundles.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Score {
    /// Bundles of scenarios with a culprit.
    pub(super) failures: usize,
    /// In how many of them the report is about the scenario's failure.
    pub(super) incidents_right: usize,
    /// In how many of them the culprit comes first, or among the first three.
    pub(super) top1: usize,
    pub(super) top3: usize,
    /// Bundles whose scenario names origins, and in how many the first origin found is one of them.
    pub(super) origins: usize,
    pub(super) origins_right: usize,
    /// Bundles of healthy controls, and in how many no culprit has high confidence.
    pub(super) controls: usize,
    pub(super) calm: usize,
    /// First culprits of each confidence, as in [`Confidence::ALL`].
    pub(super) levels: [Level; 3],
    /// Bundles on which nothing is wrong: neither the incident nor the culprit nor the origin.
    pub(super) right: usize,
}

/// First culprits with one confidence, and how many of them are right; one of a control never is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Level {
    pub(super) answers: usize,
    pub(super) right: usize,
}

impl Score {
    /// What a bundle of a scenario counts for, with nothing right yet.
    pub(super) fn possible(spec: &Spec) -> Self {
        Self {
            failures: (!spec.is_control()).into(),
            controls: spec.is_control().into(),
            origins: (!spec.origin.is_empty()).into(),
            ..Self::default()
        }
    }

    /// Bundles analyzed.
    pub(crate) fn bundles(&self) -> usize {
        self.failures + self.controls
    }

    /// Bundles with the right incident, first culprit and origin, or for a control no culprit to be sure of.
    pub(crate) fn right(&self) -> usize {
        self.right
    }

    /// What [`Score::shares`] are of.
    pub(super) const SHARES: [&str; 5] = [
        "incident",
        "top-1",
        "top-3",
        "origin",
        "controls not blamed",
    ];

    /// Incidents, top-1, top-3, origins and controls, in words.
    pub(super) fn shares(&self) -> [String; 5] {
        [
            share(self.incidents_right, self.failures),
            share(self.top1, self.failures),
            share(self.top3, self.failures),
            share(self.origins_right, self.origins),
            share(self.calm, self.controls),
        ]
    }

    /// For each confidence, how often the first culprit was right.
    pub(super) fn calibration(&self) -> impl Iterator<Item = (Confidence, String)> + '_ {
        let levels = Confidence::ALL.into_iter().zip(&self.levels);
        levels.map(|(confidence, level)| (confidence, share(level.right, level.answers)))
    }
}

pub(super) fn share(part: usize, whole: usize) -> String {
    match whole {
        0 => "none".to_owned(),
        _ => format!("{part} of {whole} ({} %)", part * 100 / whole),
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.failures += other.failures;
        self.incidents_right += other.incidents_right;
        self.top1 += other.top1;
        self.top3 += other.top3;
        self.origins += other.origins;
        self.origins_right += other.origins_right;
        self.controls += other.controls;
        self.calm += other.calm;
        for (level, other) in self.levels.iter_mut().zip(other.levels) {
            level.answers += other.answers;
            level.right += other.right;
        }
        self.right += other.right;
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = Self::SHARES.into_iter().zip(self.shares());
        let parts: Vec<String> = parts
            .map(|(what, share)| format!("{what} {share}"))
            .collect();
        f.write_str(&parts.join("; "))
    }
}
