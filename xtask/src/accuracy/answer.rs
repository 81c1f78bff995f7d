//! When an answer is right.

use super::incident::Bystanders;
use super::report::{Confidence, Culprit, Report};
use super::score::{Level, Score};
use crate::scenario::{NO_CULPRIT, Spec};

/// One bundle's answer beside the right one.
#[derive(Debug)]
pub(super) struct Answer {
    /// The system call and error that the report is about, and the program: `mount ENOSPC dockerd`.
    pub(super) incident: String,
    pub(super) incident_right: bool,
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
    /// Compares a report with what the scenario says. For a control every incident is right.
    pub(super) fn of(report: &Report, spec: &Spec, bystanders: &Bystanders) -> Self {
        let is_right =
            |culprit: &Culprit| culprit.id == spec.culprit || spec.also.contains(&culprit.id);
        let rank = report.culprits.iter().position(is_right);
        let calm = (report.culprits.iter()).all(|one| one.confidence != Confidence::High);
        let first = report.culprits.first();
        let found = first.map_or_else(
            || NO_CULPRIT.to_owned(),
            |culprit| format!("{} ({})", culprit.id, culprit.confidence.name()),
        );
        let is_first = rank == Some(0);
        let culprit_right = if spec.is_control() { calm } else { is_first };
        let is_failure = !spec.is_control();

        let chosen = report.incident();
        let incident = chosen.map_or_else(
            || "none".to_owned(),
            |chosen| format!("{} {} {}", chosen.syscall, chosen.errno, chosen.process),
        );
        let incident_right = spec.is_control()
            || chosen.is_some_and(|chosen| bystanders.is_incident(chosen, spec, is_first));

        let origin = report.origin().unwrap_or("none");
        let mut origins = spec.origin.iter();
        let origin_right =
            spec.origin.is_empty() || origins.any(|name| base_name(name) == base_name(origin));

        let levels = Confidence::ALL.map(|level| {
            let is_level = first.is_some_and(|culprit| culprit.confidence == level);
            Level {
                answers: is_level.into(),
                right: (is_level && is_failure && is_first).into(),
            }
        });
        let score = Score {
            incidents_right: (is_failure && incident_right).into(),
            top1: (is_failure && is_first).into(),
            top3: (is_failure && rank.is_some_and(|rank| rank < 3)).into(),
            origins_right: (!spec.origin.is_empty() && origin_right).into(),
            calm: (spec.is_control() && calm).into(),
            levels,
            right: (incident_right && culprit_right && origin_right).into(),
            ..Score::possible(spec)
        };
        Self {
            incident,
            incident_right,
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
            incident: "none".into(),
            incident_right: spec.is_control(),
            found: why,
            culprit_right: false,
            origin: "none".into(),
            origin_right: spec.origin.is_empty(),
            score: Score::possible(spec),
        }
    }

    /// What is wrong with it, in a few words; `ok` when nothing is.
    pub(super) fn verdict(&self) -> String {
        if !self.incident_right {
            format!("{} of {}", self.found, self.incident)
        } else if !self.culprit_right {
            self.found.clone()
        } else if !self.origin_right {
            format!("origin {}", self.origin)
        } else {
            "ok".to_owned()
        }
    }
}

/// A function's name without what compilers append: `attach_recursive_mnt.isra.0`.
fn base_name(function: &str) -> &str {
    function.split('.').next().unwrap_or(function)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "sysctl:fs.mount-max";

    fn spec(culprit: &str) -> Spec {
        let text = format!(
            "summary = ''\nsyscall = 'mount'\nerrno = 'ENOSPC'\nculprit = '{culprit}'\norigin = ['count_mounts']"
        );
        toml::from_str(&text).unwrap()
    }

    fn report(syscall: &str, origin: &str, culprits: &[(&str, &str)]) -> Report {
        let culprits: Vec<_> = culprits
            .iter()
            .map(|(id, confidence)| serde_json::json!({"id": id, "confidence": confidence}))
            .collect();
        let incident = serde_json::json!({"failure": 1, "syscall": syscall, "errno": "ENOSPC", "process": "dockerd"});
        let json = serde_json::json!({
            "incidents": [incident],
            "failures": [],
            "origins": [{"failure": 0, "function": "do_prlimit"}, {"failure": 1, "function": origin}],
            "culprits": culprits,
        });
        serde_json::from_value(json).unwrap()
    }

    fn score(spec: &Spec, reports: &[Report]) -> Score {
        let mut score = Score::default();
        for report in reports {
            score += Answer::of(report, spec, &Bystanders::default()).score;
        }
        score
    }

    #[test]
    fn counts_ranks_and_origins() {
        let other = "fs:blocks";
        let reports = [
            report("mount", "count_mounts.isra.0", &[(RIGHT, "high")]),
            report("mount", "path_mount", &[(other, "low"), (RIGHT, "low")]),
            report("mount", "count_mounts", &[]),
        ];
        let mut score = score(&spec(RIGHT), &reports);
        assert_eq!((score.failures, score.top1, score.top3), (3, 1, 2));
        assert_eq!((score.origins, score.origins_right, score.right), (3, 2, 1));
        score += Answer::none("cut".into(), &spec(RIGHT)).score;
        assert_eq!((score.bundles(), score.origins, score.right()), (4, 4, 1));
        assert_eq!((score.incidents_right, score.failures), (3, 4));
    }

    #[test]
    fn another_failure_than_the_scenarios_is_told() {
        let report = report("write", "count_mounts", &[("fs:blocks", "high")]);
        let answer = Answer::of(&report, &spec(RIGHT), &Bystanders::default());
        assert_eq!((answer.score.incidents_right, answer.score.right()), (0, 0));
        assert_eq!(answer.verdict(), "fs:blocks (high) of write ENOSPC dockerd");
    }

    #[test]
    fn confidence_is_measured_by_level_controls_included() {
        let reports = [
            report("mount", "count_mounts", &[(RIGHT, "high")]),
            report(
                "mount",
                "count_mounts",
                &[("fs:blocks", "high"), (RIGHT, "medium")],
            ),
            report("mount", "count_mounts", &[(RIGHT, "low")]),
        ];
        let mut all = score(&spec(RIGHT), &reports);
        all += score(&spec(NO_CULPRIT), &reports[..1]);
        let shares: Vec<String> = all.calibration().map(|(_, share)| share).collect();
        assert_eq!(shares, ["1 of 3 (33 %)", "none", "1 of 1 (100 %)"]);
    }

    #[test]
    fn a_control_may_be_suspected_but_not_blamed() {
        let reports =
            ["medium", "high"].map(|sure| report("read", "count_mounts", &[("fs:blocks", sure)]));
        let score = score(&spec(NO_CULPRIT), &reports);
        assert_eq!((score.controls, score.calm, score.failures), (2, 1, 0));
    }
}
