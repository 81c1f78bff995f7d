//! Failing syscalls counted, in the columns of syscount(8) (`libbpf-tools/syscount.c` of BCC), and which errors they were.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    io::{self, Write},
};

use clap::Args;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::{json, select};
use crate::{
    load::Bundle,
    names::{errno_name, syscall_name},
    text::plain,
};

/// What is counted.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Count by process and not by syscall
    #[arg(short = 'P', long)]
    pub process: bool,
    /// Only failures with this error, by name or number
    #[arg(short, long, value_parser = select::errno)]
    pub errno: Option<u16>,
    /// Only this process
    #[arg(short, long)]
    pub pid: Option<u32>,
    /// Only so many rows, the most frequent ones
    #[arg(short = 'T', long, value_name = "ROWS")]
    pub top: Option<usize>,
    /// Only failing calls: what a recording counts anyway
    #[arg(short = 'x', long)]
    pub failures: bool,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// One line.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    syscall: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comm: Option<String>,
    /// Of several processes, how many: those of this name that have ended. None where processes are not told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    processes: Option<u32>,
    count: u64,
    /// How often each error, or each syscall with each error.
    errors: BTreeMap<String, u64>,
}

/// Writes the counts, the most frequent first, in `columns` of a terminal. Returns whether there was any of those that
/// were asked for.
///
/// # Errors
/// The stream's.
pub fn write(
    out: &mut impl Write,
    bundle: &Bundle,
    options: &Options,
    columns: Option<usize>,
) -> io::Result<bool> {
    let mut rows = rows(bundle, options);
    rows.truncate(options.top.unwrap_or(usize::MAX));
    let chosen = options.errno.is_some() || options.pid.is_some();
    let found = !rows.is_empty() || !chosen;
    if options.json {
        json(out, &rows)?;
        return Ok(found);
    }
    if !found {
        return Ok(false);
    }
    let head = if options.process {
        "PID    COMM"
    } else {
        "SYSCALL"
    };
    writeln!(out, "{head:<22} {:>8} ERRORS", "COUNT")?;
    for row in &rows {
        let pid = row.pid.map_or("-".into(), |pid| pid.to_string());
        let key = match (&row.comm, &row.syscall) {
            (Some(comm), _) => format!("{pid:<6} {comm:<15}"),
            (_, Some(syscall)) => syscall.clone(),
            _ => String::new(),
        };
        let line = format!("{key:<22} {:>8} ", row.count);
        let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(line.width()));
        writeln!(out, "{line}{}", named(&row.errors, room))?;
    }
    for note in notes(&rows, bundle, options) {
        writeln!(out, "# {note}")?;
    }
    if bundle.counts.is_empty() && !bundle.failures.is_empty() {
        writeln!(
            out,
            "# counted from the samples: the recording has no counts"
        )?;
    }
    Ok(found)
}

/// What the rows do not tell by process.
fn notes(rows: &[Row], bundle: &Bundle, options: &Options) -> Vec<&'static str> {
    let of_several = |row: &Row| options.process && row.pid.is_none();
    let mut notes = Vec::new();
    if rows
        .iter()
        .any(|row| of_several(row) && row.processes.is_some())
    {
        notes.push("without a PID: all processes of that name that have ended");
    }
    if rows
        .iter()
        .any(|row| of_several(row) && row.processes.is_none())
    {
        notes.push("?: processes that are not told apart: there were too many, or their calls were interrupted");
    }
    if options.pid.is_some() && bundle.counts.iter().any(|count| count.tgid == 0) {
        notes.push("failures of processes that have ended are counted by name: this process may have had more");
    }
    notes
}

/// The errors, the most frequent first: all, or those that fit in `room` columns and how many more there are.
fn named(errors: &BTreeMap<String, u64>, room: usize) -> String {
    let mut errors: Vec<_> = errors.iter().collect();
    errors.sort_by_key(|&(_, count)| Reverse(*count));
    let words = errors.iter().map(|(name, count)| format!("{name} {count}"));
    let words: Vec<String> = words.collect();
    let of = |shown: usize| match words.len() - shown {
        0 => words.join(", "),
        more => format!("{}, {more} more", words[..shown].join(", ")),
    };
    let fits = (1..=words.len()).rev().map(of);
    let mut fits = fits.skip_while(|text| text.width() > room);
    fits.next().unwrap_or_else(|| of(1.min(words.len())))
}

/// One failure kind of one process.
struct Counted<'a> {
    syscall: u32,
    errno: u16,
    tgid: u32,
    comm: &'a [u8],
    processes: u32,
    count: u64,
}

impl Counted<'_> {
    /// Which row it is in, when they are by process.
    fn process(&self) -> (u32, &[u8]) {
        match self.tgid {
            0 => (0, self.comm),
            tgid => (tgid, &[]),
        }
    }

    /// The name of the process.
    fn shown(&self) -> String {
        match self.tgid == 0 && self.processes == 0 {
            true => "?".into(),
            false => plain(self.comm),
        }
    }
}

/// The exact counts; in a recording that was cut before they were written, the samples.
fn counted(bundle: &Bundle) -> Vec<Counted<'_>> {
    let exact = bundle.counts.iter().map(|count| Counted {
        syscall: count.syscall,
        errno: count.errno,
        tgid: count.tgid,
        comm: &count.comm,
        processes: count.processes,
        count: count.count,
    });
    let sampled = bundle.failures.iter().map(|failure| Counted {
        syscall: failure.syscall,
        errno: failure.errno,
        tgid: failure.tgid,
        comm: &failure.comm,
        processes: 1,
        count: 1,
    });
    if bundle.counts.is_empty() {
        sampled.collect()
    } else {
        exact.collect()
    }
}

