//! Limits of one process: its rlimits, its mappings, its mounts.

use super::IPC_LOCK;
use crate::limits::{
    row::{
        Row,
        Scope::{File, Namespace, Process},
        row,
    },
    term::Term::{Either, Entries, Fact, Larger, OrZero, Pages, Plus, Position, Rlimit, Sysctl},
};

/// `next_fd` may be below descriptors that are open, never above the lowest that is free (`fs/file.c`, `alloc_fd`).
const DESCRIPTORS: crate::limits::term::Term = Larger(&Fact("files.next_fd"), &Entries("fd"));

pub(super) const ROWS: &[Row] = &[
    // `count_mounts` (fs/namespace.c) adds both.
    row(
        "sysctl:fs.mount-max",
        "mounts",
        Namespace("mount namespace", "ns.mnt"),
        Plus(
            &Fact("mnt_ns.mounts"),
            &OrZero(&Fact("mnt_ns.pending_mounts")),
        ),
        Sysctl("fs.mount-max", 0),
    ),
    row(
        "rlimit:NOFILE",
        "descriptors",
        Process,
        DESCRIPTORS,
        Either(&Fact("rlimit.NOFILE"), &Rlimit("Max open files")),
    )
    .at_least(),
    row(
        "sysctl:fs.nr_open",
        "descriptors",
        Process,
        DESCRIPTORS,
        Sysctl("fs.nr_open", 0),
    )
    .at_least()
    // `expand_files` (fs/file.c) compares only what is beyond the table, which holds every open descriptor.
    .at_most(Fact("files.max_fds")),
    // `mlock_fixup` and `mmap` count in `locked_vm`; io_uring, perf and XDP sockets count by user.
    row(
        "rlimit:MEMLOCK",
        "bytes",
        Process,
        Pages(&Fact("mm.locked_vm")),
        Either(&Fact("rlimit.MEMLOCK"), &Rlimit("Max locked memory")),
    )
    .exempt(&[IPC_LOCK]),
    row(
        "rlimit:AS",
        "bytes",
        Process,
        Pages(&Fact("mm.total_vm")),
        Either(&Fact("rlimit.AS"), &Rlimit("Max address space")),
    ),
    row(
        "rlimit:DATA",
        "bytes",
        Process,
        Pages(&Fact("mm.data_vm")),
        Either(&Fact("rlimit.DATA"), &Rlimit("Max data size")),
    ),
    row(
        "rlimit:STACK",
        "bytes",
        Process,
        Pages(&Fact("mm.stack_vm")),
        Either(&Fact("rlimit.STACK"), &Rlimit("Max stack size")),
    )
    .at_least(),
    row(
        "rlimit:FSIZE",
        "bytes",
        File,
        Position,
        Either(&Fact("rlimit.FSIZE"), &Rlimit("Max file size")),
    ),
    row(
        "sysctl:vm.max_map_count",
        "mappings",
        Process,
        Fact("mm.map_count"),
        Sysctl("vm.max_map_count", 0),
    ),
];
