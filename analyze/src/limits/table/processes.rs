//! Processes, threads, their numbers, and what one user may have of them.

use crate::limits::{
    Relation::{self, AtLeast},
    Unit::{Bytes, Each},
    check::{EAGAIN, before, sum},
    demand::{one, processes, unknown},
    exemption::{Exemption::InitialRoot, SYS_ADMIN, SYS_RESOURCE},
    record::{Record, limit},
    scope::{
        Kind::Pid,
        Scope::{Host, Namespace, UserInNamespace},
    },
    term::Term::{self, Above, Constant, Either, Fact, Rlimit, Sysctl, Without, Word},
};

/// Bit 31 of `pid_allocated` (`PIDNS_ADDING`, `kernel/pid.c`) is no count.
const ADDING: u64 = 1 << 31;

/// Numbers below are given only until the search has passed them (`RESERVED_PIDS`, `include/linux/threads.h`; `alloc_pid`,
/// `kernel/pid.c`); number 0 is no process's.
const RESERVED_PIDS: u64 = 300;
const RESERVED: Term = Either(
    &Above {
        term: &Fact("pid_ns.cursor"),
        bound: RESERVED_PIDS,
        then: RESERVED_PIDS,
        otherwise: 1,
    },
    &Constant(RESERVED_PIDS),
);

pub(super) const RECORDS: &[Record] = &[
    // `copy_process` (kernel/fork.c, 6.1 to 7.2) has counted the new process when it compares. `INIT_USER` goes on, whatever it
    // may do: its user is asked for.
    limit(
        "rlimit:NPROC",
        Each("processes and threads"),
        UserInNamespace,
        Fact("ucount.rlimit_nproc"),
        Either(&Fact("rlimit.NPROC"), &Rlimit("Max processes")),
    )
    .checks(&[
        before(&["do_execveat_common"], EAGAIN, Relation::Above).of(processes::is_exec),
        sum(&["copy_process"], EAGAIN, Relation::Above),
    ])
    .demand(processes::of_user)
    .exempt(&[InitialRoot, SYS_ADMIN, SYS_RESOURCE]),
    // The number of threads of the host stands in loadavg behind the slash (`fs/proc/loadavg.c`).
    limit(
        "sysctl:kernel.threads-max",
        Each("threads"),
        Host,
        Word("/proc/loadavg", 4),
        Sysctl("kernel.threads-max", 0),
    )
    .checks(&[before(&["copy_process"], EAGAIN, AtLeast)])
    .demand(processes::process),
    // `alloc_pid` (kernel/pid.c) looks for a number in the namespace and in all above it.
    limit(
        "sysctl:kernel.pid_max",
        Each("process ids"),
        Namespace(Pid),
        Without(&Fact("pid_ns.allocated"), ADDING),
        Either(&Fact("pid_ns.max"), &Sysctl("kernel.pid_max", 0)),
    )
    .pending(RESERVED, "reserved")
    .checks(&[sum(&["alloc_pid"], EAGAIN, Relation::Above)])
    .demand(processes::process),
    limit(
        "rlimit:SIGPENDING",
        Each("queued signals"),
        UserInNamespace,
        Fact("ucount.rlimit_sigpending"),
        Either(&Fact("rlimit.SIGPENDING"), &Rlimit("Max pending signals")),
    )
    .checks(&[sum(
        &["__sigqueue_alloc", "sigqueue_alloc"],
        EAGAIN,
        Relation::Above,
    )])
    .demand(one),
    limit(
        "rlimit:MSGQUEUE",
        Bytes,
        UserInNamespace,
        Fact("ucount.rlimit_msgqueue"),
        Either(&Fact("rlimit.MSGQUEUE"), &Rlimit("Max msgqueue size")),
    )
    .demand(unknown),
];
