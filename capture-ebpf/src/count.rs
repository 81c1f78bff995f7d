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
    /// cgroup v2 id of the thread that failed first.
    pub cgroup: u64,
    /// Name of the thread that failed first, NUL-padded.
    pub comm: [u8; COMM_LEN],
}

const _: () = assert!(size_of::<CountValue>() == 64);

/// Failures of one syscall that no [`CountKey`] counts, by [`slot`]: the table of keys was full, or their process is not
/// told ([`is_restart`]).
pub type Uncounted = [u64; SLOTS];

/// Slots of [`Uncounted`]: one for each errno of the kernel, and one, the first, for all others.
pub const SLOTS: usize = 160;

/// Largest errno that programs see (`EHWPOISON`, `include/uapi/asm-generic/errno.h`).
const LARGEST: u32 = 133;

/// The kernel's own errnos: `ERESTARTSYS` to `EIOCBQUEUED` and then some (`include/linux/errno.h`).
const INTERNAL: u32 = 512;
const INTERNALS: u32 = 26;

const _: () = assert!(SLOTS == (LARGEST + 1 + INTERNALS) as usize);

/// The slot of an errno. Only seccomp and tracers make others than the kernel's.
#[must_use]
#[inline(always)]
pub const fn slot(errno: u32) -> usize {
    if errno <= LARGEST {
        return errno as usize;
    }
    let internal = errno.wrapping_sub(INTERNAL);
    if internal < INTERNALS {
        return (LARGEST + 1 + internal) as usize;
    }
    0
}

/// The errno of a slot; 0 for the one of all others.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "there are 160 slots")]
pub const fn of_slot(slot: usize) -> u16 {
    let slot = slot as u32;
    let errno = if slot <= LARGEST {
        slot
    } else {
        slot - LARGEST - 1 + INTERNAL
    };
    errno as u16
}

const _: () = {
    let mut at = 0;
    while at < SLOTS {
        assert!(slot(of_slot(at) as u32) == at);
        at += 1;
    }
    assert!(slot(134) == 0 && slot(511) == 0 && slot(4095) == 0);
};

/// Whether user space never sees this errno: the kernel restarts the call or makes it EINTR on the way out
/// (`ERESTARTSYS`, `ERESTARTNOINTR`, `ERESTARTNOHAND`, `ERESTART_RESTARTBLOCK`; `include/linux/errno.h`).
#[must_use]
#[inline(always)]
pub const fn is_restart(errno: u32) -> bool {
    matches!(errno, 512 | 513 | 514 | 516)
}

/// The rate limit of the samples of one (syscall, errno): one for all processes of the recorded command, and one for
/// all others.
///
/// It is GCRA: `allowed_ns` is when the next sample would be due at the steady rate; a sample may be early by the
/// burst.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// When the next sample is due, nanoseconds of CLOCK_MONOTONIC.
    pub allowed_ns: u64,
}

const _: () = assert!(size_of::<Bucket>() == 8);

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
