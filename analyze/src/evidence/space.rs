//! Disk space and inodes: what statfs(2) said.

use std::collections::BTreeMap;

use format_spec::{
    linux::mountinfo::{self, Mount},
    record::{Content, Failure},
};

use crate::load::{Bundle, SnapshotView};

/// One file system as it was nearest to the failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// Where it was asked, as seen from its mount namespace.
    pub point: Vec<u8>,
    /// The process through whose root it was asked; `None` for the recorder's own mount namespace.
    pub process: Option<u32>,
    /// Its device, `major:minor`; `None` when the mounts of that namespace were not recorded.
    pub device: Option<String>,
    /// Type number (`f_type`, `include/uapi/linux/magic.h`).
    pub magic: u64,
    /// Blocks for data.
    pub blocks: Space,
    /// Inodes; a total of 0 where there is no such limit.
    pub inodes: Space,
}

/// How much of something there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// All of it.
    pub total: u64,
    /// What is free for the superuser.
    pub free: u64,
    /// What is free for everybody.
    pub available: u64,
    /// Size of one, in bytes; 0 for inodes.
    pub unit_bytes: u64,
}

impl Space {
    /// What is used, 0 to 100 %, rounded up as df(1) does; `None` when there is no limit.
    #[must_use]
    pub fn used_percent(&self) -> Option<u64> {
        let used = self.total.saturating_sub(self.free);
        let reachable = used.saturating_add(self.available);
        (reachable > 0).then(|| {
            u64::try_from((u128::from(used) * 100).div_ceil(u128::from(reachable))).unwrap_or(100)
        })
    }

    /// Whether nothing is left but a reserve that the superuser alone may use.
    ///
    /// Beside it ext4 keeps 2 % of the clusters, at most 4096, that not even the superuser gets (`ext4_resv_clusters`,
    /// `fs/ext4/super.c`): what is within that is no reserve.
    #[must_use]
    pub fn has_reserve_only(&self) -> bool {
        self.is_full() && self.free > (self.total / 50).min(4096)
    }

    /// Whether nothing is left for everybody; the superuser may have a reserve still.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.total > 0 && self.available == 0
    }
}

/// Types that have no space of their own to run out of: their blocks are 0, or another's.
const WITHOUT_SPACE: [u64; 8] = [
    0x9fa0,      // PROC_SUPER_MAGIC
    0x6265_6572, // SYSFS_MAGIC
    0x6367_7270, // CGROUP2_SUPER_MAGIC
    0x0027_e0eb, // CGROUP_SUPER_MAGIC
    0x1cd1,      // DEVPTS_SUPER_MAGIC
    0x7371_7368, // SQUASHFS_MAGIC, always full
    0x9660,      // ISOFS_SUPER_MAGIC, always full
    0xe0f5_e1e2, // EROFS_SUPER_MAGIC_V1, always full
];

impl FileSystem {
    /// Whether it could run out of space at all.
    #[must_use]
    pub fn has_space(&self) -> bool {
        self.blocks.total > 0 && !WITHOUT_SPACE.contains(&self.magic)
    }
}

/// The file systems, as of the snapshot nearest to `failure` that asked them.
#[must_use]
pub fn file_systems(bundle: &Bundle, failure: Option<&Failure>) -> Vec<FileSystem> {
    let time_ns = failure.map_or(u64::MAX, |failure| failure.time_ns);
    let views = bundle.snapshots.nearest(time_ns);
    let found = views.iter().map(|view| of_view(view));
    found
        .into_iter()
        .find(|all| !all.is_empty())
        .unwrap_or_default()
}

/// The file system of that device, as of the snapshot nearest to `failure` that asked it.
#[must_use]
pub fn file_system_of(bundle: &Bundle, failure: &Failure, device: &str) -> Option<FileSystem> {
    let views = bundle.snapshots.nearest(failure.time_ns);
    let is_it = |found: &FileSystem| found.device.as_deref() == Some(device);
    views
        .iter()
        .find_map(|view| of_view(view).into_iter().find(is_it))
}

