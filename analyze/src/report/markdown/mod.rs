//! The report as Markdown for a ticket on GitHub, GitLab or Jira: the answer in the open, the rest to be unfolded.

mod escape;

use std::io::{self, Write};

use super::{
    CommandRow, CulpritRow, EvidenceRow, FailureRow, OriginRow, RemedyRow, Report,
    answer::{Answer, CUT, NO_CULPRIT, NO_ORIGIN, provenance, times},
};
use crate::rules::RemedyKind;
use escape::{block, cell, code, text};

/// Rows of a list or table: GitHub takes 65,536 characters for a ticket.
const MAX_ROWS: usize = 60;

/// Writes the report as Markdown.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    match Answer::of(report) {
        Some(answer) => about(out, report, &answer)?,
        None => writeln!(out, "## {}\n", Answer::nothing(report))?,
    }
    runners_up(out, report)?;
    let ruled_out = report.ruled_out.iter().map(|row| text(&row.line()));
    unfold(out, "Ruled out", ruled_out)?;
    failures(out, report)?;
    let losses = report.losses.iter().map(|row| text(&row.text));
    unfold(out, "Not in the recording", losses)?;
    writeln!(out, "{}", text(&provenance(report)))
}

fn about(out: &mut impl Write, report: &Report, answer: &Answer<'_>) -> io::Result<()> {
    let FailureRow {
        syscall,
        errno,
        error,
        process,
        ..
    } = answer.failure;
    writeln!(
        out,
        "## {}: {} fails with {}\n",
        code(process),
        code(syscall),
        code(errno)
    )?;
    let paths: Vec<String> = answer.paths().map(code).collect();
    let example = match paths.as_slice() {
        [] => String::new(),
        paths => format!("; for example on {}", paths.join(", ")),
    };
    writeln!(out, "{error}, {}{example}\n", times(answer.failure))?;
    let command = report.recording.command.map(CommandRow::line);
    let who: Vec<String> = answer.victim().into_iter().chain(command).collect();
    if !who.is_empty() {
        writeln!(out, "{}\n", text(&who.join("; ")))?;
    }
    if report.recording.seconds.is_none() {
        writeln!(out, "**{CUT}**\n")?;
    }
    match answer.culprit {
        Some(culprit) => cause(out, culprit)?,
        None => writeln!(out, "**Cause:** {NO_CULPRIT}\n")?,
    }
    match answer.origin {
        Some(found) => origin(out, found)?,
        None => writeln!(out, "**Said no:** {NO_ORIGIN}\n")?,
    }
    answer
        .culprit
        .map_or(Ok(()), |culprit| grounds(out, culprit))
}

fn cause(out: &mut impl Write, culprit: &CulpritRow) -> io::Result<()> {
    let usage = culprit.comparison.as_ref();
    let usage = usage.map_or_else(String::new, |found| format!(", {}", text(&found.text)));
    writeln!(
        out,
        "**Cause:** {}{usage}, confidence {}\n\n{}\n",
        code(&culprit.id),
        culprit.confidence,
        text(&culprit.summary)
    )?;
    culprit
        .tie()
        .map_or(Ok(()), |tie| writeln!(out, "**{}**\n", text(&tie)))
}

fn origin(out: &mut impl Write, origin: &OriginRow) -> io::Result<()> {
    let path = |functions: &[String]| -> String {
        let functions: Vec<String> = functions.iter().map(|function| code(function)).collect();
        functions.join(" › ")
    };
    writeln!(
        out,
        "**Said no:** {}{} returned {} ({})\n",
        code(&origin.function),
        origin.or_below(),
        code(&origin.errno),
        origin.way()
    )?;
    if origin.path.len() > 1 {
        writeln!(out, "{}\n", path(&origin.path))?;
    }
    if let Some(told) = origin.or_told() {
        writeln!(out, "{}\n", text(&told))?;
    }
    let answers: Vec<String> = origin.answers().iter().map(|told| text(told)).collect();
    if !answers.is_empty() {
        writeln!(out, "Before that, {}\n", answers.join(", "))?;
    }
    if let Some(inner) = &origin.translated {
        let (errno, path) = (code(&inner.errno), path(&inner.path));
        writeln!(out, "It was told {errno} by {path}\n")?;
    }
    match &origin.why.line {
        Some(line) => {
            writeln!(out, "**Why:** {}\n", code(line))?;
            let remark = origin.why.remark().map(text);
            remark.map_or(Ok(()), |remark| writeln!(out, "({remark})\n"))
        }
        None => writeln!(out, "**Why:** {}\n", text(&origin.why.not_known())),
    }
}

