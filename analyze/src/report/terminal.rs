//! The report for a terminal: the answer in the first screen of 80 columns, then what it rests on.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use textwrap::Options as Wrap;

use super::{CulpritRow, FailureRow, OriginRow, Report};

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

/// Answers of checks that are worth showing beside the origin.
const ANSWERS: [&str; 3] = ["NULL", "false", "true"];

/// Rows of a list that is not written whole.
const ROWS: usize = 6;

/// Columns of the labels on the left.
const LABEL: usize = 10;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const WARN: Style = AnsiColor::Yellow.on_default();

/// Writes the report with colours; the stream drops them where they are not wanted.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, report: &Report, options: Options) -> io::Result<()> {
    let mut page = Page { out, options };
    page.answer(report)?;
    page.evidence(report)?;
    page.runners_up(report)?;
    page.ruled_out(report)?;
    page.other_failures(report)?;
    page.losses(report)?;
    page.footer(report)
}

struct Page<'a, W: Write> {
    out: &'a mut W,
    options: Options,
}

impl<W: Write> Page<'_, W> {
    fn answer(&mut self, report: &Report) -> io::Result<()> {
        let culprit = report.culprits.first();
        let suspicious = || {
            report
                .failures
                .iter()
                .position(|failure| failure.class != "normal")
        };
        let subject = culprit.map(|culprit| culprit.failure).or_else(suspicious);
        let Some(failure) = subject.and_then(|index| report.failures.get(index)) else {
            return self.nothing(report);
        };
        self.headline(failure)?;
        let index = subject.unwrap_or(0);
        let origin = report.origins.iter().find(|origin| origin.failure == index);
        match culprit {
            Some(culprit) => self.culprit(culprit)?,
            None => self.field(
                "Cause",
                "not known: no limit or policy that was recorded is behind it",
                WARN,
            )?,
        }
        match origin {
            Some(origin) => self.origin(origin)?,
            None => self.field(
                "Said no",
                "not known: the recording has no trace of such a call",
                WARN,
            )?,
        }
        for (number, remedy) in culprit
            .iter()
            .flat_map(|culprit| &culprit.remedy)
            .enumerate()
        {
            let label = if number == 0 { "Remedy" } else { "" };
            self.field(label, remedy, if number == 0 { BOLD } else { Style::new() })?;
        }
        Ok(())
    }

    fn nothing(&mut self, report: &Report) -> io::Result<()> {
        let text = match report.failures.len() {
            0 => "No syscall failed while this was recorded.",
            _ => "Nothing suspicious failed: only errors that healthy programs live with.",
        };
        writeln!(self.out, "{GOOD}{text}{GOOD:#}")
    }

    fn headline(&mut self, failure: &FailureRow) -> io::Result<()> {
        let FailureRow {
            syscall,
            errno,
            error,
            process,
            ..
        } = failure;
        let text = format!(
            "{process}: {syscall} fails with {errno} ({error}), {}",
            times(failure.count)
        );
        for line in textwrap::wrap(&text, self.options.width) {
            writeln!(self.out, "{BOLD}{line}{BOLD:#}")?;
        }
        // Options of a mount and names of types are strings too: what is shown begins like a path.
        let paths = failure.sample.iter().flat_map(|sample| &sample.paths);
        let paths: Vec<String> = paths
            .filter(|path| path.starts_with(['/', '.']))
            .map(|path| shorten(path, self.options.width / 2))
            .collect();
        if !paths.is_empty() {
            self.indented(&format!("for example on {}", paths.join(", ")), 0, DIM)?;
        }
        writeln!(self.out)
    }

    fn culprit(&mut self, culprit: &CulpritRow) -> io::Result<()> {
        let style = confidence(culprit.confidence);
        let mut head = culprit.id.clone();
        if let Some(usage) = culprit.usage {
            head += &format!("  {} of {} used", usage.used, usage.limit);
        }
        head += &format!("  confidence {}", culprit.confidence);
        self.field("Cause", &head, style.bold())?;
        self.field("", &culprit.summary, Style::new())
    }

    fn origin(&mut self, origin: &OriginRow) -> io::Result<()> {
        let OriginRow {
            function,
            errno,
            how,
            ..
        } = origin;
        self.field(
            "Said no",
            &format!("{function} returned {errno} ({})", way(how)),
            Style::new(),
        )?;
        if origin.path.len() > 1 {
            self.field("", &origin.path.join(" > "), DIM)?;
        }
        let answers = origin
            .told
            .iter()
            .filter(|told| ANSWERS.contains(&told.returned.as_str()));
        let answers: Vec<String> = answers
            .map(|told| format!("{} returned {}", told.function, told.returned))
            .collect();
        if !answers.is_empty() {
            self.field("", &format!("before that, {}", answers.join(", ")), DIM)?;
        }
        if let Some(inner) = &origin.translated {
            let text = format!("it was told {} by {}", inner.errno, inner.path.join(" > "));
            self.field("", &text, DIM)?;
        }
        Ok(())
    }

    fn evidence(&mut self, report: &Report) -> io::Result<()> {
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

    fn runners_up(&mut self, report: &Report) -> io::Result<()> {
        let all: Vec<&CulpritRow> = report.culprits.iter().skip(1).collect();
        if all.is_empty() {
            return Ok(());
        }
        self.heading("Less likely")?;
        let rows = if self.options.verbose {
            all.len()
        } else {
            3.min(all.len())
        };
        for culprit in &all[..rows] {
            let about = report
                .failures
                .get(culprit.failure)
                .filter(|_| culprit.failure != report.culprits[0].failure)
                .map(|failure| format!("{} {}: ", failure.syscall, failure.errno))
                .unwrap_or_default();
            let text = format!(
                "{} ({}): {about}{}",
                culprit.id, culprit.confidence, culprit.summary
            );
            self.item(&culprit.score.to_string(), DIM, &text)?;
            if self.options.verbose {
                for row in culprit.evidence.iter().chain(&culprit.against) {
                    self.indented(&format!("{:+} {}", row.weight, row.text), 6, DIM)?;
                }
            }
        }
        self.more(all.len() - rows)
    }

    fn ruled_out(&mut self, report: &Report) -> io::Result<()> {
        if report.ruled_out.is_empty() {
            return Ok(());
        }
        self.heading("Ruled out")?;
        let all = report.ruled_out.len();
        let rows = if self.options.verbose {
            all
        } else {
            ROWS.min(all)
        };
        for row in &report.ruled_out[..rows] {
            self.item("x", DIM, &format!("{}: {}", row.id, row.text))?;
        }
        self.more(all - rows)
    }

    fn other_failures(&mut self, report: &Report) -> io::Result<()> {
        let subject = report.culprits.first().map(|culprit| culprit.failure);
        let first =
            subject.or_else(|| report.failures.iter().position(|row| row.class != "normal"));
        let others: Vec<&FailureRow> = report
            .failures
            .iter()
            .enumerate()
            .filter(|&(index, row)| {
                Some(index) != first && (self.options.verbose || row.class != "normal")
            })
            .map(|(_, row)| row)
            .collect();
        let normal = report
            .failures
            .iter()
            .filter(|row| row.class == "normal")
            .count();
        if others.is_empty() && normal == 0 {
            return Ok(());
        }
        self.heading("Other failures")?;
        let rows = if self.options.verbose {
            others.len()
        } else {
            ROWS.min(others.len())
        };
        for row in &others[..rows] {
            let class = if row.class == "suspicious" {
                ""
            } else {
                row.class
            };
            let text = format!("{} {} by {} {class}", row.syscall, row.errno, row.process);
            self.item(&row.count.to_string(), DIM, text.trim_end())?;
        }
        self.more(others.len() - rows)?;
        if normal > 0 && !self.options.verbose {
            let text = format!("{normal} kinds that healthy programs live with");
            self.indented(&text, 2, DIM)?;
        }
        Ok(())
    }

    fn losses(&mut self, report: &Report) -> io::Result<()> {
        if report.losses.is_empty() {
            return Ok(());
        }
        self.heading("Not in the recording")?;
        let all = report.losses.len();
        let rows = if self.options.verbose {
            all
        } else {
            ROWS.min(all)
        };
        for row in &report.losses[..rows] {
            self.item("!", WARN, &row.text)?;
        }
        self.more(all - rows)
    }

    fn footer(&mut self, report: &Report) -> io::Result<()> {
        writeln!(self.out)?;
        let host = report.host.as_ref().map(|host| {
            let mut parts = vec![
                host.hostname.clone(),
                format!("Linux {} {}", host.kernel, host.architecture),
                host.os.clone(),
            ];
            parts.retain(|part| !part.is_empty());
            parts.join(", ")
        });
        let length = report
            .recording
            .seconds
            .map_or_else(|| "cut".to_owned(), |seconds| format!("{seconds:.1} s"));
        let text = format!(
            "{}; recorded {}, {length}",
            host.unwrap_or_else(|| "unknown host".into()),
            report.recording.started
        );
        self.indented(&text, 0, DIM)
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{BOLD}{text}{BOLD:#}")
    }

    /// A label, and text in a column of its own.
    fn field(&mut self, label: &str, text: &str, style: Style) -> io::Result<()> {
        let first = format!("{label:<LABEL$}");
        let rest = " ".repeat(LABEL);
        let wrap = Wrap::new(self.options.width.saturating_sub(LABEL)).break_words(false);
        for (number, line) in textwrap::wrap(text, wrap).iter().enumerate() {
            let label = if number == 0 { &first } else { &rest };
            writeln!(self.out, "{DIM}{label}{DIM:#}{style}{line}{style:#}")?;
        }
        Ok(())
    }

    /// A mark, and text behind it.
    fn item(&mut self, mark: &str, style: Style, text: &str) -> io::Result<()> {
        let indent = mark.len().max(1) + 3;
        let wrap = Wrap::new(self.options.width.saturating_sub(indent)).break_words(false);
        for (number, line) in textwrap::wrap(text, wrap).iter().enumerate() {
            if number == 0 {
                writeln!(self.out, "  {style}{mark}{style:#} {line}")?;
            } else {
                writeln!(self.out, "{:indent$}{line}", "")?;
            }
        }
        Ok(())
    }

    fn indented(&mut self, text: &str, indent: usize, style: Style) -> io::Result<()> {
        let wrap = Wrap::new(self.options.width.saturating_sub(indent)).break_words(false);
        for line in textwrap::wrap(text, wrap) {
            writeln!(self.out, "{:indent$}{style}{line}{style:#}", "")?;
        }
        Ok(())
    }

    fn more(&mut self, rows: usize) -> io::Result<()> {
        if rows == 0 {
            return Ok(());
        }
        self.indented(&format!("and {rows} more (--verbose)"), 2, DIM)
    }
}

fn confidence(name: &str) -> Style {
    match name {
        "high" => GOOD,
        "medium" => WARN,
        _ => Style::new(),
    }
}

/// How an origin was found, in words.
fn way(how: &str) -> &str {
    match how {
        "return values" => "seen by its return value",
        "sentinel" => "caught by a probe on its return",
        "syscall itself" => "a check in the syscall itself",
        _ => "inferred from the shape of the calls",
    }
}

/// Leaves the middle out of what is longer than `width` columns.
fn shorten(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(3);
    let head: String = text.chars().take(kept / 2).collect();
    let tail: String = text.chars().skip(count - (kept - kept / 2)).collect();
    format!("{head}...{tail}")
}

fn times(count: u64) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        count => format!("{count} times"),
    }
}