fn of_view(view: &SnapshotView) -> Vec<FileSystem> {
    let mut mounts: BTreeMap<Option<u32>, Vec<Mount>> = BTreeMap::new();
    let mut device = |found: &FileSystem| {
        let mounts = mounts.entry(found.process).or_insert_with(|| {
            let process = found.process.map_or("self".into(), |pid| pid.to_string());
            let text = view.file(format!("/proc/{process}/mountinfo"));
            text.into_iter().flat_map(mountinfo::mounts).collect()
        });
        // Of two on one point the later one is seen; the recorder asks none that is hidden otherwise.
        let mount = mounts.iter().rfind(|mount| mount.point == found.point);
        mount.map(|mount| mount.device.clone())
    };
    let all = view.entries().filter_map(|(path, content)| {
        let found = read(path, content)?;
        Some(FileSystem {
            device: device(&found),
            ..found
        })
    });
    all.collect()
}

fn read(path: &[u8], content: &Content) -> Option<FileSystem> {
    let &Content::StatFs {
        fs_type,
        block_size_bytes,
        blocks,
        blocks_free,
        blocks_available,
        inodes,
        inodes_free,
        ..
    } = content
    else {
        return None;
    };
    let (process, point) = split_root(path);
    Some(FileSystem {
        point: point.to_vec(),
        process,
        device: None,
        magic: fs_type,
        blocks: Space {
            total: blocks,
            free: blocks_free,
            available: blocks_available,
            unit_bytes: block_size_bytes,
        },
        inodes: Space {
            total: inodes,
            free: inodes_free,
            available: inodes_free,
            unit_bytes: 0,
        },
    })
}

/// `/proc/PID/root/mnt` is `/mnt` as that process sees it.
fn split_root(path: &[u8]) -> (Option<u32>, &[u8]) {
    let split = || {
        let rest = path.strip_prefix(b"/proc/")?;
        let slash = rest.iter().position(|&byte| byte == b'/')?;
        let process = std::str::from_utf8(&rest[..slash]).ok()?.parse().ok()?;
        let point = rest[slash..].strip_prefix(b"/root")?;
        (point.is_empty() || point.starts_with(b"/")).then_some((process, point))
    };
    match split() {
        Some((process, b"")) => (Some(process), b"/"),
        Some((process, point)) => (Some(process), point),
        None => (None, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_those_of_df() {
        let space = |total, free, available| Space {
            total,
            free,
            available,
            unit_bytes: 4096,
        };
        assert_eq!(space(100, 50, 45).used_percent(), Some(53));
        assert_eq!(space(100, 0, 0).used_percent(), Some(100));
        assert_eq!(space(0, 0, 0).used_percent(), None);
        assert!(
            space(100, 5, 0).is_full() && !space(100, 5, 1).is_full() && !space(0, 0, 0).is_full()
        );
    }

    #[test]
    fn a_reserve_is_told_from_what_nobody_gets() {
        let left = |free, available| Space {
            total: 10_000,
            free,
            available,
            unit_bytes: 4096,
        };
        assert!(left(500, 0).has_reserve_only());
        assert!(!left(200, 0).has_reserve_only());
        assert!(!left(500, 1).has_reserve_only());
        assert!(!left(0, 0).has_reserve_only());
    }

    #[test]
    fn roots_of_processes_are_told_apart() {
        assert_eq!(split_root(b"/proc/81/root/mnt"), (Some(81), &b"/mnt"[..]));
        assert_eq!(split_root(b"/proc/81/root"), (Some(81), &b"/"[..]));
        assert_eq!(split_root(b"/proc"), (None, &b"/proc"[..]));
        assert_eq!(split_root(b"/proc/sys/fs"), (None, &b"/proc/sys/fs"[..]));
    }
}
