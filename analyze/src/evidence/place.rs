//! The mount and the file system that a failing call is about.

use format_spec::{
    linux::{
        arguments::{self, Start},
        mountinfo::Mount,
    },
    record::{Failure, PathArgument},
};

use super::{
    folders::{self, Folder, device},
    mounts::{mount_numbered, mount_of_path, mounts_of},
    named_file::{NamedFile, file_at},
};
use crate::{load::Bundle, names::syscall_name, text::plain};

/// Where a call works: what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The mount; `None` when only the device of its file system is known.
    pub mount: Option<Mount>,
    /// Device of the file system, `major:minor`.
    pub device: String,
    /// How that is known.
    pub how: How,
}

/// How a [`Place`] is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is that of the file behind the descriptor, read at the failure.
    Descriptor,
    /// The path was walked on the host.
    Walked,
    /// The path was followed through the mounts of the process.
    Path,
    /// It is that of the folder that the path leads from, read at the failure, and the path does not leave it.
    Folder,
}

impl Place {
    /// What of the call is there, in words.
    #[must_use]
    pub fn text(&self) -> String {
        let what = match self.how {
            How::Descriptor => "the file behind the descriptor",
            How::Walked | How::Path | How::Folder => "the path of the failing call",
        };
        match &self.mount {
            Some(mount) => format!("{what} is on {}", plain(&mount.point)),
            None => format!("{what} is on device {}", self.device),
        }
    }

    fn on(mount: Mount, how: How) -> Self {
        Self {
            device: mount.device.clone(),
            mount: Some(mount),
            how,
        }
    }
}

/// The place of `failure`: of its last path, or of its descriptor when it has no path. `None` when it is not known, or
/// when the call is about no file.
#[must_use]
pub fn place(bundle: &Bundle, failure: &Failure, mounts: &[Mount]) -> Option<Place> {
    let syscall = syscall_name(bundle.architecture(), failure.syscall);
    let is_path = |path: &&PathArgument| {
        !path.bytes.is_empty() && arguments::is_path(&syscall, path.argument)
    };
    match failure.paths.iter().rfind(is_path) {
        Some(path) => place_of_path(bundle, failure, mounts, path),
        None => {
            arguments::descriptor(&syscall)?;
            let folder = folders::behind_descriptor(bundle, failure);
            let (place, _) = of_folder(bundle, failure, &folder, How::Descriptor)?;
            Some(place)
        }
    }
}

/// The places of all paths of `failure`, in the order of its arguments.
#[must_use]
pub fn places(bundle: &Bundle, failure: &Failure, mounts: &[Mount]) -> Vec<Place> {
    let syscall = syscall_name(bundle.architecture(), failure.syscall);
    let paths = failure.paths.iter();
    let paths = paths.filter(|path| arguments::is_path(&syscall, path.argument));
    paths
        .filter_map(|path| place_of_path(bundle, failure, mounts, path))
        .collect()
}

fn place_of_path(
    bundle: &Bundle,
    failure: &Failure,
    mounts: &[Mount],
    path: &PathArgument,
) -> Option<Place> {
    let start = folders::start(bundle, failure, path)?;
    let root = folders::root(bundle, failure);
    // The mounts of another process do not begin at the root of one that changed its own.
    let is_rooted = |root: u32| mount_of_path(mounts, b"/").is_some_and(|mount| mount.id == root);
    let absolute = folders::absolute(bundle, failure, path);
    if let Some(absolute) = &absolute {
        let walked = file_at(bundle, failure, absolute);
        let mount = walked.as_ref().and_then(NamedFile::mount);
        if let Some(mount) = mount.and_then(|id| mount_numbered(bundle, failure, id, None)) {
            return Some(Place::on(mount.0, How::Walked));
        }
        // What links lead to is where the walk ended.
        let end = walked.as_ref().and_then(NamedFile::end);
        let end = end.map_or(&absolute[..], str::as_bytes);
        let mount = mount_of_path(mounts, end).filter(|_| root.mount.is_none_or(is_rooted));
        if let Some(mount) = mount {
            return Some(Place::on(mount.clone(), How::Path));
        }
    }
    let folder = match start {
        Start::Root => root,
        Start::WorkingFolder => folders::working_folder(bundle, failure),
        Start::Descriptor { recorded: true, .. } => folders::behind_descriptor(bundle, failure),
        Start::Descriptor { .. } => return None,
    };
    let (found, around) = of_folder(bundle, failure, &folder, How::Folder)?;
    let base = found.mount.as_ref()?;
    stays(base, &around, &path.bytes).then_some(found)
}

