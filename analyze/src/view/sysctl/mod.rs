//! Sysctls as `sysctl -a` prints them, and those that changed or were changed.
//!
//! What the kernel sets each to by itself is in `defaults.txt`, read from bare guests (`make.py`).

mod defaults;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use clap::Args;
use format_spec::record::Phase;
use serde::Serialize;

use super::json;
use crate::{
    load::{Bundle, SnapshotView},
    text::plain,
};

pub(crate) use defaults::is_state;

/// What is shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Only those that changed during the recording, or are not what the kernel sets by itself
    #[arg(long)]
    pub changed: bool,
    /// Only those whose name begins so, with dots or slashes
    pub name: Option<String>,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// One sysctl.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    value: String,
    /// Values before, with when: `start`, `failure`; empty when it did not change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    before: Vec<(&'static str, String)>,
    /// What the kernel sets by itself, where that is something else and known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    defaults: Vec<&'static str>,
}

/// Writes the values at the end of the recording. Returns whether there is any sysctl of the name that was asked for.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle, options: &Options) -> io::Result<bool> {
    let prefix = options.name.as_ref().map(|name| name.replace('/', "."));
    let mut rows = rows(bundle);
    if let Some(prefix) = &prefix {
        rows.retain(|row| row.name.starts_with(prefix));
    }
    let found = !rows.is_empty() || prefix.is_none();
    rows.retain(|row| !options.changed || !row.before.is_empty() || !row.defaults.is_empty());
    if options.json {
        json(out, &rows)?;
        return Ok(found);
    }
    if !found {
        return Ok(false);
    }
    if !options.changed {
        for row in rows {
            writeln!(out, "{} = {}", row.name, row.value)?;
        }
        return Ok(true);
    }
    let (moved, set): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| !row.before.is_empty());
    writeln!(out, "# changed during the recording: {}", moved.len())?;
    for row in moved {
        for (phase, value) in &row.before {
            writeln!(out, "# {} was {value} at the {phase}", row.name)?;
        }
        writeln!(out, "{} = {}", row.name, row.value)?;
    }
    writeln!(out, "# not what the kernel sets by itself: {}", set.len())?;
    for row in set {
        writeln!(
            out,
            "# {} is {} by default",
            row.name,
            row.defaults.join(" or ")
        )?;
        writeln!(out, "{} = {}", row.name, row.value)?;
    }
    Ok(true)
}

/// The sysctls of a snapshot by name, values fit to be shown.
pub(crate) fn values(view: &SnapshotView) -> BTreeMap<String, String> {
    let prefix = b"/proc/sys/";
    view.under(prefix)
        .filter_map(|(path, _)| {
            // A file whose text is empty is a sysctl that is written only, or a string that is not set.
            let value = view.file(path)?;
            let name = plain(path.strip_prefix(prefix)?).replace('/', ".");
            let lines = value.trim_ascii().split(|&byte| byte == b'\n');
            let lines: Vec<String> = lines
                .map(|line| {
                    let words = line.split(|&byte| byte == b'\t');
                    words.map(plain).collect::<Vec<_>>().join("\t")
                })
                .collect();
            Some((name, lines.join(" ")))
        })
        .collect()
}

fn rows(bundle: &Bundle) -> Vec<Row> {
    let snapshots = bundle.snapshots.all();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for view in snapshots {
        let phase = match view.phase {
            Phase::Start => "start",
            Phase::Failure => "failure",
            Phase::End => "end",
        };
        for (name, value) in values(view) {
            let Some(row) = rows.get_mut(&name) else {
                let row = Row {
                    name: name.clone(),
                    value,
                    before: vec![(phase, String::new())],
                    defaults: Vec::new(),
                };
                rows.insert(name, row);
                continue;
            };
            if row.value != value {
                let before = std::mem::replace(&mut row.value, value);
                if let Some(last) = row.before.last_mut() {
                    last.1 = before;
                }
                row.before.push((phase, String::new()));
            }
        }
    }
    for row in rows.values_mut() {
        // The last entry stands for the value as it is.
        row.before.pop();
        if is_state(&row.name) {
            row.before.clear();
        }
        row.defaults = defaults::others(&row.name, &row.value);
    }
    rows.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    fn text(options: &Options) -> String {
        let mut recording = Recording::new();
        let start = [
            ("/proc/sys/fs/mount-max", "100000\n"),
            ("/proc/sys/fs/nr_open", "1048576\n"),
            ("/proc/sys/fs/dentry-state", "1 2\n"),
            ("/proc/sys/kernel/sem", "32000\t1024000000\t500\t32000\n"),
            ("/proc/sys/vm/max_map_count", "100\n"),
        ];
        recording.snapshot(Phase::Start, 1, &start);
        let end = [
            ("/proc/sys/fs/mount-max", "12\n"),
            ("/proc/sys/fs/dentry-state", "3 4\n"),
        ];
        recording.snapshot(Phase::End, 9, &end);
        let mut out = Vec::new();
        write(&mut out, &recording.load(), options).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_are_printed_as_sysctl_does() {
        let options = Options {
            name: Some("fs/".into()),
            ..Options::default()
        };
        assert_eq!(
            text(&options),
            "fs.dentry-state = 3 4\nfs.mount-max = 12\nfs.nr_open = 1048576\n"
        );
        assert!(text(&Options::default()).contains("kernel.sem = 32000\t1024000000\t500\t32000\n"));
    }

    #[test]
    fn changes_are_told_and_can_be_fed_to_sysctl() {
        let options = Options {
            changed: true,
            ..Options::default()
        };
        assert_eq!(
            text(&options),
            "# changed during the recording: 1\n\
             # fs.mount-max was 100000 at the start\n\
             fs.mount-max = 12\n\
             # not what the kernel sets by itself: 1\n\
             # vm.max_map_count is 65530 by default\n\
             vm.max_map_count = 100\n"
        );
    }

    #[test]
    fn json_has_both() {
        let options = Options {
            changed: true,
            json: true,
            ..Options::default()
        };
        let rows: serde_json::Value = serde_json::from_str(&text(&options)).unwrap();
        assert_eq!(rows[0]["before"][0], serde_json::json!(["start", "100000"]));
        assert_eq!(rows[0]["defaults"][0], "100000");
        assert_eq!(rows[1]["name"], "vm.max_map_count");
    }
}
