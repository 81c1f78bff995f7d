//! The folders that the paths of a failing call lead from.

use format_spec::{
    linux::arguments::{self, Start},
    record::{Failure, PathArgument},
};

use super::{mount_of_path, mounts_of};
use crate::{load::Bundle, names::syscall_name};

/// The recorder's table of such folders, found again by mount and inode.
const TABLE: &str = "etz:folders";

/// Column heads of the table; a recorder that writes others is not understood.
const HEAD: &str = "mount device inode path";

/// A folder, as it was read at the failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folder {
    /// Number of the mount that it is on.
    pub(super) mount: Option<u32>,
    /// Device of its file system, as the kernel has it.
    pub(super) device: Option<u64>,
    /// Its inode.
    pub(super) inode: Option<u64>,
}

/// A device number within the kernel: 12 bits of major, 20 of minor (`include/linux/kdev_t.h`).
pub(super) fn device(number: u64) -> String {
    format!("{}:{}", number >> 20, number & 0xf_ffff)
}

/// The working folder of the process.
pub(super) fn working_folder(bundle: &Bundle, failure: &Failure) -> Folder {
    folder(
        bundle,
        failure,
        ["fs.cwd_mount", "fs.cwd_device", "fs.cwd_inode"],
    )
}

/// The root of the process.
pub(super) fn root(bundle: &Bundle, failure: &Failure) -> Folder {
    folder(
        bundle,
        failure,
        ["fs.root_mount", "fs.root_device", "fs.root_inode"],
    )
}

/// What is behind the call's descriptor argument: a folder of `*at` calls.
pub(super) fn behind_descriptor(bundle: &Bundle, failure: &Failure) -> Folder {
    folder(bundle, failure, ["fd.mount", "fd.device", "fd.inode"])
}

fn folder(bundle: &Bundle, failure: &Failure, [mount, device, inode]: [&str; 3]) -> Folder {
    let fact = |name| bundle.fact(failure, name);
    Folder {
        mount: fact(mount).and_then(|id| u32::try_from(id).ok()),
        device: fact(device),
        inode: fact(inode),
    }
}

/// Where a path argument leads from.
pub(super) fn start(bundle: &Bundle, failure: &Failure, path: &PathArgument) -> Option<Start> {
    let syscall = syscall_name(bundle.architecture(), failure.syscall);
    arguments::start(&syscall, &failure.args, path)
}

/// A path as the failing process meant it: a relative one is of the folder that it leads from. `None` when it is no path,
/// or where that folder was is not known.
#[must_use]
pub fn absolute(bundle: &Bundle, failure: &Failure, path: &PathArgument) -> Option<Vec<u8>> {
    let folder = match start(bundle, failure, path)? {
        Start::Root => return Some(path.bytes.clone()),
        Start::WorkingFolder => {
            let folder = working_folder(bundle, failure);
            path_of(bundle, failure, folder).or_else(|| by_link(bundle, failure, folder))
        }
        Start::Descriptor { recorded: true, .. } => {
            path_of(bundle, failure, behind_descriptor(bundle, failure))
        }
        Start::Descriptor { .. } => None,
    };
    let mut whole = folder?;
    if !whole.ends_with(b"/") {
        whole.push(b'/');
    }
    whole.extend_from_slice(&path.bytes);
    Some(whole)
}

/// The path of a folder, as the process names it.
fn path_of(bundle: &Bundle, failure: &Failure, folder: Folder) -> Option<Vec<u8>> {
    let (mount, inode) = (folder.mount?, folder.inode?);
    if folder == root(bundle, failure) {
        return Some(b"/".to_vec());
    }
    let views = bundle.snapshots.nearest(failure.time_ns);
    views.iter().find_map(|view| {
        view.rows(TABLE, HEAD)?.find_map(|row| {
            let mut words = row.splitn(4, ' ');
            let is_it = words.next()?.parse() == Ok(mount) && words.nth(1)?.parse() == Ok(inode);
            let path = words.next()?;
            is_it.then(|| unescaped(path))
        })
    })
}

/// The working folder that a snapshot shows of the process, unless it is on another mount than the one at the failure.
fn by_link(bundle: &Bundle, failure: &Failure, folder: Folder) -> Option<Vec<u8>> {
    let link = format!("/proc/{}/cwd", failure.tgid);
    let views = bundle.snapshots.nearest(failure.time_ns);
    let path = views.iter().find_map(|view| view.link(&link))?;
    if let Some(id) = folder.mount {
        let mounts = mounts_of(bundle, failure);
        mount_of_path(&mounts, path).filter(|mount| mount.id == id)?;
    }
    Some(path.to_vec())
}

/// Undoes the escapes of the recorder's tables (`std::ascii::escape_default`).
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, behind) = match (first, behind) {
            (b'\\', [b'x', high, low, behind @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, behind),
                _ => (first, &rest[1..]),
            },
            (b'\\', [b'n', behind @ ..]) => (b'\n', behind),
            (b'\\', [b't', behind @ ..]) => (b'\t', behind),
            (b'\\', [b'r', behind @ ..]) => (b'\r', behind),
            (b'\\', [escaped, behind @ ..]) => (*escaped, behind),
            _ => (first, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    bytes
}

fn digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn devices_are_written_as_in_mountinfo() {
        assert_eq!(
            (device(254 << 20 | 3), device(30)),
            ("254:3".into(), "0:30".into())
        );
    }

    proptest! {
        #[test]
        fn escapes_are_undone(path in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(unescaped(&path.escape_ascii().to_string()), path);
        }

        #[test]
        fn any_text_is_total(text in ".{0,40}") {
            prop_assert!(unescaped(&text).len() <= text.len());
        }
    }
}
