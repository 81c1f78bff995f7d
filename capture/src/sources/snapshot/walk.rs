//! A walk along one path: owner, mode and attributes of every component.

use std::{
    collections::VecDeque,
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Component, Path, PathBuf},
    sync::{Arc, mpsc::Sender},
};

use rustix::fs::{
    AtFlags, CWD, FileType, Statx, StatxAttributes, StatxFlags, llistxattr, readlinkat, statx,
};

use super::{
    looks::Looks,
    mount_table::{MountTable, Mounted},
    silent::Avoided,
};

/// Most components of one path, those of links that it leads through included.
const MAX_COMPONENTS: usize = 40;

const ATTRIBUTES: &[(StatxAttributes, &str)] = &[
    (StatxAttributes::IMMUTABLE, "immutable"),
    (StatxAttributes::APPEND, "append"),
    (StatxAttributes::ENCRYPTED, "encrypted"),
    (StatxAttributes::VERITY, "verity"),
    (StatxAttributes::AUTOMOUNT, "automount"),
    (StatxAttributes::MOUNT_ROOT, "mount-root"),
];

/// What a walk has shown.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// One row of `etz:paths` for each component, from the root on, until one is missing or does not answer.
    pub(super) rows: String,
    /// Number of the mount of the last component that was there.
    pub(super) mount: Option<u64>,
}

/// Walks along a path as process `pid` sees it, which sees the mounts of `table`.
pub(super) fn walk(pid: u32, path: &Path, table: Arc<MountTable>, looks: &mut Looks) -> Walked {
    let mut walk = Walk::new(pid, path, table, looks.avoided());
    let steps = looks.look(move |send| walk.go(send));
    let mut walked = Walked::default();
    let mut on = None;
    for step in steps.items {
        match step {
            Step::On(mount) => on = Some(mount),
            Step::Row(row, mount) => {
                walked.rows += &row;
                walked.mount = mount.or(walked.mount);
            }
            Step::Avoids(mount) => {
                looks.avoids(&mount);
            }
        }
    }
    if let Some(mount) = on.filter(|_| !steps.whole) {
        looks.is_silent(&mount);
    }
    walked
}

/// What a walk tells while it goes on.
#[derive(Debug)]
enum Step {
    /// It goes to look at something on that mount.
    On(Mounted),
    /// It has looked: one row more, and the number of the mount.
    Row(String, Option<u64>),
    /// It must not look at what is on that mount.
    Avoids(Mounted),
}

/// A walk along one path, in the root of process `pid`.
struct Walk {
    pid: u32,
    root: PathBuf,
    table: Arc<MountTable>,
    avoided: Avoided,
    /// Where the walk is, as the process names it.
    at: PathBuf,
    ahead: VecDeque<OsString>,
    /// Number of the mount that the walk looked at last.
    on: Option<u32>,
}

impl Walk {
    fn new(pid: u32, path: &Path, table: Arc<MountTable>, avoided: Avoided) -> Self {
        Self {
            pid,
            root: PathBuf::from(format!("/proc/{pid}/root")),
            table,
            avoided,
            at: PathBuf::from("/"),
            ahead: names(path).collect(),
            on: None,
        }
    }

    /// Sends one row for each component, from the root on, until one is missing.
    fn go(&mut self, send: &Sender<Step>) {
        let mut goes_on = self.look(send);
        for _ in 0..MAX_COMPONENTS {
            let Some(name) = self.ahead.pop_front().filter(|_| goes_on) else {
                return;
            };
            if name == ".." {
                self.at.pop();
                continue;
            }
            self.at.push(name);
            goes_on = self.look(send);
        }
    }

    /// Looks at the component that the walk is at. Returns whether it may look further.
    fn look(&mut self, send: &Sender<Step>) -> bool {
        let Some(mount) = self.table.of(&self.at) else {
            return false;
        };
        if self.avoided.has(mount) {
            let _ = send.send(Step::Avoids(mount.clone()));
            return false;
        }
        if self.on != Some(mount.id) {
            let _ = send.send(Step::On(mount.clone()));
            self.on = Some(mount.id);
        }
        let (row, mount) = self.row();
        send.send(Step::Row(row, mount)).is_ok()
    }

    /// The row of the component that the walk is at, and the number of its mount.
    fn row(&mut self) -> (String, Option<u64>) {
        let shown = self.at.as_os_str().as_bytes().escape_ascii();
        let pid = self.pid;
        let below = self.at.strip_prefix("/").unwrap_or(&self.at);
        // With a dot at the end the root itself is looked at, not the link to it.
        let real = self.root.join(".").join(below);
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        let Ok(found) = statx(CWD, &real, flags, wanted) else {
            self.ahead.clear();
            return (format!("{pid} missing - - - - - - - - {shown}\n"), None);
        };
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
        (row, Some(found.stx_mnt_id))
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

    fn table() -> Arc<MountTable> {
        Arc::new(MountTable::parse(
            &fs::read("/proc/self/mountinfo").unwrap(),
        ))
    }

    fn rows(path: &Path) -> Vec<String> {
        let walked = walk(std::process::id(), path, table(), &mut Looks::default());
        walked.rows.lines().map(str::to_owned).collect()
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
    fn a_walk_stops_at_a_file_system_that_is_avoided() {
        let folder = tempfile::tempdir().unwrap();
        let (table, mut looks) = (table(), Looks::default());
        looks.is_silent(table.of(folder.path()).unwrap());
        let walked = walk(std::process::id(), folder.path(), table, &mut looks);
        let last = format!(" {}", folder.path().display());
        assert!(!walked.rows.trim_end().ends_with(&last), "{}", walked.rows);
    }
}
