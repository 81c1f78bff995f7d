//! statfs(2) of the file systems that the processes involved, and the recorder, see.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use format_spec::{
    linux::mountinfo::{self, Mount},
    record::Content,
};
use rustix::fs::{AtFlags, CWD, StatFs, StatVfs, StatxFlags, statfs, statvfs, statx};

use super::{bounded, collector::Collector, process};

/// Most file systems.
const MAX_FILE_SYSTEMS: usize = 512;

/// Most bytes of a mountinfo that are looked through.
const MOUNTINFO_BYTES: usize = 16 << 20;

/// File systems whose server may be gone, so that statfs(2) would hang, or whose mount is a trigger.
const MAY_HANG: &[&str] = &[
    "9p",
    "afs",
    "autofs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "gfs2",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "smb3",
    "smbfs",
];

/// Takes statfs of each file system once, in the recorder's mount namespace and in those of `pids`.
///
/// In another mount namespace the path is that of `/proc/PID/root` and the mount point.
pub(super) fn collect(collector: &mut Collector<'_>, pids: &[u32]) {
    let mut seen = BTreeSet::new();
    let own = process::mount_namespace(std::process::id());
    collector.file_of("/proc/self/mountinfo", MOUNTINFO_BYTES / 4);
    file_systems(collector, Path::new("/"), "/proc/self/mountinfo", &mut seen);
    let mut namespaces: BTreeSet<u64> = own.into_iter().collect();
    for pid in pids {
        let Some(namespace) = process::mount_namespace(*pid) else {
            continue;
        };
        if namespaces.insert(namespace) {
            let root = PathBuf::from(format!("/proc/{pid}/root"));
            file_systems(
                collector,
                &root,
                &format!("/proc/{pid}/mountinfo"),
                &mut seen,
            );
        }
    }
}

fn file_systems(
    collector: &mut Collector<'_>,
    root: &Path,
    mountinfo: &str,
    seen: &mut BTreeSet<String>,
) {
    let Ok((bytes, _)) = bounded::read(Path::new(mountinfo), MOUNTINFO_BYTES) else {
        return;
    };
    for mount in visible(mountinfo::mounts(&bytes).collect()) {
        if seen.contains(&mount.device) {
            continue;
        }
        if may_hang(&mount.fs_type) {
            collector.leave_out(format!("statfs of {}, which may hang", mount.fs_type));
            continue;
        }
        if seen.len() >= MAX_FILE_SYSTEMS || collector.is_full() {
            collector.leave_out("statfs of further file systems");
            continue;
        }
        let below = mount.point.strip_prefix(b"/").unwrap_or(&mount.point);
        let path = if below.is_empty() {
            root.to_path_buf()
        } else {
            root.join(OsStr::from_bytes(below))
        };
        // Something may be mounted above it since: then the path leads elsewhere.
        if mount_at(&path).is_some_and(|found| found != u64::from(mount.id)) {
            continue;
        }
        // Linux answers both calls from the same data; only statvfs(3) has names for the flags.
        if let (Ok(found), Ok(flags)) = (statfs(&path), statvfs(&path)) {
            collector.put(&path, content(&found, &flags));
            seen.insert(mount.device);
        }
    }
}

/// Number of the mount that `path` leads to, where the kernel says (5.8 and newer).
fn mount_at(path: &Path) -> Option<u64> {
    let flags = AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
    let found = statx(CWD, path, flags, StatxFlags::MNT_ID).ok()?;
    (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
}

/// The mounts that are not hidden by a later one on the same point.
fn visible(mounts: Vec<Mount>) -> impl Iterator<Item = Mount> {
    let top: BTreeMap<Vec<u8>, usize> = mounts
        .iter()
        .enumerate()
        .map(|(index, mount)| (mount.point.clone(), index))
        .collect();
    mounts
        .into_iter()
        .enumerate()
        .filter(move |(index, mount)| top.get(&mount.point) == Some(index))
        .map(|(_, mount)| mount)
}

/// Whether looking at such a file system may take for ever.
pub(super) fn may_hang(fs_type: &str) -> bool {
    MAY_HANG.contains(&fs_type) || fs_type == "fuse" || fs_type.starts_with("fuse.")
}

fn content(found: &StatFs, flags: &StatVfs) -> Content {
    Content::StatFs {
        fs_type: found.f_type.cast_unsigned(),
        block_size_bytes: flags.f_frsize,
        blocks: found.f_blocks,
        blocks_free: found.f_bfree,
        blocks_available: found.f_bavail,
        inodes: found.f_files,
        inodes_free: found.f_ffree,
        flags: flags.f_flag.bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_mounts_are_passed_over() {
        let text = b"1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /m rw - ext4 /dev/b rw\n3 2 8:3 / /m rw - xfs /dev/c rw\n";
        let devices: Vec<_> = visible(mountinfo::mounts(text).collect())
            .map(|mount| mount.device)
            .collect();
        assert_eq!(devices, ["8:1", "8:3"]);
    }

    #[test]
    fn dead_servers_are_not_asked() {
        assert!(may_hang("nfs4") && may_hang("fuse.sshfs") && may_hang("autofs"));
        assert!(!may_hang("ext4") && !may_hang("fuseblk") && !may_hang("overlay"));
    }
}
