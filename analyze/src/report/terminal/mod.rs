//! The report for a terminal: the answer in the first screen of 80 columns, then what it rests on.

mod answer;
mod layout;
mod lists;

use std::io::{self, Write};

use super::{
    Report,
    answer::{Answer, CUT, provenance},
};
use layout::{DIM, GOOD, Page, WARN};

/// How the report is written.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether lists are written whole.
    pub verbose: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            width: 80,
            verbose: false,
        }
    }
}

/// Writes the report with colours; the stream drops them where they are not wanted.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, report: &Report, options: Options) -> io::Result<()> {
    let command = report.recording.command;
    let mut page = Page {
        out,
        options,
        command,
    };
    let is_cut = report.recording.seconds.is_none();
    match Answer::of(report) {
        Some(answer) => {
            page.answer(&answer)?;
            if is_cut {
                page.item("!", WARN, CUT)?;
            }
        }
        None => {
            let style = if is_cut { WARN } else { GOOD };
            page.indented(Answer::nothing(report), 0, style)?;
            if let Some(command) = command {
                page.indented(&command.line(), 0, DIM)?;
            }
        }
    }
    page.evidence(report)?;
    page.runners_up(report)?;
    page.ruled_out(report)?;
    page.other_failures(report)?;
    page.losses(report)?;
    writeln!(page.out)?;
    page.indented(&provenance(report), 0, DIM)
}
