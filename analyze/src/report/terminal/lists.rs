//! What the answer rests on, and what else is known.

use std::io::{self, Write};

use super::layout::{BAD, DIM, GOOD, Page, WARN};
use crate::report::{
    CulpritRow, FailureRow, Report,
    answer::{Answer, times},
};

/// Rows of a list that is not written whole.
const ROWS: usize = 6;

/// Culprits behind the first one that are written.
const RUNNERS_UP: usize = 3;

/// Lines of one loss that is not written whole.
const LOSS_LINES: usize = 2;

impl<W: Write> Page<'_, W> {
    pub(super) fn evidence(&mut self, report: &Report) -> io::Result<()> {
        let Some(culprit) = report.culprits.first() else {
            return Ok(());
        };
        self.heading("Evidence")?;
        for row in &culprit.evidence {
            self.item("+", GOOD, &row.text)?;
        }
        for row in &culprit.against {
            self.item("-", BAD, &row.text)?;
        }
        Ok(())
    }

    pub(super) fn runners_up(&mut self, report: &Report) -> io::Result<()> {
        let all = Answer::runners_up(report);
        if all.is_empty() {
            return Ok(());
        }
        self.heading("Less likely")?;
        let rows = self.rows(all.len(), RUNNERS_UP);
        for culprit in &all[..rows] {
            self.runner_up(culprit)?;
        }
        self.more(all.len() - rows)
    }

    fn runner_up(&mut self, culprit: &CulpritRow) -> io::Result<()> {
        let text = format!(
            "{} ({}): {}",
            culprit.id, culprit.confidence, culprit.summary
        );
        self.item(&culprit.score.to_string(), DIM, &text)?;
        if self.options.verbose {
            for row in culprit.evidence.iter().chain(&culprit.against) {
                self.indented(&format!("{:+} {}", row.weight, row.text), 6, DIM)?;
            }
        }
        Ok(())
    }

    pub(super) fn ruled_out(&mut self, report: &Report) -> io::Result<()> {
        let all = &report.ruled_out;
        if all.is_empty() {
            return Ok(());
        }
        self.heading("Ruled out")?;
        let rows = self.rows(all.len(), ROWS);
        for row in &all[..rows] {
            self.item("x", DIM, &row.line())?;
        }
        self.more(all.len() - rows)
    }

    /// What else failed, a line each: the number that `--failure` takes, program, call, how often, cause.
    pub(super) fn other_failures(&mut self, report: &Report) -> io::Result<()> {
        let first = Answer::of(report).map(|answer| answer.index);
        let verbose = self.options.verbose;
        let others: Vec<(usize, &FailureRow)> = report
            .failures
            .iter()
            .enumerate()
            .filter(|&(index, row)| Some(index) != first && (verbose || !row.is_normal()))
            .collect();
        let normal = report.failures.iter().filter(|row| row.is_normal()).count();
        if others.is_empty() && normal == 0 {
            return Ok(());
        }
        self.heading("Other failures")?;
        let rows = self.rows(others.len(), ROWS);
        for (index, row) in &others[..rows] {
            let known = if row.is_normal() {
                "healthy programs live with it".into()
            } else {
                row.verdict()
            };
            let FailureRow {
                process,
                syscall,
                errno,
                ..
            } = row;
            let text = format!("{process}: {syscall} {errno}, {}; {known}", times(row));
            self.item(&format!("#{index}"), DIM, &text)?;
        }
        self.more(others.len() - rows)?;
        if normal > 0 && !verbose {
            let kinds = if normal == 1 { "kind" } else { "kinds" };
            let text = format!("{normal} {kinds} that healthy programs live with");
            self.indented(&text, 2, DIM)?;
        }
        Ok(())
    }

    pub(super) fn losses(&mut self, report: &Report) -> io::Result<()> {
        let all = &report.losses;
        if all.is_empty() {
            return Ok(());
        }
        self.heading("Not in the recording")?;
        let rows = self.rows(all.len(), ROWS);
        let lines = self.rows(usize::MAX, LOSS_LINES);
        for row in &all[..rows] {
            self.item_cut("!", WARN, &row.text, lines)?;
        }
        self.more(all.len() - rows)
    }
}
