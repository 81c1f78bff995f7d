//! Limits of an IPC namespace: System V objects outlive the processes that make them.

use crate::limits::{
    row::{Row, Scope, row},
    term::Term::{Constant, Either, Fact, Rows, Sysctl},
};

const SCOPE: Scope = Scope::Namespace("IPC namespace", "ns.ipc");

pub(super) const ROWS: &[Row] = &[
    row(
        "sysctl:kernel.shmmni",
        "shared memory segments",
        SCOPE,
        Either(&Fact("ipc_ns.shm_segments"), &Rows("/proc/sysvipc/shm")),
        Either(&Fact("ipc_ns.shmmni"), &Sysctl("kernel.shmmni", 0)),
    )
    .lasting(),
    row(
        "sysctl:kernel.shmall",
        "pages of shared memory",
        SCOPE,
        Fact("ipc_ns.shm_pages"),
        Either(&Fact("ipc_ns.shmall"), &Sysctl("kernel.shmall", 0)),
    ),
    // Of one segment: what is asked for counts alone.
    row(
        "sysctl:kernel.shmmax",
        "bytes",
        SCOPE,
        Constant(0),
        Either(&Fact("ipc_ns.shmmax"), &Sysctl("kernel.shmmax", 0)),
    ),
    row(
        "sysctl:kernel.sem",
        "semaphore sets",
        SCOPE,
        Either(&Fact("ipc_ns.semaphore_sets"), &Rows("/proc/sysvipc/sem")),
        Either(&Fact("ipc_ns.semmni"), &Sysctl("kernel.sem", 3)),
    )
    .lasting(),
    row(
        "sysctl:kernel.sem",
        "semaphores",
        SCOPE,
        Fact("ipc_ns.semaphores"),
        Either(&Fact("ipc_ns.semmns"), &Sysctl("kernel.sem", 1)),
    ),
    // Of one set, one call, one message: what is asked for counts alone.
    row(
        "sysctl:kernel.sem",
        "semaphore operations",
        SCOPE,
        Constant(0),
        Sysctl("kernel.sem", 2),
    ),
    row(
        "sysctl:kernel.sem",
        "semaphores in one set",
        SCOPE,
        Constant(0),
        Sysctl("kernel.sem", 0),
    ),
    row(
        "sysctl:kernel.msgmax",
        "bytes",
        SCOPE,
        Constant(0),
        Sysctl("kernel.msgmax", 0),
    ),
    row(
        "sysctl:kernel.msgmni",
        "message queues",
        SCOPE,
        Either(&Fact("ipc_ns.message_queues"), &Rows("/proc/sysvipc/msg")),
        Either(&Fact("ipc_ns.msgmni"), &Sysctl("kernel.msgmni", 0)),
    )
    .lasting(),
];