/// What to do, and why.
fn grounds(out: &mut impl Write, culprit: &CulpritRow) -> io::Result<()> {
    if let Some((first, rest)) = culprit.remedies.split_first() {
        match (first.kind, &first.about) {
            (RemedyKind::Command, None) => {
                writeln!(out, "**Remedy:**\n\n{}", block(&first.text))?;
            }
            _ => writeln!(out, "**Remedy:** {}\n", remedy(first))?,
        }
        for one in rest {
            writeln!(out, "- {}", remedy(one))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "**Evidence:**\n")?;
    for row in &culprit.evidence {
        writeln!(out, "- {}", text(&row.text))?;
    }
    for row in &culprit.against {
        writeln!(out, "- against it: {}", text(&row.text))?;
    }
    writeln!(out)
}

/// A command as code, behind what it is for; advice as the sentence that it is.
fn remedy(remedy: &RemedyRow) -> String {
    let about = remedy.about.as_ref();
    let about = about.map_or_else(String::new, |about| format!("{}: ", text(about)));
    match remedy.kind {
        RemedyKind::Command => about + &code(&remedy.text),
        RemedyKind::Advice => text(&remedy.text),
    }
}

fn runners_up(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let line = |culprit: &CulpritRow| {
        let rows = culprit.evidence.iter().chain(&culprit.against);
        let evidence: String = rows
            .map(
                |EvidenceRow {
                     weight, text: why, ..
                 }| format!("\n  - {weight:+}: {}", text(why)),
            )
            .collect();
        format!(
            "{} ({}, score {}): {}{evidence}",
            code(&culprit.id),
            culprit.confidence,
            culprit.score,
            text(&culprit.summary)
        )
    };
    unfold(
        out,
        "Less likely",
        Answer::runners_up(report).iter().map(line),
    )
}

fn failures(out: &mut impl Write, report: &Report) -> io::Result<()> {
    if report.failures.is_empty() {
        return Ok(());
    }
    let count = report.failures.len();
    writeln!(out, "<details><summary>All failures ({count})</summary>\n")?;
    writeln!(
        out,
        "| # | count | syscall | error | process | class | cause |"
    )?;
    writeln!(out, "| ---: | ---: | --- | --- | --- | --- | --- |")?;
    for (index, row) in report.failures.iter().enumerate().take(MAX_ROWS) {
        writeln!(
            out,
            "| {index} | {} | {} | {} | {} | {} | {} |",
            row.count(),
            cell(&row.syscall),
            cell(&row.errno),
            cell(&row.process),
            row.class,
            cell(&row.verdict())
        )?;
    }
    beyond(out, count)?;
    writeln!(out, "\n</details>\n")
}

/// A list that is folded up.
fn unfold(
    out: &mut impl Write,
    title: &str,
    rows: impl ExactSizeIterator<Item = String>,
) -> io::Result<()> {
    if rows.len() == 0 {
        return Ok(());
    }
    let count = rows.len();
    writeln!(out, "<details><summary>{title} ({count})</summary>\n")?;
    for row in rows.take(MAX_ROWS) {
        writeln!(out, "- {row}")?;
    }
    beyond(out, count)?;
    writeln!(out, "\n</details>\n")
}

/// What is said below a list that is cut.
fn beyond(out: &mut impl Write, rows: usize) -> io::Result<()> {
    match rows.saturating_sub(MAX_ROWS) {
        0 => Ok(()),
        more => writeln!(out, "\nand {more} more: `analyze --json` writes them all"),
    }
}

#[cfg(test)]
mod tests;
