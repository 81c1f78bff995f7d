//! The answers on all bundles, by kernel; also as a page of Markdown.

use std::collections::BTreeMap;

use super::score::{Answer, Score};
use crate::columns::Columns;

/// One bundle.
pub(super) struct Row {
    pub(super) scenario: String,
    /// Architecture and kernel: `arm64-6.12`.
    pub(super) kernel: String,
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
        self.of_kernels()
            .into_values()
            .fold(Score::default(), |mut sum, score| {
                sum += score;
                sum
            })
    }

    fn of_kernels(&self) -> BTreeMap<&str, Score> {
        let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
        for row in &self.0 {
            *scores.entry(&row.kernel).or_default() += row.answer.score;
        }
        scores
    }

    /// A row for each kernel, and their sum.
    pub(crate) fn by_kernel(&self) -> Columns {
        let mut table = Columns::new(["kernel", "top-1", "top-3", "origin", "controls not blamed"]);
        let sum = self.score();
        for (kernel, score) in self.of_kernels().into_iter().chain([("all", sum)]) {
            table.add([kernel.to_owned()].into_iter().chain(score.shares()));
        }
        table
    }

    /// Scenarios against kernels: what is wrong in each, or `ok`; `-` where there is no bundle.
    fn by_scenario(&self) -> Columns {
        let kernels: Vec<&str> = self.of_kernels().into_keys().collect();
        let head = ["scenario", "culprit"].into_iter();
        let mut table = Columns::new(head.chain(kernels.iter().copied()));
        let mut cells: BTreeMap<(&str, &str), BTreeMap<&str, &Answer>> = BTreeMap::new();
        for row in &self.0 {
            let scenario = cells.entry((&row.scenario, &row.expected)).or_default();
            scenario.insert(&row.kernel, &row.answer);
        }
        for ((scenario, expected), answers) in cells {
            let cell = |kernel: &&str| match answers.get(kernel) {
                None => "-".to_owned(),
                Some(answer) if answer.culprit_right && answer.origin_right => "ok".to_owned(),
                Some(answer) if answer.culprit_right => format!("origin {}", answer.origin),
                Some(answer) => answer.found.clone(),
            };
            let head = [scenario.to_owned(), expected.to_owned()].into_iter();
            table.add(head.chain(kernels.iter().map(cell)));
        }
        table
    }

    /// A page with both tables; `command` is what made it.
    pub(super) fn markdown(&self, command: &str) -> String {
        format!(
            "# Results\n\n\
             How often the analyzer is right on recordings of scenarios whose cause is known. Made by `{command}`.\n\n\
             Top-1: the expected culprit comes first; top-3: among the first three. Origin: the first origin found is a\n\
             function that may return the error. Controls are healthy hosts: no culprit may have high confidence.\n\n\
             {}\n\
             `ok`: culprit and origin are right. Otherwise what was found instead.\n\n\
             {}",
            self.by_kernel().markdown(),
            self.by_scenario().markdown()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Spec;

    #[test]
    fn kernels_are_told_apart() {
        let spec = "summary = ''\nsyscall = 'mount'\nerrno = 'ENOSPC'\nculprit = 'fs:blocks'";
        let spec: Spec = toml::from_str(spec).unwrap();
        let mut results = Results::default();
        for (kernel, found) in [("arm64-6.1", "fs:blocks"), ("arm64-7.2", "fs:inodes")] {
            let json = serde_json::json!({
                "origins": [],
                "culprits": [{"id": found, "confidence": "high"}],
            });
            results.add(Row {
                scenario: "full".into(),
                kernel: kernel.into(),
                expected: spec.culprit.clone(),
                answer: Answer::of(&serde_json::from_value(json).unwrap(), &spec),
            });
        }
        let page = results.markdown("cargo xtask accuracy");
        assert!(page.contains("| arm64-6.1 | 1 of 1 (100 %) |"), "{page}");
        assert!(page.contains("| all | 1 of 2 (50 %) |"), "{page}");
        assert!(
            page.contains("| full | fs:blocks | ok | fs:inodes (high) |"),
            "{page}"
        );
    }
}
