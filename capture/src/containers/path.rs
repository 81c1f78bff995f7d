//! Where control groups are.

use std::{fs, path::PathBuf};

/// Where cgroup v2 is mounted.
pub(super) fn root() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mut mounts = mounts.lines().map(|line| line.split(' '));
    mounts.find_map(|mut words| {
        let point = words.nth(1)?;
        (words.next()? == "cgroup2").then(|| PathBuf::from(point))
    })
}