/// The place of a folder, or of a file, that was read at the failure, and the mounts among which its own was found.
fn of_folder(
    bundle: &Bundle,
    failure: &Failure,
    folder: &Folder,
    how: How,
) -> Option<(Place, Vec<Mount>)> {
    let device = folder.device.filter(|&device| device != 0).map(device)?;
    let (mount, around) = match folder.mount {
        Some(id) => mount_numbered(bundle, failure, id, Some(&device)).unzip(),
        // Older recordings lack the mount: of those of one device any shows the file system.
        None => {
            let mounts = mounts_of(bundle, failure);
            let mount = mounts.iter().rfind(|mount| mount.device == device);
            (mount.cloned(), Some(mounts))
        }
    };
    let place = Place { mount, device, how };
    Some((place, around.unwrap_or_default()))
}

/// Whether a relative path of a folder on `base` certainly ends on `base` too: it does not climb, and no mount that is
/// mounted there stands at names that the path begins with. Symbolic links are not known.
fn stays(base: &Mount, mounts: &[Mount], path: &[u8]) -> bool {
    let names: Vec<&[u8]> = names(path).collect();
    if names.contains(&&b".."[..]) {
        return false;
    }
    let crosses = |mount: &Mount| {
        let point: Vec<&[u8]> = self::names(&mount.point).collect();
        (1..=names.len().min(point.len())).any(|len| point.ends_with(&names[..len]))
    };
    let inner = mounts
        .iter()
        .filter(|mount| mount.parent == base.id && mount.id != base.id);
    !inner.into_iter().any(crosses)
}

/// The names of a path, without those that lead nowhere.
fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let names = path.split(|&byte| byte == b'/');
    names.filter(|name| !matches!(*name, b"" | b"."))
}

#[cfg(test)]
mod tests {
    use format_spec::{linux::mountinfo, record::Phase};

    use super::*;
    use crate::testing::Recording;

    const MOUNTS: &str = "20 1 254:0 / / rw - ext4 /dev/vda rw\n\
        30 20 0:30 / /mnt/t rw - tmpfs none rw\n\
        31 20 0:31 / /srv/archive rw - tmpfs none rw\n\
        32 30 0:32 / /mnt/t/sub/deep rw - tmpfs none rw\n";

    /// The device that a call on `path` is about, of a process that is gone; it had the working folder (mount, device,
    /// inode).
    fn about(path: &str, cwd: (u64, u64, u64), files: &[(&str, &str)]) -> Option<(String, How)> {
        let mut recording = Recording::new();
        recording.fail(56, 28, "touch", 50).args[0] = 0xffff_ff9c;
        recording.path(1, path);
        for (name, value) in [
            ("fs.cwd_mount", cwd.0),
            ("fs.cwd_device", cwd.1),
            ("fs.cwd_inode", cwd.2),
            ("fs.root_mount", 20),
            ("fs.root_device", 254 << 20),
            ("fs.root_inode", 2),
        ] {
            recording.fact(name, value);
        }
        let mut all = vec![("/proc/self/mountinfo", MOUNTS)];
        all.extend(files);
        recording.snapshot(Phase::Failure, 60, &all);
        let bundle = recording.load();
        let failure = &bundle.failures[0];
        let found = place(&bundle, failure, &mounts_of(&bundle, failure))?;
        Some((found.device, found.how))
    }

    const IN_TMPFS: (u64, u64, u64) = (30, 30, 1);
    const IN_ROOT: (u64, u64, u64) = (20, 254 << 20, 2);

    fn found(device: &str, how: How) -> Option<(String, How)> {
        Some((device.into(), how))
    }

    #[test]
    fn a_relative_path_of_a_process_that_is_gone_is_on_the_mount_of_its_folder() {
        assert_eq!(about("sub/6", IN_TMPFS, &[]), found("0:30", How::Folder));
        // Where it climbs, or may enter another mount, it is not known.
        assert_eq!(about("../6", IN_TMPFS, &[]), None);
        assert_eq!(about("deep/6", (30, 30, 7), &[]), None);
        assert_eq!(
            about("sub/deeper", IN_TMPFS, &[]),
            found("0:30", How::Folder)
        );
    }