fn rows(bundle: &Bundle, options: &Options) -> Vec<Row> {
    let counted = counted(bundle);
    let mut rows: HashMap<(u32, &[u8]), Row> = HashMap::new();
    for one in &counted {
        let other = options.errno.is_some_and(|errno| errno != one.errno)
            || options.pid.is_some_and(|pid| pid != one.tgid);
        if other {
            continue;
        }
        let syscall = syscall_name(bundle.architecture(), one.syscall);
        let errno = errno_name(one.errno);
        let (key, error) = if options.process {
            (one.process(), format!("{syscall} {errno}"))
        } else {
            ((one.syscall, &[][..]), errno)
        };
        let row = rows.entry(key).or_insert_with(|| Row {
            syscall: (!options.process).then_some(syscall),
            pid: (options.process && one.tgid != 0).then_some(one.tgid),
            comm: options.process.then(|| one.shown()),
            processes: None,
            count: 0,
            errors: BTreeMap::new(),
        });
        row.count = row.count.saturating_add(one.count);
        if options.process && one.tgid == 0 && one.processes > 0 {
            // Of each kind of failure; a process may have had several.
            row.processes = row.processes.max(Some(one.processes));
        }
        let error = row.errors.entry(error).or_default();
        *error = error.saturating_add(one.count);
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by(|a, b| {
        let key = |row: &Row| (Reverse(row.count), row.pid);
        key(a).cmp(&key(b)).then_with(|| a.syscall.cmp(&b.syscall))
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    fn text(recording: &Recording, options: &Options) -> String {
        let mut out = Vec::new();
        write(&mut out, &recording.load(), options, None).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn recording() -> Recording {
        let mut recording = Recording::new();
        for (syscall, errno, tgid, count) in [(40, 28, 181, 15), (40, 22, 181, 3), (56, 2, 7, 400)]
        {
            recording.fail(syscall, errno, "dockerd", 10);
            let last = recording.counts.last_mut().unwrap();
            (last.tgid, last.count) = (tgid, count);
        }
        recording
    }

    #[test]
    fn columns_are_those_of_syscount() {
        let recording = recording();
        assert_eq!(
            text(&recording, &Options::default()),
            "SYSCALL                   COUNT ERRORS\n\
             openat                      400 ENOENT 400\n\
             mount                        18 ENOSPC 15, EINVAL 3\n"
        );
        let options = Options {
            process: true,
            errno: Some(28),
            ..Options::default()
        };
        assert_eq!(
            text(&recording, &options),
            "PID    COMM               COUNT ERRORS\n\
             181    dockerd               15 mount ENOSPC 15\n"
        );
    }

    #[test]
    fn processes_that_have_ended_are_told_by_name_and_the_others_not_apart() {
        let mut recording = recording();
        let mut row = recording.counts[0].clone();
        (row.tgid, row.comm, row.count, row.processes) = (0, b"sh".into(), 900, 300);
        recording.counts.push(row.clone());
        (row.comm, row.count, row.processes) = (Vec::new(), 7, 0);
        recording.counts.push(row);
        let options = Options {
            process: true,
            errno: Some(28),
            ..Options::default()
        };
        assert_eq!(
            text(&recording, &options),
            "PID    COMM               COUNT ERRORS\n\
             -      sh                   900 mount ENOSPC 900\n\
             181    dockerd               15 mount ENOSPC 15\n\
             -      ?                      7 mount ENOSPC 7\n\
             # without a PID: all processes of that name that have ended\n\
             # ?: processes that are not told apart: there were too many, or their calls were interrupted\n"
        );
        // By (syscall, errno) nothing is missing.
        let all = text(&recording, &Options::default());
        assert!(all.contains("ENOSPC 922"), "{all}");
    }

    #[test]
    fn choices_combine() {
        let options = Options {
            top: Some(1),
            pid: Some(181),
            json: true,
            ..Options::default()
        };
        let rows: serde_json::Value = serde_json::from_str(&text(&recording(), &options)).unwrap();
        assert_eq!(rows[0]["syscall"], "mount");
        assert_eq!(
            (&rows[0]["count"], rows.as_array().unwrap().len()),
            (&18.into(), 1)
        );
    }

    #[test]
    fn a_terminal_gets_the_errors_that_fit_and_a_pipe_all() {
        let counts = [("EPERM", 9), ("ENOENT", 7), ("EAGAIN", 5)];
        let errors: BTreeMap<String, u64> = counts
            .map(|(name, count)| (name.to_owned(), count))
            .into_iter()
            .collect();
        assert_eq!(named(&errors, usize::MAX), "EPERM 9, ENOENT 7, EAGAIN 5");
        assert_eq!(named(&errors, 27), "EPERM 9, ENOENT 7, EAGAIN 5");
        assert_eq!(named(&errors, 26), "EPERM 9, ENOENT 7, 1 more");
        assert_eq!(named(&errors, 24), "EPERM 9, 2 more");
        assert_eq!(named(&errors, 3), "EPERM 9, 2 more");
    }

    #[test]
    fn what_matches_nothing_is_not_a_table() {
        let options = Options {
            pid: Some(999_999),
            ..Options::default()
        };
        let mut out = Vec::new();
        assert!(!write(&mut out, &recording().load(), &options, None).unwrap());
        assert!(out.is_empty());
    }
}
