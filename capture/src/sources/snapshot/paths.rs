//! The files that failing calls named: owner, mode and attributes of every component of their paths.
//!
//! It answers what `namei -l` and `lsattr` would: which folder is closed, what is immutable, what is missing.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Component, Path, PathBuf},
};

use format_spec::linux::mountinfo::{self, Mount};
use rustix::fs::{
    AtFlags, CWD, FileType, Statx, StatxAttributes, StatxFlags, llistxattr, readlinkat, statx,
};

use super::{
    bounded,
    collector::Collector,
    folders::{Folder, Found},
    mounts::may_hang,
    process,
};

/// Most paths in one snapshot.
const MAX_PATHS: usize = 48;

/// Most components of one path, those of links that it leads through included.
const MAX_COMPONENTS: usize = 40;

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

const ATTRIBUTES: &[(StatxAttributes, &str)] = &[
    (StatxAttributes::IMMUTABLE, "immutable"),
    (StatxAttributes::APPEND, "append"),
    (StatxAttributes::ENCRYPTED, "encrypted"),
    (StatxAttributes::VERITY, "verity"),
    (StatxAttributes::AUTOMOUNT, "automount"),
    (StatxAttributes::MOUNT_ROOT, "mount-root"),
];

/// Takes the table of all components of these paths, and that of the folders that they lead from. Returns the numbers of
/// the mounts that paths lead to that were busy.
pub(super) fn collect<'a>(
    collector: &mut Collector<'_>,
    paths: impl Iterator<Item = &'a NamedPath>,
) -> BTreeSet<u64> {
    let mut busy = BTreeSet::new();
    let mut rows = String::new();
    let mut folders = BTreeSet::new();
    let mut found_before = BTreeMap::new();
    let mut done = BTreeSet::new();
    for named in paths {
        if done.len() >= MAX_PATHS || collector.is_full() {
            collector.leave_out("further paths of failing calls");
            continue;
        }
        let (pid, folder) = match named.folder {
            None => (seen_by(named), None),
            Some(folder) => {
                // To look through all processes is the dear part.
                let key = (folder, named.mount_namespace);
                let find = || folder.find(&named.tgids, |pid| is_alike(named, pid));
                let found: Option<Found> = found_before.entry(key).or_insert_with(find).clone();
                folders.extend(found.as_ref().map(|found| {
                    let path = found.path.as_os_str().as_bytes().escape_ascii();
                    let (mount, device, inode) = (found.mount, &found.device, found.inode);
                    format!("{mount} {device} {inode} {path}\n")
                }));
                (
                    found.as_ref().map(|found| found.pid),
                    found.map(|found| found.path),
                )
            }
        };
        let Some(pid) = pid else {
            collector.leave_out("paths whose processes are gone");
            continue;
        };
        let path = folder
            .unwrap_or_default()
            .join(OsStr::from_bytes(&named.path));
        if done.insert((pid, path.clone())) {
            let mut walk = Walk::new(pid, &path);
            rows += &walk.rows();
            busy.extend(walk.mount.filter(|_| named.busy));
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
    busy
}

/// A living process that sees the path as the failing one did.
fn seen_by(named: &NamedPath) -> Option<u32> {
    let known = named.tgids.iter().copied();
    let mut all = known.chain(process::all_pids());
    all.find(|&pid| is_alike(named, pid))
}

/// Whether the process lives in the mount namespace of the one that failed.
fn is_alike(named: &NamedPath, pid: u32) -> bool {
    let found = process::mount_namespace(pid);
    found.is_some() && (named.mount_namespace.is_none() || found == named.mount_namespace)
}

/// A walk along one path, in the root of process `pid`.
struct Walk {
    pid: u32,
    root: PathBuf,
    mounts: Vec<Mount>,
    /// Where the walk is, as the process names it.
    at: PathBuf,
    ahead: VecDeque<OsString>,
    /// Number of the mount of the last component that was there.
    mount: Option<u64>,
}

impl Walk {
    fn new(pid: u32, path: &Path) -> Self {
        let root = PathBuf::from(format!("/proc/{pid}/root"));
        let mountinfo = bounded::bytes(Path::new(&format!("/proc/{pid}/mountinfo")));
        let mut walk = Self {
            pid,
            root,
            mounts: mountinfo::mounts(&mountinfo).collect(),
            at: PathBuf::from("/"),
            ahead: VecDeque::new(),
            mount: None,
        };
        walk.ahead.extend(names(path));
        walk
    }

    /// One row for each component, from the root on, until one is missing.
    fn rows(&mut self) -> String {
        let mut rows = self.row().unwrap_or_default();
        for _ in 0..MAX_COMPONENTS {
            let Some(name) = self.ahead.pop_front() else {
                break;
            };
            if name == ".." {
                self.at.pop();
                continue;
            }
            self.at.push(name);
            match self.row() {
                Some(row) => rows += &row,
                None => break,
            }
        }
        rows
    }

    /// The row of the component that the walk is at; `None` where it must not look further.
    fn row(&mut self) -> Option<String> {
        let shown = self.at.as_os_str().as_bytes().escape_ascii();
        let pid = self.pid;
        if may_hang(&self.mounted()?.fs_type) {
            return None;
        }
        let below = self.at.strip_prefix("/").unwrap_or(&self.at);
        // With a dot at the end the root itself is looked at, not the link to it.
        let real = self.root.join(".").join(below);
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        let Ok(found) = statx(CWD, &real, flags, wanted) else {
            self.ahead.clear();
            return Some(format!("{pid} missing - - - - - - - - {shown}\n"));
        };
        self.mount = Some(found.stx_mnt_id);
        let row = format!(
            "{pid} {:o} {} {} {}:{} {} {} {} {} {} {shown}\n",
            found.stx_mode,
            found.stx_uid,
            found.stx_gid,
            found.stx_dev_major,
            found.stx_dev_minor,
            found.stx_ino,
            found.stx_mnt_id,
            attributes(&found),
            xattrs(&real),
            found.stx_size,
        );
        if FileType::from_raw_mode(found.stx_mode.into()) == FileType::Symlink
            && let Ok(target) = readlinkat(CWD, &real, Vec::new())
        {
            let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
            self.at.pop();
            self.push_front(&target);
        }
        Some(row)
    }

    /// The mount that the walk is on.
    fn mounted(&self) -> Option<&Mount> {
        let on = self
            .mounts
            .iter()
            .filter(|mount| self.at.starts_with(OsStr::from_bytes(&mount.point)));
        // Of two on the same point the later one is seen.
        on.max_by_key(|mount| mount.point.len())
    }

    fn push_front(&mut self, path: &Path) {
        if path.is_absolute() {
            self.at = PathBuf::from("/");
        }
        for name in names(path).collect::<Vec<_>>().into_iter().rev() {
            self.ahead.push_front(name);
        }
    }
}

fn names(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    })
}

