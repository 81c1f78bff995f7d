//! The mounts that a process sees, for looking up which of them a path is on.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use format_spec::linux::mountinfo;

use super::{bounded, collector::Collector, pids};

/// Most bytes of one mountinfo that are looked through: those of about 100,000 mounts, the default of fs.mount-max.
pub(super) const MOUNTINFO_BYTES: usize = 16 << 20;

/// A mount that is not hidden by a later one on the same point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mounted {
    /// Number of the mount.
    pub(super) id: u32,
    /// Device of the file system, `major:minor`.
    pub(super) device: String,
    /// Type of the file system.
    pub(super) fs_type: String,
    /// Where it is mounted, as the process names it.
    pub(super) point: Vec<u8>,
}

/// The visible mounts of one process, by their points.
#[derive(Debug, Default)]
pub(super) struct MountTable {
    mounts: Vec<Mounted>,
}

impl MountTable {
    /// Reads a mountinfo.
    pub(super) fn parse(mountinfo: &[u8]) -> Self {
        let all = mountinfo::mounts(mountinfo);
        let mut mounts: Vec<Mounted> = all
            .map(|mount| Mounted {
                id: mount.id,
                device: mount.device,
                fs_type: mount.fs_type,
                point: mount.point,
            })
            .collect();
        // Of two on the same point the later one is seen: it comes first now.
        mounts.reverse();
        mounts.sort_by(|one, other| one.point.cmp(&other.point));
        mounts.dedup_by(|later, first| later.point == first.point);
        Self { mounts }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Mounted] {
        &self.mounts
    }

    /// The mount that an absolute path is on, by its words.
    pub(super) fn of(&self, path: &Path) -> Option<&Mounted> {
        let mut points = path.ancestors();
        points.find_map(|point| self.at(point.as_os_str().as_encoded_bytes()))
    }

    /// The mount with that number.
    pub(super) fn numbered(&self, id: u64) -> Option<&Mounted> {
        self.mounts.iter().find(|mount| u64::from(mount.id) == id)
    }

    fn at(&self, point: &[u8]) -> Option<&Mounted> {
        let found = self
            .mounts
            .binary_search_by(|mount| mount.point.as_slice().cmp(point));
        self.mounts.get(found.ok()?)
    }
}

/// What processes see alike: their mount namespace and their root.
pub(super) type View = (u64, PathBuf);

/// The mount tables of one snapshot, each read once: with 10,000 mounts that takes 20 ms.
#[derive(Debug, Default)]
pub(super) struct MountTables {
    by_view: HashMap<View, Arc<MountTable>>,
}

impl MountTables {
    /// The table of a process; empty when the process is gone.
    pub(super) fn of(&mut self, pid: u32, collector: &mut Collector<'_>) -> Arc<MountTable> {
        let Some(view) = view(pid) else {
            return Arc::default();
        };
        if let Some(table) = self.by_view.get(&view) {
            return Arc::clone(table);
        }
        let path = format!("/proc/{pid}/mountinfo");
        let (mut bytes, truncated) =
            bounded::read(Path::new(&path), MOUNTINFO_BYTES).unwrap_or_default();
        if truncated {
            collector.leave_out(format!(
                "mounts beyond {} MiB of mountinfo, of one namespace",
                MOUNTINFO_BYTES >> 20
            ));
            // The last line is cut.
            let end = bytes.iter().rposition(|&byte| byte == b'\n');
            bytes.truncate(end.map_or(0, |end| end + 1));
        }
        let table = Arc::new(MountTable::parse(&bytes));
        self.by_view.insert(view, Arc::clone(&table));
        table
    }
}

/// `None` when the process is gone.
pub(super) fn view(pid: u32) -> Option<View> {
    let root = std::fs::read_link(format!("/proc/{pid}/root")).ok()?;
    Some((pids::mount_namespace(pid)?, root))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /m rw - ext4 /dev/b rw\n\
        3 2 8:3 / /m rw - xfs /dev/c rw\n4 1 0:9 / /mm\\040x rw - tmpfs x rw\n";

    #[test]
    fn hidden_mounts_are_passed_over() {
        let table = MountTable::parse(TEXT);
        let devices: Vec<_> = table.all().iter().map(|mount| &*mount.device).collect();
        assert_eq!(devices, ["8:1", "8:3", "0:9"]);
    }

    #[test]
    fn a_path_is_on_the_nearest_mount_above_it() {
        let table = MountTable::parse(TEXT);
        let of = |path: &str| table.of(Path::new(path)).map(|mount| mount.id);
        assert_eq!(of("/m/a/b"), Some(3));
        assert_eq!(of("/m"), Some(3));
        assert_eq!(of("/mm"), Some(1));
        assert_eq!(of("/mm x/a"), Some(4));
        assert_eq!(of("/"), Some(1));
        assert_eq!(MountTable::parse(b"").of(Path::new("/a")), None);
        assert_eq!(
            table.numbered(4).map(|mount| &*mount.fs_type),
            Some("tmpfs")
        );
    }
}
