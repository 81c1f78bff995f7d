//! Who keeps a mount in use that a failing call found busy: processes with a file or a folder open on it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

use super::{collector::Collector, process};

/// Most users that are told, and the longest time for the search for them.
const MAX_USERS: usize = 16;
const TIME: Duration = Duration::from_millis(500);

/// What of a process may be on a mount, beside its descriptors and mappings.
const LINKS: [&str; 3] = ["cwd", "root", "exe"];

/// Takes the table of the users of the mounts with these numbers.
pub(super) fn collect(collector: &mut Collector<'_>, mounts: &BTreeSet<u64>) {
    if mounts.is_empty() {
        return;
    }
    let users = users(mounts);
    let rows: String = users
        .iter()
        .map(|(mount, pid, by)| format!("{mount} {pid} {by}\n"))
        .collect();
    collector.table("etz:mount-users", format!("mount pid by\n{rows}"));
    for pid in users.iter().map(|user| user.1).collect::<BTreeSet<_>>() {
        collector.file(format!("/proc/{pid}/comm"));
    }
}

/// Mount, process, and what of the process is on the mount; each process once for each mount.
fn users(mounts: &BTreeSet<u64>) -> Vec<(u64, u32, String)> {
    let deadline = Instant::now() + TIME;
    let mut found = Vec::new();
    for pid in process::all_pids() {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let links = LINKS.iter().map(|link| (*link).to_owned());
        let entries = fs::read_dir(folder.join("fd"));
        let descriptors = entries.into_iter().flatten().filter_map(Result::ok);
        let descriptors =
            descriptors.map(|entry| format!("fd/{}", entry.file_name().to_string_lossy()));
        let mut seen = BTreeSet::new();
        for by in links.chain(descriptors) {
            if found.len() >= MAX_USERS || Instant::now() >= deadline {
                return found;
            }
            let mount = mount_of(&folder.join(&by)).filter(|mount| mounts.contains(mount));
            if let Some(mount) = mount.filter(|&mount| seen.insert(mount)) {
                found.push((mount, pid, by));
            }
        }
    }
    found
}

/// Number of the mount of what a link of /proc leads to.
fn mount_of(link: &Path) -> Option<u64> {
    // It may be on a server that does not answer: what the kernel already knows must do.
    let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    let found = statx(CWD, link, flags, StatxFlags::MNT_ID).ok()?;
    (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_folder_keeps_its_mount_in_use() {
        let mount = mount_of(Path::new("/proc/self/cwd")).unwrap();
        assert!(users(&[mount].into()).iter().all(|user| user.0 == mount));
        assert!(!users(&[mount].into()).is_empty());
        assert_eq!(users(&[u64::MAX].into()), []);
    }
}
