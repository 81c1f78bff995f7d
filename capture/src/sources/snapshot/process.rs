//! One process: what it may use and what it uses. No command line, no environment: those hold secrets.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{
    Involved, bounded,
    collector::Collector,
    files::{self, Place},
    looks::Looks,
    mount_table::{self, View},
    mounts,
    peers::{Namespace, Peers},
    pids,
};

/// Links of a process.
const LINKS: &[&str] = &["cwd", "exe", "root"];

/// Most descriptors whose kind is looked at, of one process.
const MAX_DESCRIPTORS: usize = 20_000;

/// The processes involved that still live, at most `most`.
pub(super) fn living(involved: &Involved, most: usize) -> Vec<u32> {
    let is_there = |pid: &&u32| Path::new(&format!("/proc/{pid}/ns")).exists();
    let living = involved.tgids.iter().filter(is_there);
    living.copied().take(most).collect()
}

/// For each mount namespace of a process involved that is gone some process that lives in it, besides `known`; at most
/// `most` in all.
pub(super) fn stand_ins(
    involved: &Involved,
    known: &[u32],
    peers: &mut Peers,
    most: usize,
) -> Vec<u32> {
    let seen = known.iter().filter_map(|&pid| pids::mount_namespace(pid));
    let seen: BTreeSet<u64> = seen.collect();
    let gone = involved.mount_namespaces.difference(&seen);
    let found = gone.filter_map(|&inode| peers.one_in(Namespace::Mount, inode));
    found.take(most.saturating_sub(known.len())).collect()
}

/// Takes one process. Its mounts are taken unless they are in `views`, for 10,000 of them are 2 MB of text.
pub(super) fn collect(
    collector: &mut Collector<'_>,
    looks: &mut Looks,
    views: &mut BTreeSet<View>,
    pid: u32,
) {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    for name in files::of(Place::Process) {
        collector.file(folder.join(name));
    }
    if mount_table::view(pid).is_none_or(|view| views.insert(view)) {
        collector.file_of(folder.join("mountinfo"), mounts::RECORDED_BYTES);
    }
    for name in LINKS {
        collector.link(folder.join(name));
    }
    let namespaces = fs::read_dir(folder.join("ns"));
    for entry in namespaces.into_iter().flatten().filter_map(Result::ok) {
        collector.link(entry.path());
    }
    if pids::net_namespace(pid) != pids::net_namespace(std::process::id()) {
        for name in files::of(Place::Network) {
            collector.file(folder.join(name));
        }
    }
    count_names(collector, &folder.join("task"));
    count_lines(collector, looks, folder.join("maps"));
    descriptors(collector, &folder);
}

fn count_names(collector: &mut Collector<'_>, folder: &Path) {
    if let Ok(entries) = fs::read_dir(folder) {
        collector.entry_count(folder, entries.count());
    }
}

/// A process that waits for a dead server in a page fault keeps its mappings locked: they are not read until it goes on.
fn count_lines(collector: &mut Collector<'_>, looks: &mut Looks, file: PathBuf) {
    let path = file.clone();
    let look = looks.at(move || {
        // 8 MiB hold more lines than the default limit of mappings, 65530.
        let (bytes, truncated) = bounded::read(&file, 8 << 20).ok()?;
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        (!truncated).then_some(lines)
    });
    if !look.whole {
        collector.leave_out("mappings of processes that are locked");
    }
    if let Some(lines) = look.one() {
        collector.entry_count(path, lines);
    }
}

/// How many descriptors there are, and of what kinds.
fn descriptors(collector: &mut Collector<'_>, folder: &Path) {
    let Ok(entries) = fs::read_dir(folder.join("fd")) else {
        return;
    };
    let mut count = 0;
    let mut kinds = BTreeMap::<String, u64>::new();
    for entry in entries.filter_map(Result::ok) {
        count += 1;
        if count > MAX_DESCRIPTORS {
            continue;
        }
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let kind = kind(&target.to_string_lossy());
        if kind == "anon_inode:inotify" {
            let watches = watches(&folder.join("fdinfo").join(entry.file_name()));
            *kinds.entry("inotify-watches".into()).or_default() += watches;
        }
        *kinds.entry(kind).or_default() += 1;
    }
    collector.entry_count(folder.join("fd"), count);
    let rows = kinds
        .iter()
        .map(|(kind, count)| format!("{kind} {count}\n"));
    let table = format!("kind count\n{}", rows.collect::<String>());
    // The folder begins with a slash: etz:/proc/1/fd would read as a path.
    collector.table(
        &format!("etz:{}/fd", folder.display()).replacen(":/", ":", 1),
        table,
    );
}

/// What a descriptor's link shows, without the number of the one object: `socket`, `anon_inode:inotify`, `/dev/…`.
fn kind(target: &str) -> String {
    match target.split_once(":[") {
        Some(("anon_inode", kind)) => format!("anon_inode:{}", kind.trim_end_matches(']')),
        Some((kind, _)) => kind.into(),
        None if target.starts_with("anon_inode:") => target.into(),
        None if target.starts_with("/memfd:") => "memfd".into(),
        None if target.starts_with("/dev/") => target.split(' ').next().unwrap_or("/dev/").into(),
        None if target.ends_with(" (deleted)") => "deleted-file".into(),
        None => "file".into(),
    }
}

/// Number of watches of an inotify instance: lines of its fdinfo that begin with `inotify wd:` (`fs/notify/fdinfo.c`).
pub(super) fn watches(fdinfo: &Path) -> u64 {
    let bytes = bounded::read(fdinfo, 16 << 20).map_or_else(|_| Vec::new(), |(bytes, _)| bytes);
    let lines = bytes.split(|&byte| byte == b'\n');
    lines
        .filter(|line| line.starts_with(b"inotify wd:"))
        .count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_leave_the_object_out() {
        assert_eq!(kind("socket:[1234]"), "socket");
        assert_eq!(kind("anon_inode:[eventfd]"), "anon_inode:eventfd");
        assert_eq!(kind("anon_inode:inotify"), "anon_inode:inotify");
        assert_eq!(kind("/tmp/x (deleted)"), "deleted-file");
        assert_eq!(kind("/dev/pts/0"), "/dev/pts/0");
        assert_eq!(kind("/etc/passwd"), "file");
    }

    #[test]
    fn a_process_that_is_gone_is_replaced_by_one_in_its_mount_namespace() {
        let own = pids::mount_namespace(std::process::id()).unwrap();
        let involved = Involved {
            tgids: [u32::MAX].into(),
            mount_namespaces: [own].into(),
            ..Involved::default()
        };
        let known = living(&involved, 4);
        assert!(known.is_empty());
        let mut peers = Peers::new(&[std::process::id()], std::iter::empty());
        let found = stand_ins(&involved, &known, &mut peers, 4);
        assert_eq!(found, [std::process::id()]);
        assert!(stand_ins(&involved, &found, &mut peers, 4).is_empty());
    }
}
