//! Every limit that the recording shows, with its use, the fullest first.

use std::{
    cmp::Reverse,
    collections::HashMap,
    io::{self, Write},
};

use clap::Args;
use format_spec::record::Failure;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::{
    columns::{
        Side::{Left, Right},
        Table,
    },
    json,
};
use crate::{
    evidence::file_systems,
    limits::{LimitUse, Unit, of_file_system, table},
    load::Bundle,
};

/// What is shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Only the limits that hold for this process
    #[arg(short, long)]
    pub pid: Option<u32>,
    /// Limits of each process and namespace, and not only where each limit is fullest
    #[arg(short, long)]
    pub all: bool,
    /// Only limits that are used by so many percent or more
    #[arg(long, value_name = "PERCENT")]
    pub from: Option<u64>,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// Processes whose limits are looked at, those that failed last; what more processes share is in theirs.
const MAX_PROCESSES: usize = 64;

/// One limit.
#[derive(Debug, Serialize)]
struct Row {
    /// Used share; `None` without a limit.
    percent: Option<u64>,
    used: u64,
    limit: Option<u64>,
    id: String,
    unit: Unit,
    scope: String,
    at_failure: bool,
    /// Processes or namespaces that have the same limit and are not shown.
    others: usize,
}

/// Shared memory is not limited from here on: `SHMMAX` and `SHMALL` of `include/uapi/linux/shm.h`, 6.1 to 7.2.
const UNLIMITED: u64 = u64::MAX - (1 << 24);

/// Writes the limits, in `columns` of a terminal. Returns whether there was any of those that were asked for.
///
/// # Errors
/// The stream's.
pub fn write(
    out: &mut impl Write,
    bundle: &Bundle,
    options: &Options,
    columns: Option<usize>,
) -> io::Result<bool> {
    let mut rows = rows(bundle, options.pid);
    if !options.all {
        rows = fullest(rows);
    }
    let least = options.from.unwrap_or(0);
    rows.retain(|row| least == 0 || row.percent.is_some_and(|percent| percent >= least));
    let found = !rows.is_empty();
    if options.json {
        json(out, &rows)?;
        return Ok(found);
    }
    if !found {
        return Ok(false);
    }
    let others = rows.iter().map(|row| row.others).max().unwrap_or(0);
    // A name is what is looked for: it stays whole.
    let name = rows.iter().map(|row| row.id.width()).max().unwrap_or(0);
    let mut lines = Table::new(&[
        ("USE%", Right, 4),
        ("USED", Right, 0),
        ("LIMIT", Right, 0),
        ("NAME", Left, name),
        ("OF WHAT", Left, 0),
    ]);
    for row in rows {
        let number = |value: u64| row.unit.number(value);
        lines.row([
            row.percent
                .map_or("-".into(), |percent| format!("{percent}%")),
            number(row.used),
            row.limit.map_or("unlimited".into(), number),
            row.id,
            of_what(row.unit, &row.scope, row.others),
        ]);
    }
    lines.write(out, columns)?;
    if others > 0 {
        writeln!(
            out,
            "# +{others}: so many others have that limit and use less of it (--all)"
        )?;
    }
    Ok(true)
}

/// What is counted, and for whom.
fn of_what(unit: Unit, scope: &str, others: usize) -> String {
    let unit = match unit {
        Unit::Bytes => "",
        unit => unit.name(),
    };
    let mut text = match (unit, scope) {
        ("", scope) => scope.to_owned(),
        (unit, "") => unit.to_owned(),
        (unit, scope) => format!("{unit} in {scope}"),
    };
    if others > 0 {
        text += &format!(", +{others}");
    }
    text
}

/// Of the rows of each limit the first one; file systems are all of interest.
fn fullest(rows: Vec<Row>) -> Vec<Row> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Row> = Vec::new();
    for row in rows {
        let own = row.id.starts_with("fs:");
        match first.get(&row.id) {
            Some(&known) if !own => kept[known].others += 1,
            _ => {
                first.insert(row.id.clone(), kept.len());
                kept.push(row);
            }
        }
    }
    kept
}

