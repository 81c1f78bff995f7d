//! Snapshots: the host's limits and their use, as procfs, sysfs, cgroupfs and statfs(2) say.
//!
//! Hooks: none; it only reads, and never a file whose reading changes something or may hang. Output:
//! [`Snapshot`] records, each a part of about 256 KiB. Bytes, entries and time
//! are bounded; what was left out is listed in the entry `etz:left-out`.
//!
//! Beside the paths of the host there are tables that the recorder worked out, all of them text with one row a line,
//! words separated by one blank, the first line naming the columns:
//!
//! | path | rows |
//! |---|---|
//! | `etz:kmsg` | messages of the kernel's log, the latest ones: time in µs of the log's clock, level, text |
//! | `etz:deleted-files` | files that are deleted but open, largest first: their device, inode, size on disk, holder, path |
//! | `etz:users` | what each user holds: processes, threads, descriptors, inotify instances and watches |
//! | `etz:descriptors` | processes with the most descriptors |
//! | `etz:proc/PID/fd` | kinds of descriptors of a process: `anon_inode:inotify 3` |
//! | `etz:paths` | every component of the paths that failing calls named, as a process sees it: mode in octal, owner, device, inode, mount, attributes, names of extended attributes; `missing` where the path ends |
//! | `etz:folders` | folders that relative paths of failing calls lead from: mount, device, inode, path |
//! | `etz:mount-users` | who has a file or a folder open on a mount that a failing call found busy |
//! | `etz:port-holders` | sockets bound to the ports that failing calls found in use: network namespace, protocol, address, state, inode, user, and who has it open |
//! | `etz:unanswered` | file systems that did not answer, and those that were not asked as others of their type did not: device, type, whether it was asked, mount point |
//! | `etz:left-out` | what was left out, and how often |
//!
//! All of it is done by a process of its own, [`child`]: what may hang there does not hold the recorder up ([`looks`]).

mod background;
mod bounded;
mod cgroups;
mod child;
mod collector;
mod connection;
mod files;
mod folders;
mod host;
mod kernel_log;
mod looks;
mod mount_table;
mod mount_users;
mod mounts;
mod paths;
mod peers;
mod pids;
mod ports;
mod process;
mod silent;
mod sysctls;
mod totals;
mod walk;
mod wire;

use std::collections::BTreeSet;

use format_spec::record::Snapshot;

pub(crate) use background::{Account, Background};
use cgroups::Groups;
pub(crate) use child::serve_recorder;
use collector::{Collector, Seen};
pub(crate) use folders::Folder;
use looks::Looks;
use mount_table::MountTables;
pub(crate) use paths::NamedPath;
use peers::Peers;
pub(crate) use ports::UsedPort;
use wire::Request;

use crate::clock::monotonic_ns;

/// What a snapshot takes a closer look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Involved {
    /// Processes that failed, and their parents.
    pub(crate) tgids: BTreeSet<u32>,
    /// cgroup v2 ids of processes that failed.
    pub(crate) cgroups: BTreeSet<u64>,
    /// Inode numbers of the mount namespaces of processes that failed, which may be gone by now.
    pub(crate) mount_namespaces: BTreeSet<u64>,
    /// Paths that failing calls named.
    pub(crate) paths: BTreeSet<NamedPath>,
    /// Ports that failing calls found in use.
    pub(crate) ports: BTreeSet<UsedPort>,
}

/// Most processes that are looked at closely in one snapshot.
const MAX_PROCESSES: usize = 64;

/// How much a snapshot covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything.
    Host,
    /// The processes involved and their cgroups and mounts alone.
    Involved,
}

/// Takes snapshots and remembers what was the same before.
#[derive(Debug, Default)]
struct Snapshots {
    seen: Seen,
    kernel_log: kernel_log::KernelLog,
    looks: Looks,
}

impl Snapshots {
    /// Takes a snapshot. `sink` gets its parts, and nothing as a sign of life; it returns whether more is wanted. Returns
    /// how many things were left out.
    fn take(&mut self, request: &Request, sink: &mut dyn FnMut(Option<Snapshot>) -> bool) -> u64 {
        let &Request {
            number,
            phase,
            extent,
            time,
            ref involved,
        } = request;
        let mut started_ns = monotonic_ns();
        let mut emit = |entries: Vec<_>| {
            if entries.is_empty() {
                return sink(None);
            }
            let ended_ns = monotonic_ns();
            let goes_on = sink(Some(Snapshot {
                number,
                phase,
                started_ns,
                ended_ns,
                entries,
            }));
            started_ns = ended_ns;
            goes_on
        };
        let looks = &mut self.looks;
        looks.begin();
        let mut tables = MountTables::default();
        let mut collector = Collector::new(&mut self.seen, time, &mut emit);
        // What may be gone in a moment comes first.
        let mut views = BTreeSet::new();
        let mut pids = process::living(involved, MAX_PROCESSES);
        for &pid in &pids {
            process::collect(&mut collector, looks, &mut views, pid);
        }
        let named = involved.paths.iter().map(|named| named.path.as_slice());
        let groups = Groups::find(&mut collector, &pids, &involved.cgroups, named);
        let mut peers = Peers::new(&pids, groups.v2());
        for pid in process::stand_ins(involved, &pids, &mut peers, MAX_PROCESSES) {
            process::collect(&mut collector, looks, &mut views, pid);
            pids.push(pid);
        }
        let paths = involved.paths.iter();
        let reached = paths::collect(&mut collector, looks, &mut tables, &mut peers, paths);
        ports::collect(&mut collector, &mut peers, &involved.ports);
        groups.collect(&mut collector);
        mounts::collect(&mut collector, looks, &mut tables, &pids, &reached.mounts);
        if extent == Extent::Host {
            sysctls::collect(&mut collector);
            host::collect(&mut collector);
        }
        self.kernel_log.collect(&mut collector);
        // What takes the longer the more processes there are comes last.
        mount_users::collect(&mut collector, looks, &reached.busy);
        if extent == Extent::Host {
            totals::collect(&mut collector, looks);
        }
        peers.tell(&mut collector);
        looks.tell(&mut collector);
        collector.finish()
    }

    /// Where file systems are mounted that did not answer.
    fn silent_points(&self) -> Vec<Vec<u8>> {
        self.looks.silent_points().map(<[u8]>::to_vec).collect()
    }
}
