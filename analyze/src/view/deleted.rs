//! Files that are deleted but open, in the columns of `lsof +L1`, the largest first.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use super::{
    columns::{
        Side::{Left, Right},
        Table,
    },
    json,
};
use crate::{
    evidence::{DeletedFile, deleted_files},
    load::Bundle,
    text::{self, plain},
};

/// What is shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Only files that this process has open
    #[arg(short, long)]
    pub pid: Option<u32>,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// One file.
#[derive(Debug, Serialize)]
struct Row {
    comm: String,
    pid: u32,
    device: String,
    inode: u64,
    size_bytes: u64,
    disk_bytes: u64,
    path: String,
}

/// Writes the files, in `columns` of a terminal. Returns whether there was any of those that were asked for.
///
/// # Errors
/// The stream's.
pub fn write(
    out: &mut impl Write,
    bundle: &Bundle,
    options: &Options,
    columns: Option<usize>,
) -> io::Result<bool> {
    let Some(files) = deleted_files(bundle, None) else {
        let text = match options.json {
            true => "null",
            false => "# the recording did not look for deleted files",
        };
        writeln!(out, "{text}")?;
        return Ok(true);
    };
    let ours = |file: &DeletedFile| options.pid.is_none_or(|pid| pid == file.pid);
    let rows = files.into_iter().filter(ours).map(|file| Row {
        comm: comm(bundle, file.pid),
        pid: file.pid,
        device: file.device,
        inode: file.inode,
        size_bytes: file.size_bytes,
        disk_bytes: file.disk_bytes,
        path: plain(file.path.as_bytes()),
    });
    let rows: Vec<Row> = rows.collect();
    let found = !rows.is_empty() || options.pid.is_none();
    if options.json {
        json(out, &rows)?;
        return Ok(found);
    }
    if !found {
        return Ok(false);
    }
    let disk_bytes = rows
        .iter()
        .fold(0u64, |sum, row| sum.saturating_add(row.disk_bytes));
    let count = rows.len();
    let mut lines = Table::new(&[
        ("COMMAND", Left, 0),
        ("PID", Right, 0),
        ("DEVICE", Right, 0),
        ("SIZE/OFF", Right, 0),
        ("ON-DISK", Right, 0),
        ("NLINK", Right, 0),
        ("NODE", Right, 0),
        ("NAME", Left, 0),
    ]);
    for row in rows {
        lines.row([
            row.comm,
            row.pid.to_string(),
            row.device.replace(':', ","),
            row.size_bytes.to_string(),
            row.disk_bytes.to_string(),
            "0".into(),
            row.inode.to_string(),
            format!("{} (deleted)", row.path),
        ]);
    }
    lines.write(out, columns)?;
    let files = if count == 1 { "file" } else { "files" };
    writeln!(
        out,
        "# {count} {files}, {} on disk",
        text::bytes(disk_bytes)
    )?;
    Ok(true)
}

/// A process's name, as far as the recording tells.
fn comm(bundle: &Bundle, pid: u32) -> String {
    let status = format!("/proc/{pid}/status");
    let snapshots = bundle.snapshots.all().iter().rev();
    let named = snapshots
        .filter_map(|view| view.text(&status))
        .find_map(|text| {
            let name = text.lines().next()?.strip_prefix("Name:")?;
            Some(plain(name.trim().as_bytes()))
        });
    let failed = || {
        let failure = bundle.failures.iter().find(|failure| failure.tgid == pid)?;
        Some(plain(&failure.comm))
    };
    named.or_else(failed).unwrap_or_else(|| "-".into())
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    fn text(recording: &Recording, options: &Options) -> String {
        let mut out = Vec::new();
        write(&mut out, &recording.load(), options, None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_those_of_lsof() {
        let table = "device inode size_bytes disk_bytes pid path\n8:1 12 5 4096 7 /tmp/a b\n8:1 13 9 8192 8 /x\n";
        let mut recording = Recording::new();
        let files = [
            ("etz:deleted-files", table),
            ("/proc/8/status", "Name:\tnginx\nPid:\t8\n"),
        ];
        recording.snapshot(Phase::Start, 1, &files);
        assert_eq!(
            text(&recording, &Options::default()),
            "COMMAND PID DEVICE SIZE/OFF ON-DISK NLINK NODE NAME\n\
             nginx     8    8,1        9    8192     0   13 /x (deleted)\n\
             -         7    8,1        5    4096     0   12 /tmp/a b (deleted)\n\
             # 2 files, 12 KiB on disk\n"
        );
        let options = Options {
            pid: Some(7),
            json: true,
        };
        let rows: serde_json::Value = serde_json::from_str(&text(&recording, &options)).unwrap();
        assert_eq!(
            (&rows[0]["inode"], rows.as_array().unwrap().len()),
            (&12.into(), 1)
        );
        assert!(
            text(&Recording::new(), &Options::default()).starts_with("# the recording did not")
        );
    }
}
