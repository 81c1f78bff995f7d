//! statfs(2) of the file systems that the processes involved, and the recorder, see.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use format_spec::record::Content;
use rustix::fs::{AtFlags, CWD, StatFs, StatVfs, StatxFlags, statfs, statvfs, statx};

use super::{
    collector::Collector,
    looks::Looks,
    mount_table::{MountTables, Mounted},
    pids,
};

/// Most file systems.
const MAX_FILE_SYSTEMS: usize = 512;

/// How many mounts of one file system are tried: the first ones may be hidden by others.
const TRIES: usize = 4;

/// Most bytes of a mountinfo that are recorded: about 25,000 mounts.
pub(super) const RECORDED_BYTES: usize = 4 << 20;

/// Takes statfs of each file system once, in the recorder's mount namespace and in those of `pids`; first of those that
/// paths of failing calls lead to.
///
/// In another mount namespace the path is that of `/proc/PID/root` and the mount point.
pub(super) fn collect(
    collector: &mut Collector<'_>,
    looks: &mut Looks,
    tables: &mut MountTables,
    pids: &[u32],
    first: &BTreeSet<u64>,
) {
    collector.file_of("/proc/self/mountinfo", RECORDED_BYTES);
    let mut seen = BTreeSet::new();
    let own = std::process::id();
    let mut namespaces = BTreeSet::new();
    for pid in [own].iter().chain(pids) {
        let namespace = pids::mount_namespace(*pid);
        if !namespace.is_some_and(|namespace| namespaces.insert(namespace)) {
            continue;
        }
        let root = match *pid == own {
            true => PathBuf::from("/"),
            false => PathBuf::from(format!("/proc/{pid}/root")),
        };
        let table = tables.of(*pid, collector);
        let mut mounts: Vec<&Mounted> = table.all().iter().collect();
        mounts.sort_by_key(|mount| !first.contains(&mount.id.into()));
        file_systems(collector, looks, &root, mounts, &mut seen);
    }
}

fn file_systems(
    collector: &mut Collector<'_>,
    looks: &mut Looks,
    root: &Path,
    mut mounts: Vec<&Mounted>,
    seen: &mut BTreeSet<String>,
) {
    for _ in 0..TRIES {
        mounts.retain(|mount| !seen.contains(&mount.device));
        let mut chosen = BTreeSet::new();
        let (mut asked, others): (Vec<_>, Vec<_>) = mounts
            .into_iter()
            .partition(|mount| chosen.insert(mount.device.as_str()));
        let room = MAX_FILE_SYSTEMS.saturating_sub(seen.len());
        for _ in room..asked.len() {
            collector.leave_out("statfs of further file systems");
        }
        asked.truncate(room);
        ask(collector, looks, root, &asked, seen);
        mounts = others;
    }
}

/// Asks those one after the other that are not to be avoided; one that does not answer may change which these are.
fn ask(
    collector: &mut Collector<'_>,
    looks: &mut Looks,
    root: &Path,
    asked: &[&Mounted],
    seen: &mut BTreeSet<String>,
) {
    let mut ahead = asked.to_vec();
    loop {
        ahead.retain(|mount| !looks.avoids(mount));
        let now = std::mem::take(&mut ahead);
        if now.is_empty() {
            return;
        }
        let paths = now.iter().map(|mount| below(root, &mount.point));
        let paths: Vec<PathBuf> = paths.collect();
        let ids: Vec<u64> = now.iter().map(|mount| mount.id.into()).collect();
        let work: Vec<_> = paths.iter().cloned().zip(ids).collect();
        let found = looks.look(move |send| {
            for (path, id) in &work {
                let _ = send.send(look(path, *id));
            }
        });
        let answered = found.items.len();
        for ((path, mount), content) in paths.iter().zip(&now).zip(found.items) {
            // What is hidden or gone, another mount may show.
            if let Some(content) = content {
                collector.put(path, content);
                seen.insert(mount.device.clone());
            }
        }
        if found.whole {
            return;
        }
        let Some((silent, rest)) = now[answered.min(now.len())..].split_first() else {
            return;
        };
        looks.is_silent(silent);
        seen.insert(silent.device.clone());
        ahead = rest.to_vec();
    }
}

fn below(root: &Path, point: &[u8]) -> PathBuf {
    let below = point.strip_prefix(b"/").unwrap_or(point);
    match below.is_empty() {
        true => root.to_path_buf(),
        false => root.join(OsStr::from_bytes(below)),
    }
}

/// What statfs(2) says of the mount numbered `id` at `path`.
fn look(path: &Path, id: u64) -> Option<Content> {
    // Something may be mounted above it since: then the path leads elsewhere.
    if mount_at(path).is_some_and(|found| found != id) {
        return None;
    }
    // Linux answers both calls from the same data; only statvfs(3) has names for the flags.
    Some(content(&statfs(path).ok()?, &statvfs(path).ok()?))
}

/// Number of the mount that `path` leads to, where the kernel says (5.8 and newer).
fn mount_at(path: &Path) -> Option<u64> {
    let flags = AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
    let found = statx(CWD, path, flags, StatxFlags::MNT_ID).ok()?;
    (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
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
    use std::time::Duration;

    use super::*;
    use crate::sources::snapshot::collector::Seen;

    #[test]
    fn each_file_system_is_asked_once_and_one_that_is_hidden_at_another_place() {
        let mut entries = Vec::new();
        let mut emit = |part: Vec<_>| {
            entries.extend(part);
            true
        };
        let mut seen = Seen::new();
        let mut collector = Collector::new(&mut seen, Duration::from_secs(60), &mut emit);
        let root = mount_at(Path::new("/")).unwrap();
        let mounted = |id: u64, device: &str| Mounted {
            id: u32::try_from(id).unwrap(),
            device: device.into(),
            fs_type: "x".into(),
            point: b"/".to_vec(),
        };
        // The first of the device is not what is at its point.
        let mounts = [
            mounted(root + 1_000_000, "1:1"),
            mounted(root, "1:1"),
            mounted(root, "1:1"),
        ];
        let mut devices = BTreeSet::new();
        let (mut looks, all) = (Looks::default(), mounts.iter().collect());
        file_systems(
            &mut collector,
            &mut looks,
            Path::new("/"),
            all,
            &mut devices,
        );
        collector.finish();
        assert!(devices.contains("1:1"));
        let found = entries.iter().filter(|entry| entry.path == b"/");
        assert_eq!(found.count(), 1);
    }
}
