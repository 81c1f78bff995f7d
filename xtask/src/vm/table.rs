//! The table that `cargo xtask vm` prints, row by row as the guests end.

use std::fs;

use anyhow::Result;

use super::guest::{Guest, Outcome};
use crate::totals::Totals;

/// Lines of a failed guest's log that are shown.
const TAIL: usize = 15;

/// Counts what it printed.
pub(crate) struct Table {
    pub(crate) totals: Totals,
}

impl Table {
    /// Prints the head.
    pub(crate) fn start() -> Self {
        println!(
            "{:<28} {:<13} {:>7} {:>8} {:>10} {:>5}  result",
            "scenario", "kernel", "boot s", "total s", "bundle B", "runs"
        );
        Self {
            totals: Totals::default(),
        }
    }

    /// Prints a row, and the tail of its log when it failed.
    pub(crate) fn add(&mut self, guest: &Guest<'_>, outcome: Result<Outcome>) {
        let outcome = outcome.unwrap_or_else(|error| Outcome {
            failure: format!("{error:#}"),
            ..Outcome::default()
        });
        let result = if outcome.failure.is_empty() {
            self.totals += Totals::PASSED;
            format!("ok ({})", outcome.release)
        } else {
            self.totals += Totals::FAILED;
            format!("FAILED: {}", outcome.failure)
        };
        println!(
            "{:<28} {:<13} {:>7.1} {:>8.1} {:>10} {:>5}  {result}",
            guest.scenario.name,
            format!("{}-{}", guest.arch.name(), guest.kernel.label),
            outcome.boot_s,
            outcome.total_s,
            outcome.bundle_bytes,
            outcome.runs
        );
        if !outcome.failure.is_empty() {
            let log = guest.output("log");
            let text = fs::read(&log).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            for line in &lines[lines.len().saturating_sub(TAIL)..] {
                println!("    {line}");
            }
            println!("    (the whole log: {})", log.display());
        }
    }
}
