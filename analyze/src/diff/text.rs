//! The comparison for a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::view::whole_words;

use super::{
    Change, Comparison, FailureChange, Outcome,
    paths::{Parting, Seen},
};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WARN: Style = AnsiColor::Yellow.on_default().bold();

/// Rows of a list that is not written whole.
const ROWS: usize = 8;

/// Columns by which what is left of a line is further in.
const HANGING: usize = 4;

/// Writes the comparison, the verdict first, in `columns` of a terminal.
///
/// # Errors
/// The stream's.
pub fn write(
    out: &mut impl Write,
    comparison: &Comparison,
    verbose: bool,
    columns: Option<usize>,
) -> io::Result<()> {
    let Some(columns) = columns else {
        return whole(out, comparison, verbose);
    };
    let mut text = Vec::new();
    whole(&mut text, comparison, verbose)?;
    for line in String::from_utf8_lossy(&text).lines() {
        let own = line.len() - line.trim_start().len();
        let indent = " ".repeat(own + HANGING);
        let options = whole_words(columns).subsequent_indent(&indent);
        writeln!(out, "{}", textwrap::fill(line, options))?;
    }
    Ok(())
}

/// The lines, however long.
fn whole(out: &mut impl Write, comparison: &Comparison, verbose: bool) -> io::Result<()> {
    let (word, style) = match comparison.verdict.outcome {
        Outcome::Worked => ("The remedy worked", GOOD),
        Outcome::Partly => ("The remedy worked in part", WARN),
        Outcome::Failed => ("The remedy did not work", BAD),
        Outcome::Different => ("Another error has come", BAD),
        Outcome::Unclear => ("Not clear", WARN),
    };
    writeln!(out, "{style}{word}{style:#}: {}", comparison.verdict.text)?;
    if let Some(caveat) = &comparison.verdict.caveat {
        writeln!(out, "  {caveat}")?;
    }
    for note in &comparison.notes {
        writeln!(out, "{WARN}!{WARN:#} {note}")?;
    }
    failures(out, &comparison.failures, verbose)?;
    settings(out, comparison, verbose)?;
    if let Some(parting) = &comparison.parting {
        heading(out, "Where the calls part")?;
        paths(out, parting)?;
    }
    writeln!(out)?;
    for (name, side) in [
        ("before", &comparison.before),
        ("after ", &comparison.after),
    ] {
        writeln!(
            out,
            "{name}  {} Linux {}, {}, {:.1} s",
            side.host, side.kernel, side.began, side.seconds
        )?;
    }
    Ok(())
}

fn heading(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{BOLD}{text}{BOLD:#}")
}

fn failures(out: &mut impl Write, rows: &[FailureChange], verbose: bool) -> io::Result<()> {
    let shown =
        |row: &&FailureChange| verbose || (row.change != Change::Same && row.class != "normal");
    let list: Vec<&FailureChange> = rows.iter().filter(shown).collect();
    heading(out, "Failures")?;
    let most = if verbose { usize::MAX } else { ROWS };
    for row in list.iter().take(most) {
        let word = match row.change {
            Change::Gone => "gone",
            Change::New => "new",
            Change::More => "more",
            Change::Fewer => "fewer",
            Change::Same => "same",
        };
        writeln!(
            out,
            "  {word:<5} {} {} by {}: {} to {} times, {:.2} to {:.2} a second",
            row.syscall,
            row.errno,
            row.comm,
            row.before,
            row.after,
            row.before_per_second,
            row.after_per_second
        )?;
    }
    more(out, list.len(), most)?;
    let other = rows.len() - list.len();
    if other > 0 {
        writeln!(
            out,
            "  {other} kinds as before, or such as healthy programs live with (--verbose)"
        )?;
    }
    Ok(())
}

fn settings(out: &mut impl Write, comparison: &Comparison, verbose: bool) -> io::Result<()> {
    let most = if verbose { usize::MAX } else { ROWS };
    heading(out, "Limits")?;
    let (scaled, changed): (Vec<_>, Vec<_>) =
        comparison.limits.iter().partition(|row| row.by_memory);
    for row in changed.iter().take(most) {
        let word = match (row.freed, row.filled) {
            (true, _) => "no longer full",
            (_, true) => "full now",
            _ => "changed",
        };
        writeln!(
            out,
            "  {} {word}: {}, then {}",
            row.id, row.before, row.after
        )?;
    }
    more(out, changed.len(), most)?;
    by_memory(out, scaled.iter().map(|row| row.id.as_str()))?;
    heading(out, "Sysctls")?;
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".into());
    let (scaled, changed): (Vec<_>, Vec<_>) =
        comparison.sysctls.iter().partition(|row| row.by_memory);
    for row in changed.iter().take(most) {
        writeln!(
            out,
            "  {}: {}, then {}",
            row.name,
            value(&row.before),
            value(&row.after)
        )?;
    }
    more(out, changed.len(), most)?;
    by_memory(out, scaled.iter().map(|row| row.name.as_str()))
}

/// What differs because the memory does, in one line.
fn by_memory<'a>(out: &mut impl Write, names: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "  scaled by memory, which differs: {}",
        names.join(", ")
    )
}

fn more(out: &mut impl Write, len: usize, most: usize) -> io::Result<()> {
    match len {
        0 => writeln!(out, "  none changed"),
        len if len > most => writeln!(out, "  {} more (--verbose)", len - most),
        _ => Ok(()),
    }
}

fn paths(out: &mut impl Write, parting: &Parting) -> io::Result<()> {
    let line = |functions: &[String]| match functions {
        [] => "-".to_owned(),
        some => some.join(" > "),
    };
    if parting.seen == Seen::Nothing {
        let mut whole = parting.common.clone();
        whole.extend_from_slice(&parting.before);
        writeln!(out, "  before  {}", line(&whole))?;
        return writeln!(
            out,
            "  after   not known: no {} failed, and calls that succeed are not traced",
            parting.syscall
        );
    }
    writeln!(out, "  common  {}", line(&parting.common))?;
    if parting.before.is_empty() && parting.after.is_empty() {
        return writeln!(out, "  both end there: the same function says no");
    }
    writeln!(out, "  before  {}", line(&parting.before))?;
    let how = match parting.seen {
        Seen::Succeeding => " (it succeeds)",
        _ => "",
    };
    writeln!(out, "  after   {}{how}", line(&parting.after))
}
