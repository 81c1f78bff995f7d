//! All of /proc/sys.

use std::{
    fs::{self, DirEntry},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::collector::Collector;

/// Most network interfaces whose own settings are read; `all` and `default` come on top.
const MAX_INTERFACES: usize = 4;

/// Most levels of folders under /proc/sys.
const MAX_DEPTH: usize = 10;

/// Files that are secrets, change at each reading, or do something when read.
const LEFT_ALONE: &[&str] = &[
    // Keys of the host.
    "stable_secret",
    "tcp_fastopen_key",
    // New at each reading.
    "uuid",
    // The kernel logs that they are deprecated (`ndisc_warn_deprecated_sysctl`, `net/ipv6/ndisc.c`); what they say is
    // in `…_ms` too.
    "base_reachable_time",
    "retrans_time",
    // Sums up the counters of all processors (`vmstat_refresh`, `mm/vmstat.c`).
    "stat_refresh",
];

/// Takes every sysctl.
pub(super) fn collect(collector: &mut Collector<'_>) {
    let root = Path::new("/proc/sys");
    let Ok(device) = fs::metadata(root).map(|metadata| metadata.dev()) else {
        return;
    };
    let mut folders = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        if collector.is_full() {
            return collector.leave_out("/proc/sys beyond the bounds of a snapshot");
        }
        for (entry, is_folder) in children(collector, &folder) {
            if is_folder {
                // binfmt_misc is an automount of its own.
                let own = fs::symlink_metadata(&entry).is_ok_and(|found| found.dev() == device);
                if own && depth < MAX_DEPTH {
                    folders.push((entry, depth + 1));
                }
            } else if !is_left_alone(&entry) {
                collector.sysctl(&entry);
            }
        }
    }
}

/// The entries of a folder, and whether they are folders.
fn children(collector: &mut Collector<'_>, folder: &Path) -> Vec<(PathBuf, bool)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut entries: Vec<DirEntry> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(DirEntry::file_name);
    // net/ipv4/conf and the like have a folder of 30 settings for each interface, and hosts have thousands.
    let per_interface = folder.ends_with("conf") || folder.ends_with("neigh");
    let mut interfaces = 0;
    let mut kept = Vec::new();
    for entry in entries {
        let name = entry.file_name();
        if per_interface && name != "all" && name != "default" {
            interfaces += 1;
            if interfaces > MAX_INTERFACES {
                collector.leave_out("settings of further network interfaces");
                continue;
            }
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        kept.push((entry.path(), is_folder));
    }
    kept
}

fn is_left_alone(path: &Path) -> bool {
    LEFT_ALONE.iter().any(|name| path.ends_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_alone() {
        assert!(is_left_alone(Path::new(
            "/proc/sys/net/ipv4/tcp_fastopen_key"
        )));
        assert!(!is_left_alone(Path::new("/proc/sys/net/ipv4/tcp_fastopen")));
        let neighbour = Path::new("/proc/sys/net/ipv6/neigh/lo");
        assert!(is_left_alone(&neighbour.join("base_reachable_time")));
        assert!(!is_left_alone(&neighbour.join("base_reachable_time_ms")));
    }
}
