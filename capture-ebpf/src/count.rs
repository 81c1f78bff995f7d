//! Exact counts, and the rate at which failures are sent whole.

use core::mem::size_of;

use crate::COMM_LEN;

/// What failures are counted by.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountKey {
    /// Syscall number.
    pub syscall: u32,
    /// Process (thread group id) in the initial pid namespace.
    pub tgid: u32,
    /// errno, 1 to 4095.
    pub errno: u32,
}

const _: () = assert!(size_of::<CountKey>() == 12);

/// The count of one [`CountKey`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CountValue {
    /// Failures.
    pub count: u64,
    /// Time of the first one, nanoseconds of CLOCK_MONOTONIC.
    pub first_ns: u64,
    /// The timer tick (`jiffies`) of the first one.
    pub first_tick: u64,
    /// The timer tick of the last one: to read a clock takes ten times as long.
    pub last_tick: u64,
    /// No sample is allowed before this tick, unless this is one of the first failures.
    pub quiet_until_tick: u64,
    /// Name of the thread that failed first, NUL-padded.
    pub comm: [u8; COMM_LEN],
}

const _: () = assert!(size_of::<CountValue>() == 56);

/// The rate limit of the samples of one (syscall, errno), and the failures that no [`CountKey`] counts: one for all
/// processes of the recorded command, and one for all others.
///
/// The rate limit is GCRA: `allowed_ns` is when the next sample would be due at the steady rate; a sample may be
/// early by the burst.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// Failures of processes for which the table of counts had no room.
    pub uncounted: u64,
    /// When the next sample is due, nanoseconds of CLOCK_MONOTONIC.
    pub allowed_ns: u64,
}

const _: () = assert!(size_of::<Bucket>() == 16);

impl Bucket {
    /// Bit of the map's key of what the recorded command does: on a busy host the samples of others would use up the
    /// rate.
    pub const OF_COMMAND: u64 = 1 << 15;

    /// The map's key of a (syscall, errno).
    #[must_use]
    #[inline(always)]
    pub const fn key(syscall: u32, errno: u32) -> u64 {
        (syscall as u64) << 16 | errno as u64
    }

    /// The (syscall, errno) of a map's key.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a key holds a syscall in 32 bits and an errno in 12"
    )]
    pub const fn of_key(key: u64) -> (u32, u16) {
        ((key >> 16) as u32, (key & 0xfff) as u16)
    }
}
