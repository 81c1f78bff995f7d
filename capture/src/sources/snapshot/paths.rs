//! The files that failing calls named: owner, mode and attributes of every component of their paths.
//!
//! It answers what `namei -l` and `lsattr` would: which folder is closed, what is immutable, what is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::PathBuf,
};

use super::{
    collector::Collector,
    folders::{Folder, Found},
    looks::Looks,
    mount_table::MountTables,
    peers::{Namespace, Peers},
    pids,
    walk::walk,
};

/// Most paths in one snapshot.
const MAX_PATHS: usize = 48;

/// A path that a failing call named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NamedPath {
    /// Processes that see it alike, the best first: the one that failed, its parent.
    pub(crate) tgids: Vec<u32>,
    /// Inode number of their mount namespace.
    pub(crate) mount_namespace: Option<u64>,
    /// The folder that a relative path leads from; `None` for an absolute one.
    pub(crate) folder: Option<Folder>,
    /// Whether the call found it busy.
    pub(crate) busy: bool,
    /// The path as the call gave it.
    pub(crate) path: Vec<u8>,
}

/// The mounts that paths of failing calls lead to, by number.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// All of them.
    pub(super) mounts: BTreeSet<u64>,
    /// Those that a call found busy.
    pub(super) busy: BTreeSet<u64>,
}

/// Takes the table of all components of these paths, and that of the folders that they lead from.
pub(super) fn collect<'a>(
    collector: &mut Collector<'_>,
    looks: &mut Looks,
    tables: &mut MountTables,
    peers: &mut Peers,
    paths: impl Iterator<Item = &'a NamedPath>,
) -> Reached {
    let mut reached = Reached::default();
    let mut rows = String::new();
    let mut folders = BTreeSet::new();
    let mut found_before = BTreeMap::new();
    let mut done = BTreeSet::new();
    for named in paths {
        if done.len() >= MAX_PATHS || collector.is_full() {
            collector.leave_out("further paths of failing calls");
            continue;
        }
        let Some(pid) = seen_by(named, peers) else {
            collector.leave_out("paths whose processes are gone");
            continue;
        };
        let table = tables.of(pid, collector);
        let (pid, folder) = match named.folder {
            None => (pid, PathBuf::new()),
            Some(folder) => {
                let key = (folder, named.mount_namespace);
                let find = || {
                    let known = folder.find(&known(named, pid), &table, looks);
                    known.or_else(|| {
                        // To look at many processes is the dear part.
                        let others = peers.all_in(Namespace::Mount, named.mount_namespace?);
                        folder.find(others, &table, looks)
                    })
                };
                let found: Option<Found> = found_before.entry(key).or_insert_with(find).clone();
                let Some(found) = found else {
                    collector.leave_out("paths from folders that are not found");
                    continue;
                };
                let path = found.path.as_os_str().as_bytes().escape_ascii();
                let (mount, device, inode) = (found.mount, &found.device, found.inode);
                folders.insert(format!("{mount} {device} {inode} {path}\n"));
                (found.pid, found.path)
            }
        };
        let path = folder.join(OsStr::from_bytes(&named.path));
        if done.insert((pid, path.clone())) {
            let walked = walk(pid, &path, table, looks);
            rows += &walked.rows;
            reached.mounts.extend(walked.mount);
            reached.busy.extend(walked.mount.filter(|_| named.busy));
        }
    }
    if !folders.is_empty() {
        let rows: String = folders.into_iter().collect();
        collector.table("etz:folders", format!("mount device inode path\n{rows}"));
    }
    if !rows.is_empty() {
        let head = "pid mode uid gid device inode mount attributes xattrs size_bytes path\n";
        collector.table("etz:paths", format!("{head}{rows}"));
    }
    reached
}

/// A living process that sees the path as the failing one did.
fn seen_by(named: &NamedPath, peers: &mut Peers) -> Option<u32> {
    let known = named
        .tgids
        .iter()
        .copied()
        .find(|&pid| is_alike(named, pid));
    known.or_else(|| peers.one_in(Namespace::Mount, named.mount_namespace?))
}

/// Processes that may have the folder which a relative path leads from: the failing one first, then those known to see
/// the path alike.
fn known(named: &NamedPath, pid: u32) -> Vec<u32> {
    let (first, others) = match named.tgids.split_first() {
        Some((first, others)) => (Some(*first), others),
        None => (None, &[][..]),
    };
    let others = others.iter().copied().filter(|&pid| is_alike(named, pid));
    first.into_iter().chain(others).chain([pid]).collect()
}

/// Whether the process lives in the mount namespace of the one that failed.
fn is_alike(named: &NamedPath, pid: u32) -> bool {
    let found = pids::mount_namespace(pid);
    found.is_some() && (named.mount_namespace.is_none() || found == named.mount_namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_may_stand_in() {
        let own = std::process::id();
        let named = |tgids, mount_namespace| NamedPath {
            tgids,
            mount_namespace,
            folder: None,
            busy: false,
            path: b"/etc".to_vec(),
        };
        let namespace = pids::mount_namespace(own);
        let seen = |named: &NamedPath| seen_by(named, &mut Peers::new(&[], std::iter::empty()));
        assert_eq!(seen(&named(vec![u32::MAX, own], namespace)), Some(own));
        assert!(seen(&named(vec![u32::MAX], namespace)).is_some());
        assert_eq!(seen(&named(vec![u32::MAX], Some(1))), None);
    }
}
