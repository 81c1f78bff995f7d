//! What is left: terminals, and POSIX message queues.

use crate::limits::{
    Relation::AtLeast,
    Unit::Each,
    check::{ENOSPC, before, sum},
    demand::one,
    exemption::SYS_RESOURCE,
    record::{Record, limit},
    scope::{
        Kind::Ipc,
        Scope::{Host, Namespace},
    },
    term::Term::{Either, Fact, Sysctl},
};

pub(super) const RECORDS: &[Record] = &[
    // `devpts_new_index` (fs/devpts/inode.c) has counted the new one when it compares.
    limit(
        "sysctl:kernel.pty.max",
        Each("pseudo terminals"),
        Host,
        Sysctl("kernel.pty.nr", 0),
        Sysctl("kernel.pty.max", 0),
    )
    .checks(&[sum(&["devpts_new_index"], ENOSPC, AtLeast)])
    .demand(one),
    // `mqueue_create_attr` (ipc/mqueue.c).
    limit(
        "sysctl:fs.mqueue.queues_max",
        Each("POSIX message queues"),
        Namespace(Ipc),
        Fact("ipc_ns.mqueues"),
        Either(
            &Fact("ipc_ns.mqueues_max"),
            &Sysctl("fs.mqueue.queues_max", 0),
        ),
    )
    .checks(&[before(
        &["mqueue_create_attr", "mqueue_create"],
        ENOSPC,
        AtLeast,
    )])
    .demand(one)
    .exempt(&[SYS_RESOURCE]),
];
