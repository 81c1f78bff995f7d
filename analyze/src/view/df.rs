//! File systems with their space and inodes, in the columns of df(1).

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
    evidence::{FileSystem, Space, file_systems, mounts_seen_by},
    load::Bundle,
    text::plain,
};

/// What is shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Inodes, and not blocks
    #[arg(short, long)]
    pub inodes: bool,
    /// Sizes for people, in powers of 1024
    #[arg(short = 'h', long)]
    pub human_readable: bool,
    /// The type of each file system too
    #[arg(short = 'T', long)]
    pub print_type: bool,
    /// File systems without blocks too
    #[arg(short, long)]
    pub all: bool,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
    /// Print help
    #[arg(long, action = clap::ArgAction::HelpLong)]
    pub help: Option<bool>,
}

/// One file system.
#[derive(Debug, Serialize)]
struct Row {
    source: String,
    fs_type: String,
    mounted_on: String,
    /// The process through whose root it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<u32>,
    blocks: Numbers,
    inodes: Numbers,
}

/// Blocks in bytes, or inodes.
#[derive(Debug, Clone, Copy, Serialize)]
struct Numbers {
    total: u64,
    used: u64,
    available: u64,
    used_percent: Option<u64>,
}

/// Writes the file systems as they were at the end of the recording, in `columns` of a terminal.
///
/// # Errors
/// The stream's.
pub fn write(
    out: &mut impl Write,
    bundle: &Bundle,
    options: &Options,
    columns: Option<usize>,
) -> io::Result<()> {
    let shown = |one: &FileSystem| options.all || one.blocks.total > 0;
    let found = file_systems(bundle, None).into_iter().filter(shown);
    let rows: Vec<Row> = found.map(|one| row(bundle, &one)).collect();
    if options.json {
        return json(out, &rows);
    }
    let [total, used, free, percent] = match (options.inodes, options.human_readable) {
        (true, _) => ["Inodes", "IUsed", "IFree", "IUse%"],
        (false, true) => ["Size", "Used", "Avail", "Use%"],
        (false, false) => ["1K-blocks", "Used", "Available", "Use%"],
    };
    let mut head = vec![("Filesystem", Left, 14)];
    if options.print_type {
        head.push(("Type", Left, 0));
    }
    let numbers = [
        (total, Right, 5),
        (used, Right, 5),
        (free, Right, 5),
        (percent, Right, 4),
    ];
    head.extend(numbers);
    head.push(("Mounted on", Left, 0));
    let mut lines = Table::new(&head);
    for row in rows {
        let numbers = if options.inodes {
            row.inodes
        } else {
            row.blocks
        };
        let cell = |number: u64| match (options.human_readable, options.inodes) {
            (true, _) => human(number),
            (false, true) => number.to_string(),
            (false, false) => number.div_ceil(1024).to_string(),
        };
        let percent = numbers.used_percent;
        let mut cells = vec![row.source];
        if options.print_type {
            cells.push(row.fs_type);
        }
        cells.extend([
            cell(numbers.total),
            cell(numbers.used),
            cell(numbers.available),
        ]);
        cells.push(percent.map_or("-".into(), |percent| format!("{percent}%")));
        cells.push(match row.process {
            Some(pid) => format!("/proc/{pid}/root{}", row.mounted_on),
            None => row.mounted_on,
        });
        lines.row(cells);
    }
    lines.write(out, columns)
}

fn row(bundle: &Bundle, one: &FileSystem) -> Row {
    let mounts = mounts_seen_by(bundle, one.process);
    // A later mount on the same point hides an earlier one.
    let mount = mounts.iter().rfind(|mount| mount.point == one.point);
    let name = |of: Option<&String>| of.map_or("-".into(), |text| plain(text.as_bytes()));
    Row {
        source: name(mount.map(|mount| &mount.source)),
        fs_type: name(mount.map(|mount| &mount.fs_type)),
        mounted_on: plain(&one.point),
        process: one.process,
        blocks: numbers(&one.blocks),
        inodes: numbers(&one.inodes),
    }
}

fn numbers(space: &Space) -> Numbers {
    let unit = space.unit_bytes.max(1);
    let times = |number: u64| number.saturating_mul(unit);
    Numbers {
        total: times(space.total),
        used: times(space.total.saturating_sub(space.free)),
        available: times(space.available),
        used_percent: space.used_percent(),
    }
}

/// A number as `df -h` prints it: rounded up, one digit behind the point below 10.
fn human(number: u64) -> String {
    const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];
    let mut power = 0;
    let mut scale: u128 = 1;
    let number = u128::from(number);
    while power + 1 < UNITS.len() && number.div_ceil(scale) >= 1024 {
        scale *= 1024;
        power += 1;
    }
    let tenths = (number * 10).div_ceil(scale);
    if power == 0 || tenths > 99 {
        return format!("{}{}", number.div_ceil(scale), UNITS[power]);
    }
    format!("{}.{}{}", tenths / 10, tenths % 10, UNITS[power])
}

#[cfg(test)]
mod tests {
    use format_spec::record::{Content, Entry, Phase, Snapshot};

    use super::*;
    use crate::testing::Recording;

    fn text(options: &Options) -> String {
        let mut recording = Recording::new();
        let statfs = |path: &str, blocks, free, available| Entry {
            path: path.into(),
            content: Content::StatFs {
                fs_type: 0xef53,
                block_size_bytes: 4096,
                blocks,
                blocks_free: free,
                blocks_available: available,
                inodes: 1000,
                inodes_free: 10,
                flags: 0,
            },
        };
        let mounts = "1 0 8:1 / / rw - ext4 /dev/vda rw\n2 1 0:4 / /proc rw - proc proc rw\n";
        recording.snapshots.push(Snapshot {
            number: 0,
            phase: Phase::End,
            started_ns: 1,
            ended_ns: 2,
            entries: vec![
                statfs("/", 292_924, 216_720, 197_700),
                statfs("/proc", 0, 0, 0),
                statfs("/proc/81/root/mnt", 100, 0, 0),
                Entry {
                    path: b"/proc/self/mountinfo".into(),
                    content: Content::File {
                        bytes: mounts.into(),
                        truncated: false,
                    },
                },
            ],
        });
        let mut out = Vec::new();
        write(&mut out, &recording.load(), options, None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_those_of_df() {
        assert_eq!(
            text(&Options::default()),
            "Filesystem     1K-blocks   Used Available Use% Mounted on\n\
             /dev/vda         1171696 304816    790800  28% /\n\
             -                    400    400         0 100% /proc/81/root/mnt\n"
        );
    }

    #[test]
    fn switches_are_those_of_df() {
        let options = Options {
            human_readable: true,
            print_type: true,
            ..Options::default()
        };
        assert!(
            text(&options).contains("/dev/vda       ext4  1.2G  298M  773M  28% /\n"),
            "{}",
            text(&options)
        );
        let options = Options {
            inodes: true,
            all: true,
            ..Options::default()
        };
        let text = text(&options);
        assert!(
            text.contains("/dev/vda         1000   990    10   99% /\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn sizes_are_rounded_up() {
        let all = [0, 1023, 1024, 1025, 10 << 10, (10 << 10) + 1, 1 << 30].map(human);
        assert_eq!(all, ["0", "1023", "1.0K", "1.1K", "10K", "11K", "1.0G"]);
    }
}