/// A scope without the name of the process through which it was seen: a namespace is many processes'.
fn shared(scope: &str) -> String {
    match scope.rsplit_once(" (") {
        Some((namespace, who)) if scope.contains("namespace ") && !who.starts_with("uid ") => {
            namespace.to_owned()
        }
        _ => scope.to_owned(),
    }
}

/// The last failure of each process: facts and snapshots tell its limits.
fn last_failures(bundle: &Bundle, pid: Option<u32>) -> Vec<&Failure> {
    let mut last: HashMap<u32, &Failure> = HashMap::new();
    for failure in &bundle.failures {
        let ours = pid.is_none_or(|pid| pid == failure.tgid || pid == failure.pid);
        let better = |known: &&Failure| !failure.facts.is_empty() || known.facts.is_empty();
        if ours && last.get(&failure.tgid).is_none_or(better) {
            last.insert(failure.tgid, failure);
        }
    }
    let mut last: Vec<&Failure> = last.into_values().collect();
    last.sort_by_key(|failure| (Reverse(failure.time_ns), failure.tgid));
    last.truncate(MAX_PROCESSES);
    last
}

fn rows(bundle: &Bundle, pid: Option<u32>) -> Vec<Row> {
    let mut found: HashMap<(String, String), Row> = HashMap::new();
    let failures = last_failures(bundle, pid);
    let mut tables: Vec<LimitUse> = failures
        .iter()
        .flat_map(|failure| table(bundle, Some(failure)))
        .collect();
    if pid.is_none() {
        tables.extend(table(bundle, None));
        tables.extend(file_systems(bundle, None).iter().flat_map(of_file_system));
    }
    for limit in tables {
        let row = row(limit);
        let key = (row.id.clone(), row.scope.clone());
        let known = found.entry(key);
        known
            .and_modify(|known| {
                if (row.at_failure, row.percent) > (known.at_failure, known.percent) {
                    *known = Row {
                        id: known.id.clone(),
                        scope: known.scope.clone(),
                        unit: known.unit,
                        ..row
                    };
                }
            })
            .or_insert(row);
    }
    let mut rows: Vec<Row> = found.into_values().collect();
    rows.sort_by(|a, b| {
        // What is counted at all before limits of nothing, which are as often as not switches.
        let key = |row: &Row| {
            (
                Reverse(row.percent),
                row.used == 0,
                row.limit.is_none(),
                Reverse(row.used),
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.id, &a.scope).cmp(&(&b.id, &b.scope)))
    });
    rows
}

fn row(limit: LimitUse) -> Row {
    let most = limit.limit().filter(|&most| most < UNLIMITED);
    let percent = most.map(|most| match most {
        0 => u128::from(limit.used() > 0) * 100,
        most => u128::from(limit.used()) * 100 / u128::from(most),
    });
    Row {
        percent: percent.map(|percent| u64::try_from(percent).unwrap_or(u64::MAX)),
        used: limit.used(),
        limit: most,
        unit: limit.unit(),
        id: limit.id,
        scope: shared(&limit.scope),
        others: 0,
        at_failure: limit.at_failure,
    }
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    #[test]
    fn the_fullest_comes_first() {
        let mut recording = Recording::new();
        let files = [
            ("/proc/sys/fs/mount-max", "12\n"),
            ("/proc/sys/fs/file-nr", "50 0 100\n"),
            ("/proc/sys/fs/file-max", "100\n"),
        ];
        recording.snapshot(Phase::End, 1000, &files);
        recording.fail(40, 28, "dockerd", 500);
        recording.fact("ns.mnt", 77);
        recording.fact("mnt_ns.mounts", 13);
        let bundle = recording.load();
        let mut out = Vec::new();
        write(&mut out, &bundle, &Options::default(), None).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(lines[0][..4], ["USE%", "USED", "LIMIT", "NAME"]);
        assert_eq!(
            lines[1],
            "108% 13 12 sysctl:fs.mount-max mounts in mount namespace 77"
                .split(' ')
                .collect::<Vec<_>>()
        );
        let mut out = Vec::new();
        let options = Options {
            from: Some(90),
            json: true,
            ..Options::default()
        };
        write(&mut out, &bundle, &options, None).unwrap();
        let rows: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(rows.as_array().unwrap().len(), 1);
    }
}
