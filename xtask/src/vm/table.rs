//! The tables that `cargo xtask vm` prints: row by row as the guests end, then scenarios against kernels.

use std::fs;

use anyhow::Result;

use super::guest::{Guest, Outcome};
use crate::columns::Columns;
use crate::totals::Totals;

/// Lines of a failed guest's log that are shown.
const TAIL: usize = 15;

/// What it printed.
pub(crate) struct Table {
    pub(crate) totals: Totals,
    runs: Vec<Run>,
}

/// One scenario on one kernel.
struct Run {
    scenario: String,
    /// `arm64-6.12`, `arm64-6.12.noise`
    kernel: String,
    good: bool,
}

impl Table {
    /// Prints the head.
    pub(crate) fn start() -> Self {
        println!(
            "{:<28} {:<22} {:>7} {:>8} {:>10} {:>5}  result",
            "scenario", "kernel", "boot s", "total s", "bundle B", "runs"
        );
        Self {
            totals: Totals::default(),
            runs: Vec::new(),
        }
    }

    /// Prints a row, and the tail of its log when it failed.
    pub(crate) fn add(&mut self, guest: &Guest<'_>, outcome: Result<Outcome>) {
        let outcome = outcome.unwrap_or_else(|error| Outcome {
            failure: format!("{error:#}"),
            ..Outcome::default()
        });
        let good = outcome.failure.is_empty();
        let result = if good {
            self.totals += Totals::PASSED;
            match outcome.remedy.as_str() {
                "" => format!("ok ({})", outcome.release),
                remedy => format!("ok, as reported: {remedy}"),
            }
        } else {
            self.totals += Totals::FAILED;
            format!("FAILED: {}", outcome.failure)
        };
        let kernel = guest.host().to_string();
        println!(
            "{:<28} {kernel:<22} {:>7.1} {:>8.1} {:>10} {:>5}  {result}",
            guest.scenario.name,
            outcome.boot_s,
            outcome.total_s,
            outcome.bundle_bytes,
            outcome.runs
        );
        if !good {
            let log = guest.output("log");
            let text = fs::read(&log).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            for line in &lines[lines.len().saturating_sub(TAIL)..] {
                println!("    {line}");
            }
            println!("    (the whole log: {})", log.display());
        }
        self.runs.push(Run {
            scenario: guest.scenario.name.clone(),
            kernel,
            good,
        });
    }

    /// Scenarios against kernels, if there is more than one kernel; `-` where a scenario is not meant for one.
    pub(crate) fn matrix(&self) -> Option<Columns> {
        let (mut scenarios, mut kernels) = (Vec::new(), Vec::new());
        for run in &self.runs {
            if !scenarios.contains(&&run.scenario) {
                scenarios.push(&run.scenario);
            }
            if !kernels.contains(&&run.kernel) {
                kernels.push(&run.kernel);
            }
        }
        if kernels.len() < 2 {
            return None;
        }
        let head = ["scenario"].into_iter();
        let mut table = Columns::new(head.chain(kernels.iter().map(|name| name.as_str())));
        for scenario in scenarios {
            let cell = |kernel: &&String| {
                let is_here = |run: &&Run| run.scenario == *scenario && run.kernel == **kernel;
                let mut runs = self.runs.iter().filter(is_here).peekable();
                match (runs.peek().is_some(), runs.all(|run| run.good)) {
                    (true, true) => "ok",
                    (true, false) => "FAILED",
                    (false, _) => "-",
                }
            };
            let head = [scenario.as_str()].into_iter();
            table.add(head.chain(kernels.iter().map(cell)));
        }
        Some(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_against_kernels() {
        let run = |scenario: &str, kernel: &str, good| Run {
            scenario: scenario.into(),
            kernel: kernel.into(),
            good,
        };
        let mut table = Table {
            totals: Totals::default(),
            runs: vec![run("a", "arm64-6.1", true), run("b", "arm64-6.1", false)],
        };
        assert!(table.matrix().is_none());
        table.runs.push(run("b", "amd64-7.2", true));
        let expected = "scenario  arm64-6.1  amd64-7.2\n\
                        a                ok          -\n\
                        b            FAILED         ok";
        assert_eq!(table.matrix().unwrap().to_string(), expected);
    }
}