fn attributes(found: &Statx) -> String {
    let set = ATTRIBUTES
        .iter()
        .filter(|(bit, _)| found.stx_attributes.contains(*bit));
    or_dash(set.map(|(_, name)| (*name).to_owned()).collect())
}

fn xattrs(path: &Path) -> String {
    let mut buffer = vec![0; 4096];
    let len = llistxattr(path, &mut buffer[..]).unwrap_or(0);
    let names = buffer[..len].split(|&byte| byte == 0);
    let names = names.filter(|name| !name.is_empty());
    or_dash(
        names
            .map(|name| name.escape_ascii().to_string().replace(' ', "\\x20"))
            .collect(),
    )
}

fn or_dash(names: Vec<String>) -> String {
    if names.is_empty() {
        "-".into()
    } else {
        names.join(",")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn rows(path: &Path) -> Vec<String> {
        let mut walk = Walk::new(std::process::id(), path);
        walk.rows().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_component_has_a_row_until_one_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let found = rows(&folder.path().join("a/b"));
        let depth = folder.path().components().count();
        assert_eq!(found.len(), depth + 1);
        assert!(
            found[0].ends_with(" /") && found[0].contains(" 40755 0 0 "),
            "{}",
            found[0]
        );
        let last = found.last().unwrap();
        assert!(last.contains(" missing ") && last.ends_with("/a"), "{last}");
    }

    #[test]
    fn links_are_followed_within_the_root_and_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("file"), "12345").unwrap();
        symlink("file", path.join("near")).unwrap();
        symlink(path.join("file"), path.join("far")).unwrap();
        symlink("loop", path.join("loop")).unwrap();
        for name in ["near", "far"] {
            let found = rows(&path.join(name));
            let last = found.last().unwrap();
            assert!(last.contains(" 100644 ") && last.contains(" 5 /"), "{last}");
        }
        assert!(rows(&path.join("loop")).len() <= MAX_COMPONENTS + 1);
    }

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
        let namespace = process::mount_namespace(own);
        assert_eq!(seen_by(&named(vec![u32::MAX, own], namespace)), Some(own));
        assert!(seen_by(&named(vec![u32::MAX], namespace)).is_some());
        assert_eq!(seen_by(&named(vec![u32::MAX], Some(1))), None);
    }
}
