//! Who keeps a mount in use that a failing call found busy: processes with a file or a folder open on it.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

use super::{bounded, collector::Collector, looks::Looks, pids};

/// Most users that are told, and the longest time for the search for them.
const MAX_USERS: usize = 16;
const TIME: Duration = Duration::from_millis(500);

/// What of a process may be on a mount, beside its descriptors and mappings.
const LINKS: [&str; 3] = ["cwd", "root", "exe"];

/// Takes the table of the users of the mounts with these numbers.
pub(super) fn collect(collector: &mut Collector<'_>, looks: &mut Looks, mounts: &BTreeSet<u64>) {
    if mounts.is_empty() {
        return;
    }
    let users = users(mounts, looks);
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
fn users(mounts: &BTreeSet<u64>, looks: &mut Looks) -> Vec<(u64, u32, String)> {
    let deadline = Instant::now() + TIME;
    let mut found = Vec::new();
    for pid in pids::all_pids() {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let links = LINKS.iter().map(|link| (*link).to_owned());
        let entries = fs::read_dir(folder.join("fdinfo"));
        let descriptors = entries.into_iter().flatten().filter_map(Result::ok);
        let descriptors =
            descriptors.map(|entry| format!("fdinfo/{}", entry.file_name().to_string_lossy()));
        let mut seen = BTreeSet::new();
        for by in links.chain(descriptors) {
            if found.len() >= MAX_USERS || Instant::now() >= deadline {
                return found;
            }
            let path = folder.join(&by);
            let mount = match by.strip_prefix("fdinfo/") {
                Some(_) => mount_in(&bounded::text(&path)),
                None => mount_of(path, looks),
            };
            let mount = mount.filter(|mount| mounts.contains(mount));
            if let Some(mount) = mount.filter(|&mount| seen.insert(mount)) {
                found.push((mount, pid, by.replacen("fdinfo", "fd", 1)));
            }
        }
    }
    found
}

/// Number of the mount that a descriptor is on: the line `mnt_id:` of its fdinfo (`seq_show`, `fs/proc/fd.c`). The kernel
/// knows it without asking the file system.
fn mount_in(fdinfo: &str) -> Option<u64> {
    let mut lines = fdinfo.lines();
    let id = lines.find_map(|line| line.strip_prefix("mnt_id:"))?;
    id.trim().parse().ok()
}

/// Number of the mount of what a link of /proc leads to.
fn mount_of(link: PathBuf, looks: &mut Looks) -> Option<u64> {
    // What the kernel already knows must do: it may be on a server that does not answer.
    let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    let look = looks.at(move || statx(CWD, &link, flags, StatxFlags::MNT_ID).ok());
    let found = look.one()?;
    (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_folder_keeps_its_mount_in_use() {
        let mut looks = Looks::default();
        let mount = mount_of("/proc/self/cwd".into(), &mut looks).unwrap();
        let found = users(&[mount].into(), &mut looks);
        assert!(!found.is_empty() && found.iter().all(|user| user.0 == mount));
        assert_eq!(users(&[u64::MAX].into(), &mut looks), []);
    }

    #[test]
    fn the_mount_of_a_descriptor_is_in_its_fdinfo() {
        assert_eq!(
            mount_in("pos:\t0\nflags:\t02\nmnt_id:\t28\nino:\t5\n"),
            Some(28)
        );
        assert_eq!(mount_in("pos:\t0\n"), None);
    }
}
