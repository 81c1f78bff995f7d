//! Failing syscalls counted, in the columns of syscount(8) (`libbpf-tools/syscount.c` of BCC), and which errors they were.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    io::{self, Write},
};

use clap::Args;
use serde::Serialize;

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
    count: u64,
    /// How often each error, or each syscall with each error.
    errors: BTreeMap<String, u64>,
}

/// Kinds of errors that are named in one line of text.
const NAMED: usize = 4;

/// Writes the counts, the most frequent first.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle, options: &Options) -> io::Result<()> {
    let mut rows = rows(bundle, options);
    rows.truncate(options.top.unwrap_or(usize::MAX));
    if options.json {
        return json(out, &rows);
    }
    let head = if options.process {
        "PID    COMM"
    } else {
        "SYSCALL"
    };
    writeln!(out, "{head:<22} {:>8} ERRORS", "COUNT")?;
    for row in &rows {
        let key = match (row.pid, &row.comm, &row.syscall) {
            (Some(pid), Some(comm), _) => format!("{pid:<6} {comm:<15}"),
            (_, _, Some(syscall)) => syscall.clone(),
            _ => String::new(),
        };
        writeln!(out, "{key:<22} {:>8} {}", row.count, named(&row.errors))?;
    }
    if bundle.counts.is_empty() && !bundle.failures.is_empty() {
        writeln!(
            out,
            "# counted from the samples: the recording has no counts"
        )?;
    }
    Ok(())
}

fn named(errors: &BTreeMap<String, u64>) -> String {
    let mut errors: Vec<_> = errors.iter().collect();
    errors.sort_by_key(|&(_, count)| Reverse(*count));
    let mut words: Vec<String> = errors
        .iter()
        .take(NAMED)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    if errors.len() > NAMED {
        words.push(format!("{} more", errors.len() - NAMED));
    }
    words.join(", ")
}

/// One failure kind of one process.
struct Counted<'a> {
    syscall: u32,
    errno: u16,
    tgid: u32,
    comm: &'a [u8],
    count: u64,
}

/// The exact counts; in a recording that was cut before they were written, the samples.
fn counted(bundle: &Bundle) -> Vec<Counted<'_>> {
    let exact = bundle.counts.iter().map(|count| Counted {
        syscall: count.syscall,
        errno: count.errno,
        tgid: count.tgid,
        comm: &count.comm,
        count: count.count,
    });
    let sampled = bundle.failures.iter().map(|failure| Counted {
        syscall: failure.syscall,
        errno: failure.errno,
        tgid: failure.tgid,
        comm: &failure.comm,
        count: 1,
    });
    if bundle.counts.is_empty() {
        sampled.collect()
    } else {
        exact.collect()
    }
}

fn rows(bundle: &Bundle, options: &Options) -> Vec<Row> {
    let mut rows: HashMap<u32, Row> = HashMap::new();
    for one in counted(bundle) {
        let other = options.errno.is_some_and(|errno| errno != one.errno)
            || options.pid.is_some_and(|pid| pid != one.tgid);
        if other {
            continue;
        }
        let syscall = syscall_name(bundle.architecture(), one.syscall);
        let errno = errno_name(one.errno);
        let (key, error) = if options.process {
            (one.tgid, format!("{syscall} {errno}"))
        } else {
            (one.syscall, errno)
        };
        let row = rows.entry(key).or_insert_with(|| Row {
            syscall: (!options.process).then_some(syscall),
            pid: options.process.then_some(one.tgid),
            comm: options.process.then(|| plain(one.comm)),
            count: 0,
            errors: BTreeMap::new(),
        });
        row.count = row.count.saturating_add(one.count);
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
        write(&mut out, &recording.load(), options).unwrap();
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
}
