//! The names under `/proc/sys`, by directory.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
};

const ROOT: &str = "/proc/sys";

/// Deepest directory: `net/ipv4/conf/all` is 4.
const MAX_DEPTH: usize = 6;

/// Directories with one folder for each network device: `all` and `default` stand for them.
const PER_DEVICE: [&str; 5] = [
    "net.ipv4.conf",
    "net.ipv4.neigh",
    "net.ipv6.conf",
    "net.ipv6.neigh",
    "net.mpls.conf",
];

/// Directories under `/proc/sys` with dots, for example `net.core`, and the names of the files in each.
pub(super) fn read() -> BTreeMap<String, HashSet<String>> {
    let mut directories = BTreeMap::new();
    walk(Path::new(ROOT), "", MAX_DEPTH, &mut directories);
    directories
}

fn walk(
    path: &Path,
    dotted: &str,
    depth: usize,
    directories: &mut BTreeMap<String, HashSet<String>>,
) {
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    let mut files = HashSet::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_directory {
            files.insert(name);
            continue;
        }
        let of_a_device = PER_DEVICE.contains(&dotted) && name != "all" && name != "default";
        if depth > 0 && !of_a_device {
            let separator = if dotted.is_empty() { "" } else { "." };
            let below = format!("{dotted}{separator}{name}");
            walk(&entry.path(), &below, depth - 1, directories);
        }
    }
    if !files.is_empty() {
        directories.insert(dotted.to_owned(), files);
    }
}
