//! Which failures are kept whole.

use core::mem::size_of;

use crate::{MAX_CGROUPS, MAX_SYSCALLS};

/// Words of the bit set of errnos, 0 to 4095.
pub const ERRNO_WORDS: usize = 4096 / 64;

/// Words of the bit set of syscalls.
pub const SYSCALL_WORDS: usize = MAX_SYSCALLS as usize / 64;

/// A control group of cgroup v2, with all groups below it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cgroup {
    /// Its id: the inode number of its folder; 0 for none.
    pub id: u64,
    /// How many groups are above it; 0 for the root.
    pub level: u64,
}

/// What samples are limited to: the one entry of an array map.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Focus {
    /// Bit `i` says whether errno `i` is wanted.
    pub errnos: [u64; ERRNO_WORDS],
    /// Bit `i` says whether syscall number `i` is wanted.
    pub syscalls: [u64; SYSCALL_WORDS],
    /// Control groups, those in use first; none for all.
    pub cgroups: [Cgroup; MAX_CGROUPS],
}

const _: () = assert!(size_of::<Focus>() == 8 * (ERRNO_WORDS + SYSCALL_WORDS + 2 * MAX_CGROUPS));
