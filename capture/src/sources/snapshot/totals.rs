//! Sums over all processes: what `lsof +L1`, `ps` and a look into every fdinfo would say.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{AtFlags, CWD, Statx, StatxFlags, statx};

use super::{bounded, collector::Collector, looks::Looks, pids, process};

/// Longest time for the scan, in which some 10,000 processes are looked at where nothing is emulated; the first ones, which
/// are the oldest.
const TIME: Duration = Duration::from_millis(500);

/// Most descriptors that are looked at.
const MAX_DESCRIPTORS: usize = 200_000;

/// Rows of the tables of files and of descriptors.
const ROWS: usize = 50;

/// What one user holds.
#[derive(Debug, Default)]
struct User {
    processes: u64,
    threads: u64,
    descriptors: u64,
    inotify_instances: u64,
    inotify_watches: u64,
    epoll_instances: u64,
}

/// A file that is deleted but open.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deleted {
    disk_bytes: Reverse<u64>,
    device: String,
    inode: u64,
    size_bytes: u64,
    pid: u32,
    path: Vec<u8>,
}

#[derive(Debug, Default)]
struct Totals {
    users: BTreeMap<u32, User>,
    deleted: BTreeSet<Deleted>,
    deleted_inodes: BTreeSet<(String, u64)>,
    holders: BTreeSet<(Reverse<u64>, u32, u32, String)>,
    looked_at: usize,
    unanswered: u64,
}

/// Scans all processes and takes the tables.
pub(super) fn collect(collector: &mut Collector<'_>, looks: &mut Looks) {
    let deadline = Instant::now() + TIME;
    let mut totals = Totals::default();
    for pid in pids::all_pids() {
        if Instant::now() >= deadline || totals.looked_at >= MAX_DESCRIPTORS {
            // How many there are is not asked: to list them makes the kernel keep an inode for each.
            collector.leave_out(format!(
                "scans of all processes, which ended before process {pid}"
            ));
            break;
        }
        totals.process(pid, looks);
    }
    for _ in 0..totals.unanswered {
        collector.leave_out("deleted files on file systems that do not answer");
    }
    collector.table("etz:users", totals.users_table());
    collector.table("etz:deleted-files", totals.deleted_table());
    collector.table("etz:descriptors", totals.holders_table());
}

