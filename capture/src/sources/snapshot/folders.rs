//! The folders that relative paths of failing calls lead from.
//!
//! The process that failed is gone as often as not. Its folder is known by mount and inode, which were read at the
//! failure; it is found again as the working folder of any process, or as the root of its mount.

use std::{
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use format_spec::linux::mountinfo;
use rustix::fs::{AtFlags, CWD, Statx, StatxFlags, statx};

use super::{bounded, mounts::may_hang, process};

/// Most bytes of a mountinfo that are looked through.
const MOUNTINFO_BYTES: usize = 4 << 20;

/// Most processes whose working folder is looked at for one path.
const MAX_PROCESSES: usize = 4096;

/// A folder, as the failing call had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Finds the folder: where the first of `pids` has it, else as another process's working folder, else as the root
    /// of its mount. Only processes that are `alike` see it at the same path.
    pub(super) fn find(self, pids: &[u32], alike: impl Fn(u32) -> bool) -> Option<Found> {
        if let (Some(number), Some(&pid)) = (self.descriptor, pids.first())
            && let Some(found) = self.by_link(pid, &format!("fd/{number}"))
        {
            return Some(found);
        }
        // Without BTF nothing was read at the failure: then the process itself must do.
        if self.inode.is_none() {
            return self.by_link(*pids.first()?, "cwd");
        }
        let known = pids.iter().copied();
        let others = process::all_pids().take(MAX_PROCESSES);
        let mut candidates = known.chain(others).filter(|&pid| alike(pid));
        let by_cwd = candidates.find_map(|pid| self.by_link(pid, "cwd"));
        by_cwd.or_else(|| {
            let pid = pids.iter().copied().chain(process::all_pids());
            let pid = pid.take(MAX_PROCESSES).find(|&pid| alike(pid))?;
            self.by_mount(pid)
        })
    }

    fn by_link(self, pid: u32, name: &str) -> Option<Found> {
        let link = PathBuf::from(format!("/proc/{pid}/{name}"));
        let found = self.looked_at(&link, AtFlags::empty())?;
        let path = std::fs::read_link(&link).ok()?;
        let is_there = !path.as_os_str().as_bytes().ends_with(b" (deleted)");
        (path.is_absolute() && is_there).then(|| Self::found(pid, path, &found))
    }

    fn by_mount(self, pid: u32) -> Option<Found> {
        let mountinfo = format!("/proc/{pid}/mountinfo");
        let (mountinfo, _) = bounded::read(Path::new(&mountinfo), MOUNTINFO_BYTES).ok()?;
        let mut mounts = mountinfo::mounts(&mountinfo);
        let mount = mounts.find(|mount| Some(mount.id.into()) == self.mount)?;
        if may_hang(&mount.fs_type) {
            return None;
        }
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(&mount.point));
        let below = path.strip_prefix("/").ok()?;
        let real = PathBuf::from(format!("/proc/{pid}/root"))
            .join(".")
            .join(below);
        let found = self.looked_at(&real, AtFlags::SYMLINK_NOFOLLOW)?;
        Some(Self::found(pid, path, &found))
    }

    /// What is at `path`, if it is this folder.
    fn looked_at(self, path: &Path, flags: AtFlags) -> Option<Statx> {
        // It may be on a server that does not answer: what the kernel already knows must do.
        let flags = flags | AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        let found = statx(CWD, path, flags, wanted).ok()?;
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
    use std::os::fd::AsRawFd;

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

    #[test]
    fn a_working_folder_is_found_though_the_process_is_gone() {
        let cwd = std::env::current_dir().unwrap();
        let folder = of(".", None);
        let found = folder.find(&[u32::MAX], |pid| pid == std::process::id());
        assert_eq!(found.unwrap().path, cwd);
        let other = Folder {
            inode: folder.inode.map(|inode| inode + 1),
            ..folder
        };
        assert_eq!(other.find(&[std::process::id()], |_| true), None);
    }

    #[test]
    fn a_descriptor_and_the_root_of_a_mount_are_found() {
        let own = std::process::id();
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::open(folder.path()).unwrap();
        let number = u32::try_from(file.as_raw_fd()).unwrap();
        let found = of(folder.path().to_str().unwrap(), Some(number)).find(&[own], |_| true);
        assert_eq!(found.unwrap().path, folder.path());
        let found = of("/proc", None).find(&[own], |pid| pid == own);
        assert_eq!(found.unwrap().path, Path::new("/proc"));
    }
}
