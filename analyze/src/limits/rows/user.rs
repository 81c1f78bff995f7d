//! Limits of one user over all processes.

use super::{IPC_LOCK, SYS_ADMIN, SYS_RESOURCE};
use crate::limits::{
    row::{
        Row,
        Scope::{User, UserInNamespace},
        row,
    },
    term::Term::{Either, Fact, IsRoot, KeyUser, Pages, Rlimit, Sysctl},
};

pub(super) const ROWS: &[Row] = &[
    // `copy_process` (kernel/fork.c, 6.1 to 7.2): who has one of these capabilities goes on, and so does `INIT_USER`, user 0 in
    // whatever container without any: its user is asked for, not what it may do.
    row(
        "rlimit:NPROC",
        "processes and threads",
        UserInNamespace,
        Fact("ucount.rlimit_nproc"),
        Either(&Fact("rlimit.NPROC"), &Rlimit("Max processes")),
    )
    .exempt(&[SYS_ADMIN, SYS_RESOURCE])
    .spares_root(),
    row(
        "rlimit:SIGPENDING",
        "queued signals",
        UserInNamespace,
        Fact("ucount.rlimit_sigpending"),
        Either(&Fact("rlimit.SIGPENDING"), &Rlimit("Max pending signals")),
    ),
    row(
        "rlimit:MSGQUEUE",
        "bytes",
        UserInNamespace,
        Fact("ucount.rlimit_msgqueue"),
        Either(&Fact("rlimit.MSGQUEUE"), &Rlimit("Max msgqueue size")),
    ),
    // `user_shm_lock` (mm/mlock.c) counts pages, whatever the limit's unit.
    row(
        "rlimit:MEMLOCK",
        "bytes",
        UserInNamespace,
        Pages(&Fact("ucount.rlimit_memlock")),
        Either(&Fact("rlimit.MEMLOCK"), &Rlimit("Max locked memory")),
    )
    .exempt(&[IPC_LOCK]),
    // io_uring, perf, XDP sockets (`user->locked_vm`).
    row(
        "rlimit:MEMLOCK",
        "bytes",
        User,
        Pages(&Fact("user.locked_pages")),
        Either(&Fact("rlimit.MEMLOCK"), &Rlimit("Max locked memory")),
    )
    .exempt(&[IPC_LOCK]),
    row(
        "sysctl:fs.epoll.max_user_watches",
        "epoll watches",
        User,
        Fact("user.epoll_watches"),
        Sysctl("fs.epoll.max_user_watches", 0),
    )
    .at_least(),
    row(
        "sysctl:fs.pipe-user-pages-soft",
        "pages of pipes",
        User,
        Fact("user.pipe_pages"),
        Sysctl("fs.pipe-user-pages-soft", 0),
    )
    .zero_is_none()
    .exempt(&[SYS_ADMIN, SYS_RESOURCE]),
    row(
        "sysctl:fs.pipe-user-pages-hard",
        "pages of pipes",
        User,
        Fact("user.pipe_pages"),
        Sysctl("fs.pipe-user-pages-hard", 0),
    )
    .zero_is_none()
    .exempt(&[SYS_ADMIN, SYS_RESOURCE]),
    row(
        "sysctl:kernel.keys.maxkeys",
        "keys",
        User,
        KeyUser(3),
        KeyUser(4),
    )
    .lasting()
    .only(IsRoot, 0),
    row(
        "sysctl:kernel.keys.maxbytes",
        "bytes",
        User,
        KeyUser(5),
        KeyUser(6),
    )
    .lasting()
    .only(IsRoot, 0),
    row(
        "sysctl:kernel.keys.root_maxkeys",
        "keys",
        User,
        KeyUser(3),
        KeyUser(4),
    )
    .lasting()
    .only(IsRoot, 1),
    row(
        "sysctl:kernel.keys.root_maxbytes",
        "bytes",
        User,
        KeyUser(5),
        KeyUser(6),
    )
    .lasting()
    .only(IsRoot, 1),
];
