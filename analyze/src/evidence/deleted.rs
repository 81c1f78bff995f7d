//! Files that are deleted but open: space that df(1) counts and du(1) does not find.

use format_spec::record::Failure;

use crate::load::Bundle;

/// A file that no name holds, but a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedFile {
    /// Device, `major:minor`.
    pub device: String,
    /// Inode number.
    pub inode: u64,
    /// Length, in bytes.
    pub size_bytes: u64,
    /// Space that it takes up on its device, in bytes.
    pub disk_bytes: u64,
    /// A process that has it open.
    pub pid: u32,
    /// Its last name, bytes that are not printable escaped.
    pub path: String,
}

/// The files, largest first; `None` when no snapshot looked for them.
#[must_use]
pub fn deleted_files(bundle: &Bundle, failure: Option<&Failure>) -> Option<Vec<DeletedFile>> {
    let time_ns = failure.map_or(u64::MAX, |failure| failure.time_ns);
    let views = bundle.snapshots.nearest(time_ns);
    let table = views
        .iter()
        .find_map(|view| view.text("etz:deleted-files"))?;
    // device inode size_bytes disk_bytes pid path
    let row = |line: &str| {
        let mut words = line.splitn(6, ' ');
        Some(DeletedFile {
            device: words.next()?.to_owned(),
            inode: words.next()?.parse().ok()?,
            size_bytes: words.next()?.parse().ok()?,
            disk_bytes: words.next()?.parse().ok()?,
            pid: words.next()?.parse().ok()?,
            path: words.next()?.to_owned(),
        })
    };
    let mut files: Vec<_> = table.lines().skip(1).filter_map(row).collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.disk_bytes));
    Some(files)
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    #[test]
    fn the_table_is_read_largest_first() {
        let table = "device inode size_bytes disk_bytes pid path\n8:1 12 5 4096 7 /tmp/a b\n8:1 13 9 8192 8 /x\n";
        let mut recording = Recording::new();
        recording.snapshot(Phase::Start, 1, &[("etz:deleted-files", table)]);
        let files = deleted_files(&recording.load(), None).unwrap();
        let rows: Vec<_> = files
            .iter()
            .map(|file| (file.disk_bytes, file.path.as_str()))
            .collect();
        assert_eq!(rows, [(8192, "/x"), (4096, "/tmp/a b")]);
        assert_eq!(deleted_files(&Recording::new().load(), None), None);
    }
}
