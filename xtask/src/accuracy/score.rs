//! What is counted, and when an answer is right.

use std::fmt;
use std::ops::AddAssign;

use serde::Deserialize;

use crate::scenario::{NO_CULPRIT, Spec};

/// The parts of an `etz-report/1` that are compared.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    origins: Vec<Origin>,
    culprits: Vec<Culprit>,
}

#[derive(Debug, Deserialize)]
struct Origin {
    function: String,
}

#[derive(Debug, Deserialize)]
struct Culprit {
    id: String,
    confidence: String,
}

/// Counts over bundles.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Score {
    /// Bundles of scenarios with a culprit, and in how many of them it comes first, or among the first three.
    pub(super) failures: usize,
    pub(super) top1: usize,
    pub(super) top3: usize,
    /// Bundles whose scenario names origins, and in how many the first origin found is one of them.
    pub(super) origins: usize,
    pub(super) origins_right: usize,
    /// Bundles of healthy controls, and in how many no culprit has high confidence.
    pub(super) controls: usize,
    pub(super) calm: usize,
    /// Bundles on which nothing is wrong: neither the culprit nor the origin.
    right: usize,
}

/// One bundle's answer beside the right one.
#[derive(Debug)]
pub(super) struct Answer {
    /// The first culprit with its confidence, or why there is none.
    pub(super) found: String,
    pub(super) culprit_right: bool,
    /// The function that the error came from, as found.
    pub(super) origin: String,
    pub(super) origin_right: bool,
    /// What it adds to the score.
    pub(super) score: Score,
}

impl Answer {
    /// Compares a report with what the scenario says.
    pub(super) fn of(report: &Report, spec: &Spec) -> Self {
        let first = report.culprits.first();
        let found = first.map_or_else(
            || NO_CULPRIT.to_owned(),
            |culprit| format!("{} ({})", culprit.id, culprit.confidence),
        );
        let is_right =
            |culprit: &Culprit| culprit.id == spec.culprit || spec.also.contains(&culprit.id);
        let rank = report.culprits.iter().position(is_right);
        let mut culprits = report.culprits.iter();
        let calm = culprits.all(|culprit| culprit.confidence != "high");
        let culprit_right = if spec.is_control() {
            calm
        } else {
            rank == Some(0)
        };
        let first = report.origins.first();
        let origin = first.map_or("none", |origin| origin.function.as_str());
        let mut origins = spec.origin.iter();
        let origin_right =
            spec.origin.is_empty() || origins.any(|name| base_name(name) == base_name(origin));
        let score = Score {
            top1: (!spec.is_control() && rank == Some(0)).into(),
            top3: (!spec.is_control() && rank.is_some_and(|rank| rank < 3)).into(),
            origins_right: (!spec.origin.is_empty() && origin_right).into(),
            calm: (spec.is_control() && calm).into(),
            right: (culprit_right && origin_right).into(),
            ..Score::possible(spec)
        };
        Self {
            found,
            culprit_right,
            origin: origin.to_owned(),
            origin_right,
            score,
        }
    }

    /// A bundle without a report.
    pub(super) fn none(why: String, spec: &Spec) -> Self {
        Self {
            found: why,
            culprit_right: false,
            origin: "none".into(),
            origin_right: spec.origin.is_empty(),
            score: Score::possible(spec),
        }
    }
}

impl Score {
    /// What a bundle of a scenario counts for, with nothing right yet.
    fn possible(spec: &Spec) -> Self {
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

    /// Bundles with the right first culprit, or for a control none to be sure of, and the right origin.
    pub(crate) fn right(&self) -> usize {
        self.right
    }

    /// Top-1, top-3, origins and controls, in words.
    pub(super) fn shares(&self) -> [String; 4] {
        [
            share(self.top1, self.failures),
            share(self.top3, self.failures),
            share(self.origins_right, self.origins),
            share(self.calm, self.controls),
        ]
    }
}

fn share(part: usize, whole: usize) -> String {
    match whole {
        0 => "none".to_owned(),
        _ => format!("{part} of {whole} ({} %)", part * 100 / whole),
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.failures += other.failures;
        self.top1 += other.top1;
        self.top3 += other.top3;
        self.origins += other.origins;
        self.origins_right += other.origins_right;
        self.controls += other.controls;
        self.calm += other.calm;
        self.right += other.right;
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [top1, top3, origins, controls] = self.shares();
        write!(
            f,
            "top-1 {top1}; top-3 {top3}; origin {origins}; controls not blamed {controls}"
        )
    }
}

/// A function's name without what compilers append: `attach_recursive_mnt.isra.0`.
fn base_name(function: &str) -> &str {
    function.split('.').next().unwrap_or(function)
}

#[cfg(test)]
mod tests {
    use super::{Answer, Report, Score};
    use crate::scenario::Spec;

    fn spec(culprit: &str) -> Spec {
        let text = format!(
            "summary = ''\nsyscall = 'mount'\nerrno = 'ENOSPC'\nculprit = '{culprit}'\norigin = ['count_mounts']"
        );
        toml::from_str(&text).unwrap()
    }

    fn report(origin: &str, culprits: &[(&str, &str)]) -> Report {
        let culprits: Vec<_> = culprits
            .iter()
            .map(|(id, confidence)| serde_json::json!({"id": id, "confidence": confidence}))
            .collect();
        let json = serde_json::json!({"origins": [{"function": origin}], "culprits": culprits});
        serde_json::from_value(json).unwrap()
    }

    fn score(spec: &Spec, reports: &[Report]) -> Score {
        let mut score = Score::default();
        for report in reports {
            score += Answer::of(report, spec).score;
        }
        score
    }

    #[test]
    fn counts_ranks_and_origins() {
        let (right, other) = ("sysctl:fs.mount-max", "fs:blocks");
        let reports = [
            report("count_mounts.isra.0", &[(right, "high")]),
            report("path_mount", &[(other, "low"), (right, "low")]),
            report("count_mounts", &[]),
        ];
        let mut score = score(&spec(right), &reports);
        assert_eq!((score.failures, score.top1, score.top3), (3, 1, 2));
        assert_eq!((score.origins, score.origins_right, score.right), (3, 2, 1));
        score += Answer::none("cut".into(), &spec(right)).score;
        assert_eq!((score.bundles(), score.origins, score.right()), (4, 4, 1));
    }

    #[test]
    fn a_control_may_be_suspected_but_not_blamed() {
        let reports = ["medium", "high"].map(|sure| report("count_mounts", &[("fs:blocks", sure)]));
        let score = score(&spec("none"), &reports);
        assert_eq!((score.controls, score.calm, score.failures), (2, 1, 0));
    }
}
