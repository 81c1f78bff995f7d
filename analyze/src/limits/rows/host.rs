//! Limits of the whole host.

use super::{SYS_ADMIN, SYS_RESOURCE};
use crate::limits::{
    row::{
        Row,
        Scope::{Host, Namespace},
        row,
    },
    term::Term::{Constant, Either, Fact, Less, Named, OrZero, Plus, Sysctl, Times, Without, Word},
};

/// Bit 31 of `pid_allocated` (`PIDNS_ADDING`, `kernel/pid.c`) is no count.
const ADDING: u64 = 1 << 31;

/// Process ids below are given at boot only (`RESERVED_PIDS`, `include/linux/threads.h`).
const RESERVED_PIDS: u64 = 300;

const MEMINFO: &str = "/proc/meminfo";

pub(super) const ROWS: &[Row] = &[
    row(
        "sysctl:fs.file-max",
        "open files",
        Host,
        Sysctl("fs.file-nr", 0),
        Sysctl("fs.file-max", 0),
    )
    .exempt(&[SYS_ADMIN]),
    // The number of threads of the host stands in loadavg behind the slash (`fs/proc/loadavg.c`).
    row(
        "sysctl:kernel.threads-max",
        "threads",
        Host,
        Word("/proc/loadavg", 4),
        Sysctl("kernel.threads-max", 0),
    ),
    row(
        "sysctl:kernel.pid_max",
        "process ids, 300 of them reserved",
        Namespace("PID namespace", "ns.pid_for_children"),
        Plus(
            &Without(&Fact("pid_ns.allocated"), ADDING),
            &Constant(RESERVED_PIDS),
        ),
        Either(&Fact("pid_ns.max"), &Sysctl("kernel.pid_max", 0)),
    ),
    row(
        "sysctl:fs.aio-max-nr",
        "events of asynchronous I/O",
        Host,
        Sysctl("fs.aio-nr", 0),
        Sysctl("fs.aio-max-nr", 0),
    ),
    row(
        "sysctl:vm.overcommit_memory",
        "bytes",
        Host,
        Times(&Named(MEMINFO, "Committed_AS:"), 1024),
        Times(&Named(MEMINFO, "CommitLimit:"), 1024),
    )
    .only(Sysctl("vm.overcommit_memory", 0), 2),
    // The heuristic refuses what memory and swap together could never hold (`__vm_enough_memory`, mm/util.c).
    row(
        "sysctl:vm.overcommit_memory",
        "bytes",
        Host,
        Constant(0),
        Times(
            &Plus(
                &Named(MEMINFO, "MemTotal:"),
                &OrZero(&Named(MEMINFO, "SwapTotal:")),
            ),
            1024,
        ),
    )
    .only(Sysctl("vm.overcommit_memory", 0), 0),
    row(
        "sysctl:vm.nr_hugepages",
        "huge pages",
        Host,
        Plus(
            &Less(
                &Named(MEMINFO, "HugePages_Total:"),
                &Named(MEMINFO, "HugePages_Free:"),
            ),
            &Named(MEMINFO, "HugePages_Rsvd:"),
        ),
        Plus(
            &Named(MEMINFO, "HugePages_Total:"),
            &OrZero(&Sysctl("vm.nr_overcommit_hugepages", 0)),
        ),
    ),
    row(
        "sysctl:kernel.pty.max",
        "pseudo terminals",
        Host,
        Sysctl("kernel.pty.nr", 0),
        Sysctl("kernel.pty.max", 0),
    ),
    row(
        "sysctl:fs.mqueue.queues_max",
        "POSIX message queues",
        Namespace("IPC namespace", "ns.ipc"),
        Fact("ipc_ns.mqueues"),
        Either(
            &Fact("ipc_ns.mqueues_max"),
            &Sysctl("fs.mqueue.queues_max", 0),
        ),
    )
    .exempt(&[SYS_RESOURCE]),
];
