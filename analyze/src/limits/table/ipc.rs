//! System V objects of an IPC namespace, which outlive the processes that make them.

use crate::{
    limits::{
        Relation::{Above, AtLeast},
        Unit::{Bytes, Each, Pages},
        check::{EINVAL, ENOSPC, before, sum},
        demand::ipc,
        record::{Record, limit},
        scope::{Kind::Ipc, Scope, Scope::Namespace},
        term::Term::{Constant, Either, Fact, Rows, Sysctl},
    },
    names::errno::E2BIG,
};

const SCOPE: Scope = Namespace(Ipc);

pub(super) const RECORDS: &[Record] = &[
    // Sets, queues and segments are added by `ipc_addid` (ipc/util.c); `newseg` (ipc/shm.c), `newary` (ipc/sem.c).
    limit(
        "sysctl:kernel.shmmni",
        Each("shared memory segments"),
        SCOPE,
        Either(&Fact("ipc_ns.shm_segments"), &Rows("/proc/sysvipc/shm")),
        Either(&Fact("ipc_ns.shmmni"), &Sysctl("kernel.shmmni", 0)),
    )
    .checks(&[before(&["ipc_addid", "newseg"], ENOSPC, AtLeast)])
    .demand(ipc::segments)
    .lasting(),
    limit(
        "sysctl:kernel.shmall",
        Pages("pages of shared memory"),
        SCOPE,
        Fact("ipc_ns.shm_pages"),
        Either(&Fact("ipc_ns.shmall"), &Sysctl("kernel.shmall", 0)),
    )
    .checks(&[sum(&["newseg"], ENOSPC, Above)])
    .demand(ipc::shared_pages),
    // Of one segment: what is asked for counts alone.
    limit(
        "sysctl:kernel.shmmax",
        Bytes,
        SCOPE,
        Constant(0),
        Either(&Fact("ipc_ns.shmmax"), &Sysctl("kernel.shmmax", 0)),
    )
    .checks(&[sum(&["newseg"], EINVAL, Above)])
    .demand(ipc::segment),
    limit(
        "sysctl:kernel.sem",
        Each("semaphore sets"),
        SCOPE,
        Either(&Fact("ipc_ns.semaphore_sets"), &Rows("/proc/sysvipc/sem")),
        Either(&Fact("ipc_ns.semmni"), &Sysctl("kernel.sem", 3)),
    )
    .checks(&[before(&["ipc_addid", "newary"], ENOSPC, AtLeast)])
    .demand(ipc::sets)
    .lasting(),
    limit(
        "sysctl:kernel.sem",
        Each("semaphores"),
        SCOPE,
        Fact("ipc_ns.semaphores"),
        Either(&Fact("ipc_ns.semmns"), &Sysctl("kernel.sem", 1)),
    )
    .checks(&[sum(&["newary"], ENOSPC, Above)])
    .demand(ipc::semaphores),
    // Of one set, one call, one message: what is asked for counts alone.
    limit(
        "sysctl:kernel.sem",
        Each("semaphore operations"),
        SCOPE,
        Constant(0),
        Either(&Fact("ipc_ns.semopm"), &Sysctl("kernel.sem", 2)),
    )
    .checks(&[sum(&["do_semtimedop", "__do_semtimedop"], E2BIG, Above)])
    .demand(ipc::operations),
    limit(
        "sysctl:kernel.sem",
        Each("semaphores in one set"),
        SCOPE,
        Constant(0),
        Either(&Fact("ipc_ns.semmsl"), &Sysctl("kernel.sem", 0)),
    )
    .checks(&[sum(&["ksys_semget", "sys_semget"], EINVAL, Above)])
    .demand(ipc::semaphores),
    limit(
        "sysctl:kernel.msgmax",
        Bytes,
        SCOPE,
        Constant(0),
        Either(&Fact("ipc_ns.msgmax"), &Sysctl("kernel.msgmax", 0)),
    )
    .checks(&[sum(&["do_msgsnd"], EINVAL, Above)])
    .demand(ipc::message),
    limit(
        "sysctl:kernel.msgmni",
        Each("message queues"),
        SCOPE,
        Either(&Fact("ipc_ns.message_queues"), &Rows("/proc/sysvipc/msg")),
        Either(&Fact("ipc_ns.msgmni"), &Sysctl("kernel.msgmni", 0)),
    )
    .checks(&[before(&["ipc_addid", "newque"], ENOSPC, AtLeast)])
    .demand(ipc::queues)
    .lasting(),
];