impl Totals {
    fn process(&mut self, pid: u32, looks: &mut Looks) {
        let status = bounded::text(Path::new(&format!("/proc/{pid}/status")));
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next())
        };
        let Some(uid) = field("Uid:").and_then(|uid| uid.parse().ok()) else {
            return;
        };
        let threads = field("Threads:").and_then(|threads| threads.parse().ok());
        let user = self.users.entry(uid).or_default();
        user.processes += 1;
        user.threads += threads.unwrap_or(1);
        let before = user.descriptors;
        self.descriptors(pid, uid, looks);
        let held = self.users.get(&uid).map_or(0, |user| user.descriptors) - before;
        if held > 0 {
            let comm = field("Name:").unwrap_or_default().to_owned();
            self.holders.insert((Reverse(held), pid, uid, comm));
            keep(&mut self.holders);
        }
    }

    fn descriptors(&mut self, pid: u32, uid: u32, looks: &mut Looks) {
        let folder = format!("/proc/{pid}/fd");
        let entries = fs::read_dir(&folder);
        for entry in entries.into_iter().flatten().filter_map(Result::ok) {
            self.looked_at += 1;
            let user = self.users.entry(uid).or_default();
            user.descriptors += 1;
            if self.looked_at > MAX_DESCRIPTORS {
                continue;
            }
            let target = fs::read_link(entry.path()).unwrap_or_default();
            match target.as_os_str().as_bytes() {
                b"anon_inode:inotify" => {
                    let fdinfo = Path::new(&format!("/proc/{pid}/fdinfo")).join(entry.file_name());
                    user.inotify_instances += 1;
                    user.inotify_watches += process::watches(&fdinfo);
                }
                b"anon_inode:[eventpoll]" => user.epoll_instances += 1,
                path => {
                    if let Some(path) = deleted_path(path) {
                        self.deleted(pid, entry.path(), path, looks);
                    }
                }
            }
        }
    }

    fn deleted(&mut self, pid: u32, link: PathBuf, path: &[u8], looks: &mut Looks) {
        // What the kernel already knows must do: the file may be on a server that does not answer.
        let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        let look = looks.at(move || statx(CWD, &link, flags, StatxFlags::BASIC_STATS).ok());
        self.unanswered += u64::from(!look.whole);
        let Some(found) = look.one() else {
            return;
        };
        let device = device(&found);
        if found.stx_nlink == 0 && self.deleted_inodes.insert((device.clone(), found.stx_ino)) {
            self.deleted.insert(Deleted {
                disk_bytes: Reverse(found.stx_blocks.saturating_mul(512)),
                device,
                inode: found.stx_ino,
                size_bytes: found.stx_size,
                pid,
                path: path.to_vec(),
            });
            keep(&mut self.deleted);
        }
    }

    fn users_table(&self) -> String {
        let mut table = String::from(
            "uid processes threads descriptors inotify_instances inotify_watches epoll_instances\n",
        );
        for (uid, user) in &self.users {
            let User {
                processes,
                threads,
                descriptors,
                inotify_instances,
                inotify_watches,
                epoll_instances,
            } = user;
            table += &format!(
                "{uid} {processes} {threads} {descriptors} {inotify_instances} {inotify_watches} {epoll_instances}\n"
            );
        }
        table
    }

    fn deleted_table(&self) -> String {
        let mut table = String::from("device inode size_bytes disk_bytes pid path\n");
        for file in &self.deleted {
            let Deleted {
                disk_bytes: Reverse(disk_bytes),
                device,
                inode,
                size_bytes,
                pid,
                path,
            } = file;
            // One row a line, whatever the path holds.
            let path = path.escape_ascii();
            table += &format!("{device} {inode} {size_bytes} {disk_bytes} {pid} {path}\n");
        }
        table
    }

    fn holders_table(&self) -> String {
        let mut table = String::from("pid uid descriptors name\n");
        for (Reverse(held), pid, uid, comm) in &self.holders {
            table += &format!("{pid} {uid} {held} {comm}\n");
        }
        table
    }
}

/// The path of a link to a file that is deleted, without what the kernel appends to it; memfds were never named.
fn deleted_path(target: &[u8]) -> Option<&[u8]> {
    let path = target.strip_suffix(b" (deleted)")?;
    (path.starts_with(b"/") && !path.starts_with(b"/memfd:")).then_some(path)
}

fn device(found: &Statx) -> String {
    format!("{}:{}", found.stx_dev_major, found.stx_dev_minor)
}

fn keep<T: Ord>(rows: &mut BTreeSet<T>) {
    if rows.len() > ROWS {
        rows.pop_last();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn deleted_files_are_told_from_memfds() {
        assert_eq!(deleted_path(b"/tmp/x (deleted)"), Some(&b"/tmp/x"[..]));
        assert_eq!(deleted_path(b"/memfd:x (deleted)"), None);
        assert_eq!(deleted_path(b"/tmp/x"), None);
    }

    #[test]
    fn finds_a_deleted_file_of_this_process() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[1; 8192]).unwrap();
        file.sync_all().unwrap();
        // O_TMPFILE files look deleted too, and are: no name holds their blocks.
        let mut totals = Totals::default();
        totals.process(std::process::id(), &mut Looks::default());
        let own = totals.deleted.iter().find(|file| file.size_bytes == 8192);
        assert_eq!(own.map(|file| file.pid), Some(std::process::id()));
        let user = totals.users.values().next().unwrap();
        assert!(user.processes == 1 && user.threads >= 1 && user.descriptors >= 3);
        assert!(totals.holders_table().lines().count() == 2);
    }
}
