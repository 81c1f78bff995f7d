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
//! | `etz:left-out` | what was left out, and how often |

mod background;
mod bounded;
mod cgroups;
mod collector;
mod folders;
mod host;
mod kernel_log;
mod mount_users;
mod mounts;
mod paths;
mod ports;
mod process;
mod sysctls;
mod totals;

use std::{collections::BTreeSet, time::Duration};

use format_spec::record::{Phase, Snapshot};

pub(crate) use background::Background;
use collector::{Collector, Seen};
pub(crate) use folders::Folder;
pub(crate) use paths::NamedPath;
pub(crate) use ports::UsedPort;

use crate::preflight::monotonic_ns;

/// What a snapshot takes a closer look at.
#[derive(Debug, Clone, Default)]
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
    number: u32,
    seen: Seen,
    kernel_log: kernel_log::KernelLog,
    left_out: u64,
}

impl Snapshots {
    /// Takes a snapshot; `sink` gets its parts, `time` is when it stops at the latest.
    fn take(
        &mut self,
        phase: Phase,
        extent: Extent,
        involved: &Involved,
        time: Duration,
        sink: &mut dyn FnMut(Snapshot),
    ) {
        let number = self.number;
        self.number += 1;
        let mut started_ns = monotonic_ns();
        let mut emit = |entries| {
            let ended_ns = monotonic_ns();
            sink(Snapshot {
                number,
                phase,
                started_ns,
                ended_ns,
                entries,
            });
            started_ns = ended_ns;
        };
        let mut collector = Collector::new(&mut self.seen, time, &mut emit);
        // What may be gone in a moment comes first.
        let pids = process::living(involved, MAX_PROCESSES);
        for &pid in &pids {
            process::collect(&mut collector, pid);
        }
        let busy = paths::collect(&mut collector, involved.paths.iter());
        mount_users::collect(&mut collector, &busy);
        ports::collect(&mut collector, &involved.ports);
        let named = involved.paths.iter().map(|named| named.path.as_slice());
        cgroups::collect(&mut collector, &pids, &involved.cgroups, named);
        mounts::collect(&mut collector, &pids);
        self.kernel_log.collect(&mut collector);
        if extent == Extent::Host {
            totals::collect(&mut collector);
            sysctls::collect(&mut collector);
            host::collect(&mut collector);
        }
        self.left_out += collector.finish();
    }

    /// How many things were left out of the snapshots so far.
    fn left_out(&self) -> u64 {
        self.left_out
    }
}
