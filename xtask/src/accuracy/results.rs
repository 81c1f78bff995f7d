//! The answers on all bundles, by kernel and noise; also as a page of Markdown.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::Answer;
use super::score::Score;
use crate::columns::Columns;
use crate::recording::{Host, Recording};

/// One bundle.
pub(super) struct Row {
    pub(super) recording: Recording,
    pub(super) expected: String,
    pub(super) answer: Answer,
}

/// What was found on all bundles.
#[derive(Default)]
pub(crate) struct Results(Vec<Row>);

impl Results {
    pub(super) fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    /// All bundles together.
    pub(crate) fn score(&self) -> Score {
        self.sum(|_| true)
    }

    fn sum(&self, counts: impl Fn(&Host) -> bool) -> Score {
        let rows = self.0.iter().filter(|row| counts(&row.recording.host));
        rows.fold(Score::default(), |mut sum, row| {
            sum += row.answer.score;
            sum
        })
    }

    fn hosts(&self) -> BTreeSet<&Host> {
        self.0.iter().map(|row| &row.recording.host).collect()
    }

    /// Each kernel, with each noise apart; the sums with and without noise if there are both; the sum of all.
    fn groups(&self) -> Vec<(String, Score)> {
        let hosts = self.hosts();
        let mut groups: Vec<_> = hosts
            .iter()
            .map(|&host| (host.to_string(), self.sum(|other| other == host)))
            .collect();
        let is_noisy = |host: &Host| host.noise.is_some();
        if hosts.iter().any(|host| is_noisy(host)) && hosts.iter().any(|host| !is_noisy(host)) {
            groups.push(("without noise".into(), self.sum(|host| !is_noisy(host))));
            groups.push(("with noise".into(), self.sum(is_noisy)));
        }
        groups.push(("all".into(), self.score()));
        groups
    }

    /// A row for each kernel and noise, and their sums.
    pub(crate) fn by_kernel(&self) -> Columns {
        let mut table = Columns::new(["kernel"].into_iter().chain(Score::SHARES));
        for (name, score) in self.groups() {
            table.add([name].into_iter().chain(score.shares()));
        }
        table
    }

    /// A row for each confidence: how often the first culprit is right.
    pub(crate) fn by_confidence(&self) -> Columns {
        let mut table = Columns::new(["confidence", "first culprit right"]);
        for (confidence, share) in self.score().calibration() {
            table.add([confidence.name().to_owned(), share]);
        }
        table
    }

    /// Scenarios against kernels: what is wrong in each, or `ok`; `-` where there is no bundle.
    fn by_scenario(&self) -> Columns {
        let hosts = self.hosts();
        let head = ["scenario", "culprit"].map(str::to_owned).into_iter();
        let mut table = Columns::new(head.chain(hosts.iter().map(|host| host.to_string())));
        let mut cells: BTreeMap<(&str, &str), BTreeMap<&Host, &Answer>> = BTreeMap::new();
        for row in &self.0 {
            let scenario = (row.recording.scenario.as_str(), row.expected.as_str());
            let answers = cells.entry(scenario).or_default();
            answers.insert(&row.recording.host, &row.answer);
        }
        for ((scenario, expected), answers) in cells {
            let cell = |host: &&Host| answers.get(*host).map_or("-".into(), |one| one.verdict());
            let head = [scenario.to_owned(), expected.to_owned()].into_iter();
            table.add(head.chain(hosts.iter().map(cell)));
        }
        table
    }

    /// A page with all tables; `command` is what made it.
    pub(super) fn markdown(&self, command: &str) -> String {
        format!(
            "# Results\n\n\
             How often the analyzer is right on recordings of scenarios whose cause is known. Made by `{command}`.\n\n\
             Incident: the report is about the scenario's failure and not about another one of the host. Top-1: the expected\n\
             culprit comes first; top-3: among the first three. Origin: the function that it is said to come from may return\n\
             its error. Controls are healthy hosts: no culprit may have high confidence. `noise`: recorded beside what goes\n\
             wrong on every host (`testdata/noise`); all other recordings are of guests in which nothing else fails.\n\n\
             {}\n\
             How often the first culprit is right by the confidence that the report states; on a control none is.\n\n\
             {}\n\
             `ok`: incident, culprit and origin are right. Otherwise what was found instead.\n\n\
             {}",
            self.by_kernel().markdown(),
            self.by_confidence().markdown(),
            self.by_scenario().markdown()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::incident::Bystanders;
    use crate::scenario::Spec;

    fn results(found: &[(&str, &str)]) -> Results {
        let spec = "summary = ''\nsyscall = 'mount'\nerrno = 'ENOSPC'\nculprit = 'fs:blocks'";
        let spec: Spec = toml::from_str(spec).unwrap();
        let mut results = Results::default();
        for (host, found) in found {
            let json = serde_json::json!({
                "incidents": [{"failure": 0, "syscall": "mount", "errno": "ENOSPC", "process": "dockerd"}],
                "failures": [],
                "origins": [],
                "culprits": [{"id": found, "confidence": "high"}],
            });
            let report = serde_json::from_value(json).unwrap();
            results.add(Row {
                recording: Recording::parse(&format!("full.{host}")).unwrap(),
                expected: spec.culprit.clone(),
                answer: Answer::of(&report, &spec, &Bystanders::default()),
            });
        }
        results
    }

    #[test]
    fn kernels_are_told_apart() {
        let results = results(&[("arm64-6.1", "fs:blocks"), ("arm64-7.2", "fs:inodes")]);
        let page = results.markdown("cargo xtask accuracy");
        for expected in [
            "| arm64-6.1 | 1 of 1 (100 %) | 1 of 1 (100 %) |",
            "| all | 2 of 2 (100 %) | 1 of 2 (50 %) |",
            "| full | fs:blocks | ok | fs:inodes (high) |",
            "| high | 1 of 2 (50 %) |",
        ] {
            assert!(page.contains(expected), "{expected}\n{page}");
        }
        assert!(!page.contains("| with noise |"), "{page}");
    }

    #[test]
    fn noise_is_counted_apart() {
        let results = results(&[
            ("arm64-6.12", "fs:blocks"),
            ("arm64-6.12.noise", "fs:inodes"),
        ]);
        let groups = results.groups();
        let top1: Vec<_> = groups
            .iter()
            .map(|(name, score)| (name.as_str(), score.top1))
            .collect();
        assert_eq!(
            top1,
            [
                ("arm64-6.12", 1),
                ("arm64-6.12.noise", 0),
                ("without noise", 1),
                ("with noise", 0),
                ("all", 1)
            ]
        );
    }
}
