//! The end of a process, as it goes through the ring buffer.

use core::mem::size_of;

/// A process of which a failure was sampled has ended.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Exit {
    /// When its last thread ended, nanoseconds of CLOCK_MONOTONIC.
    pub time_ns: u64,
    /// Process (thread group id) in the initial pid namespace.
    pub tgid: u32,
    /// Wait status, as waitpid(2) gives it.
    pub status: u32,
}

const _: () = assert!(size_of::<Exit>() == 16);
