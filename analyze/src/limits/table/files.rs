//! Open files, what they hold, and mounts.

use crate::limits::{
    Relation::{Above, AtLeast},
    Unit::{Bytes, Each, Pages},
    call::Kind::Resize,
    check::{EAGAIN, EFBIG, EMFILE, ENFILE, ENOSPC, EPERM, before, sum},
    demand::{files, namespaces, one},
    exemption::{SYS_ADMIN, SYS_RESOURCE},
    record::{Record, limit},
    scope::{
        Kind::Mount,
        Scope::{File, Host, Namespace, Process, User},
    },
    term::{
        Term,
        Term::{Either, Entries, Fact, Larger, Position, Rlimit, Sysctl},
    },
};

/// `next_fd` may be below descriptors that are open, never above the lowest that is free (`fs/file.c`, `alloc_fd`).
const DESCRIPTORS: Term = Larger(&Fact("files.next_fd"), &Entries("fd"));

pub(super) const RECORDS: &[Record] = &[
    // `fs/namespace.c`: what other mounts of the same call have been promised is pending.
    limit(
        "sysctl:fs.mount-max",
        Each("mounts"),
        Namespace(Mount),
        Fact("mnt_ns.mounts"),
        Sysctl("fs.mount-max", 0),
    )
    .pending(Fact("mnt_ns.pending_mounts"), "pending")
    .checks(&[sum(&["count_mounts"], ENOSPC, Above)])
    .demand(namespaces::mounts),
    limit(
        "rlimit:NOFILE",
        Each("descriptors"),
        Process,
        DESCRIPTORS,
        Either(&Fact("rlimit.NOFILE"), &Rlimit("Max open files")),
    )
    .checks(&[sum(&["alloc_fd", "__alloc_fd", "f_dupfd"], EMFILE, Above)])
    .demand(files::descriptors)
    .at_least(),
    limit(
        "sysctl:fs.nr_open",
        Each("descriptors"),
        Process,
        DESCRIPTORS,
        Sysctl("fs.nr_open", 0),
    )
    .checks(&[sum(&["expand_files", "alloc_fd"], EMFILE, Above)])
    .demand(files::descriptors)
    .at_least()
    // `expand_files` (fs/file.c) compares only what is beyond the table, which holds every open descriptor.
    .at_most(Fact("files.max_fds")),
    limit(
        "sysctl:fs.file-max",
        Each("open files"),
        Host,
        Sysctl("fs.file-nr", 0),
        Sysctl("fs.file-max", 0),
    )
    .checks(&[before(&["alloc_empty_file"], ENFILE, AtLeast)])
    .demand(one)
    .exempt(&[SYS_ADMIN]),
    limit(
        "rlimit:FSIZE",
        Bytes,
        File,
        Position,
        Either(&Fact("rlimit.FSIZE"), &Rlimit("Max file size")),
    )
    .checks(&[
        sum(&["inode_newsize_ok", "vfs_fallocate"], EFBIG, Above)
            .of(|call| matches!(call.kind, Resize { .. })),
        // What begins below the limit is cut at it.
        before(&["generic_write_check_limits"], EFBIG, AtLeast),
    ])
    .demand(files::size),
    // `ioctx_alloc` (fs/aio.c).
    limit(
        "sysctl:fs.aio-max-nr",
        Each("events of asynchronous I/O"),
        Host,
        Sysctl("fs.aio-nr", 0),
        Sysctl("fs.aio-max-nr", 0),
    )
    .checks(&[sum(&["ioctx_alloc"], EAGAIN, Above)])
    .demand(files::events),
    // `ep_insert` (fs/eventpoll.c), which newer kernels make the item in a function of its own for.
    limit(
        "sysctl:fs.epoll.max_user_watches",
        Each("epoll watches"),
        User,
        Fact("user.epoll_watches"),
        Sysctl("fs.epoll.max_user_watches", 0),
    )
    .checks(&[before(&["ep_insert", "ep_alloc_epitem"], ENOSPC, AtLeast)])
    .demand(one)
    .at_least(),
    // `too_many_pipe_buffers_soft` and `_hard` (fs/pipe.c) compare what is used with the new pipe in it.
    limit(
        "sysctl:fs.pipe-user-pages-soft",
        Pages("pages of pipes"),
        User,
        Fact("user.pipe_pages"),
        Sysctl("fs.pipe-user-pages-soft", 0),
    )
    .checks(&[sum(&["pipe_set_size"], EPERM, Above)])
    .demand(files::pipe_pages)
    .zero_is_none()
    .exempt(&[SYS_ADMIN, SYS_RESOURCE]),
    limit(
        "sysctl:fs.pipe-user-pages-hard",
        Pages("pages of pipes"),
        User,
        Fact("user.pipe_pages"),
        Sysctl("fs.pipe-user-pages-hard", 0),
    )
    .checks(&[
        sum(&["pipe_set_size"], EPERM, Above),
        sum(&["alloc_pipe_info"], ENFILE, Above),
    ])
    .demand(files::pipe_pages)
    .zero_is_none()
    .exempt(&[SYS_ADMIN, SYS_RESOURCE]),
];
