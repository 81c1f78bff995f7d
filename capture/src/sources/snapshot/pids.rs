//! Processes by number, and the namespaces that they are in.

use std::{fs, os::unix::fs::MetadataExt as _};

/// The processes of the host, by number.
pub(super) fn all_pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc");
    let names = entries.into_iter().flatten().filter_map(Result::ok);
    names.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Inode number of a process's mount namespace.
pub(super) fn mount_namespace(pid: u32) -> Option<u64> {
    namespace(&format!("/proc/{pid}/ns/mnt"))
}

/// Inode number of a process's network namespace.
pub(super) fn net_namespace(pid: u32) -> Option<u64> {
    namespace(&format!("/proc/{pid}/ns/net"))
}

fn namespace(path: &str) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}