    #[test]
    fn a_relative_path_of_the_root_is_followed_through_the_mounts() {
        let about = |path| about(path, IN_ROOT, &[]);
        assert_eq!(about("srv/archive/picture"), found("0:31", How::Path));
        assert_eq!(about("srv/other"), found("254:0", How::Path));
        assert_eq!(about("/mnt/t/x"), found("0:30", How::Path));
    }

    #[test]
    fn a_folder_that_was_found_again_tells_the_path() {
        let folders = (
            "etz:folders",
            "mount device inode path\n30 0:30 7 /mnt/t/sub\n",
        );
        let in_sub = (30, 30, 7);
        assert_eq!(
            about("deep/6", in_sub, &[folders]),
            found("0:32", How::Path)
        );
        let paths = "pid mode uid gid device inode mount attributes xattrs size_bytes path\n\
            7 40755 0 0 254:0 2 20 - - 0 /\n7 40755 0 0 254:0 3 20 - - 0 /mnt\n\
            7 40755 0 0 0:30 1 30 - - 0 /mnt/t\n7 40755 0 0 0:30 7 30 - - 0 /mnt/t/sub\n\
            7 missing - - - - - - - - /mnt/t/sub/6\n";
        let files = [folders, ("etz:paths", paths)];
        assert_eq!(about("6", in_sub, &files), found("0:30", How::Walked));
    }

    #[test]
    fn a_mount_of_another_namespace_is_known_by_its_number() {
        let pod = (
            "/proc/77/mountinfo",
            "90 80 0:5 / /proc/sys ro - proc proc rw\n",
        );
        let there = about("vm/max_map_count", (90, 5, 9), &[pod]);
        assert_eq!(there, found("0:5", How::Folder));
        let more = (
            "/proc/77/mountinfo",
            "90 80 0:5 / /proc/sys ro - proc proc rw\n\
            91 90 0:6 / /proc/sys/vm rw - tmpfs none rw\n",
        );
        assert_eq!(about("vm/max_map_count", (90, 5, 9), &[more]), None);
        // Its number may have been given anew: the device must be the same.
        assert_eq!(about("vm/x", (90, 6, 9), &[pod]), None);
    }

    #[test]
    fn a_root_that_was_changed_is_no_beginning_of_others_mounts() {
        let mut recording = Recording::new();
        recording.fail(34, 30, "mkdir", 50).args[0] = 0xffff_ff9c;
        recording.path(1, "/x");
        for (name, value) in [
            ("fs.root_mount", 31),
            ("fs.root_device", 31),
            ("fs.root_inode", 1),
        ] {
            recording.fact(name, value);
        }
        recording.snapshot(Phase::Failure, 60, &[("/proc/self/mountinfo", MOUNTS)]);
        let bundle = recording.load();
        let failure = &bundle.failures[0];
        let found = place(&bundle, failure, &mounts_of(&bundle, failure)).unwrap();
        assert_eq!((found.device.as_str(), found.how), ("0:31", How::Folder));
    }

    #[test]
    fn a_descriptor_has_its_own() {
        let mut recording = Recording::new();
        recording.fail(64, 28, "dd", 50).args[0] = 3;
        for (name, value) in [("fd.mount", 30), ("fd.device", 30), ("fs.cwd_mount", 20)] {
            recording.fact(name, value);
        }
        recording.snapshot(Phase::Failure, 60, &[("/proc/self/mountinfo", MOUNTS)]);
        let bundle = recording.load();
        let place = place(&bundle, &bundle.failures[0], &[]).unwrap();
        assert_eq!(place.text(), "the file behind the descriptor is on /mnt/t");
    }

    #[test]
    fn only_mounts_on_the_way_are_crossed() {
        let mounts: Vec<_> = mountinfo::mounts(MOUNTS.as_bytes()).collect();
        assert!(stays(&mounts[0], &mounts, b"sub/deep"));
        assert!(!stays(&mounts[0], &mounts, b"./archive//x"));
        assert!(!stays(&mounts[1], &mounts, b"sub/deep"));
        assert!(!stays(&mounts[1], &mounts, b"a/../.."));
    }
}
