//! The folders that relative paths of failing calls lead from.
//!
//! The process that failed is gone as often as not. Its folder is known by mount and inode, which were read at the
//! failure; it is found again as the working folder of any process, or as the root of its mount.

use std::{os::unix::ffi::OsStrExt, path::PathBuf};

use rustix::fs::{AtFlags, CWD, Statx, StatxFlags, statx};

use super::{looks::Looks, mount_table::MountTable};

/// A folder, as the failing call had it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Folder {
    /// The descriptor that it is behind; `None` for the working folder.
    pub(crate) descriptor: Option<u32>,
    /// Number of the mount that it is on.
    pub(crate) mount: Option<u64>,
    /// Its inode.
    pub(crate) inode: Option<u64>,
}

/// A folder found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// A process that sees it at this path.
    pub(super) pid: u32,
    /// Its path.
    pub(super) path: PathBuf,
    /// `device` and `inode` of statx(2).
    pub(super) device: String,
    pub(super) inode: u64,
    /// Number of its mount.
    pub(super) mount: u64,
}

impl Folder {
    /// Finds the folder: where the first of `pids` has it, else as the working folder of any of them, else as the root of
    /// its mount. All of `pids` live, but perhaps the first, and see it at the same path; `table` has their mounts.
    pub(super) fn find(self, pids: &[u32], table: &MountTable, looks: &mut Looks) -> Option<Found> {
        let first = *pids.first()?;
        if let Some(number) = self.descriptor
            && let Some(found) = self.by_link(first, &format!("fd/{number}"), looks)
        {
            return Some(found);
        }
        // Without BTF nothing was read at the failure: then the process itself must do.
        if self.inode.is_none() {
            return self.by_link(first, "cwd", looks);
        }
        let mut pids = pids.iter().copied();
        let by_cwd = pids.clone().find_map(|pid| self.by_link(pid, "cwd", looks));
        by_cwd.or_else(|| pids.find_map(|pid| self.by_mount(pid, table, looks)))
    }

    fn by_link(self, pid: u32, name: &str, looks: &mut Looks) -> Option<Found> {
        let link = PathBuf::from(format!("/proc/{pid}/{name}"));
        let path = std::fs::read_link(&link).ok()?;
        let is_there = !path.as_os_str().as_bytes().ends_with(b" (deleted)");
        if !path.is_absolute() || !is_there {
            return None;
        }
        let found = self.looked_at(link, AtFlags::empty(), looks)?;
        Some(Self::found(pid, path, &found))
    }

    fn by_mount(self, pid: u32, table: &MountTable, looks: &mut Looks) -> Option<Found> {
        let mount = table.numbered(self.mount?)?;
        if looks.avoids(mount) {
            return None;
        }
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(&mount.point));
        let below = path.strip_prefix("/").ok()?;
        let real = PathBuf::from(format!("/proc/{pid}/root"))
            .join(".")
            .join(below);
        let found = self.looked_at(real, AtFlags::SYMLINK_NOFOLLOW, looks)?;
        Some(Self::found(pid, path, &found))
    }

    /// What is at `path`, if it is this folder.
    fn looked_at(self, path: PathBuf, flags: AtFlags, looks: &mut Looks) -> Option<Statx> {
        // What the kernel already knows must do: it may be on a server that does not answer, as the look itself may not.
        let flags = flags | AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        let look = looks.at(move || statx(CWD, &path, flags, wanted).ok());
        let found = look.one()?;
        let is_mount = self.mount.is_none_or(|mount| mount == found.stx_mnt_id);
        let is_inode = self.inode.is_none_or(|inode| inode == found.stx_ino);
        (is_mount && is_inode).then_some(found)
    }

    fn found(pid: u32, path: PathBuf, found: &Statx) -> Found {
        Found {
            pid,
            path,
            device: format!("{}:{}", found.stx_dev_major, found.stx_dev_minor),
            inode: found.stx_ino,
            mount: found.stx_mnt_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{os::fd::AsRawFd, path::Path};

    use super::*;

    fn of(path: &str, descriptor: Option<u32>) -> Folder {
        let found = statx(
            CWD,
            path,
            AtFlags::empty(),
            StatxFlags::BASIC_STATS | StatxFlags::MNT_ID,
        )
        .unwrap();
        Folder {
            descriptor,
            mount: Some(found.stx_mnt_id),
            inode: Some(found.stx_ino),
        }
    }

    fn table() -> MountTable {
        MountTable::parse(&std::fs::read("/proc/self/mountinfo").unwrap())
    }

    #[test]
    fn a_working_folder_is_found_though_the_process_is_gone() {
        let cwd = std::env::current_dir().unwrap();
        let folder = of(".", None);
        let own = std::process::id();
        let mut looks = Looks::default();
        let found = folder.find(&[u32::MAX, own], &MountTable::default(), &mut looks);
        assert_eq!(found.unwrap().path, cwd);
        let other = Folder {
            inode: folder.inode.map(|inode| inode + 1),
            ..folder
        };
        assert_eq!(other.find(&[own], &MountTable::default(), &mut looks), None);
    }

    #[test]
    fn a_descriptor_and_the_root_of_a_mount_are_found() {
        let own = std::process::id();
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::open(folder.path()).unwrap();
        let number = u32::try_from(file.as_raw_fd()).unwrap();
        let (table, mut looks) = (table(), Looks::default());
        let found =
            of(folder.path().to_str().unwrap(), Some(number)).find(&[own], &table, &mut looks);
        assert_eq!(found.unwrap().path, folder.path());
        let found = of("/proc", None).find(&[own], &table, &mut looks);
        assert_eq!(found.unwrap().path, Path::new("/proc"));
    }
}
