//! One failure whole, as it goes through the ring buffer.

use core::mem::size_of;

use crate::{COMM_LEN, FACT_WORDS, MAX_FACTS};

/// Most string arguments of one failure: mount(2) has four.
pub const MAX_STRINGS: usize = 4;

/// Bytes of a string that are kept, its NUL included.
pub const STRING_CAP: usize = 256;

/// [`StringArgument::argument`] of a slot that is not in use.
pub const NO_ARGUMENT: u8 = 0xff;

/// [`StringArgument::len`] of a string whose memory could not be read.
pub const UNREADABLE: u16 = u16::MAX;

/// A failing syscall.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// When it returned, nanoseconds of CLOCK_MONOTONIC.
    pub time_ns: u64,
    /// cgroup v2 id.
    pub cgroup: u64,
    /// The six argument registers; the last two words are zero, so that an index of three bits is in bounds.
    pub args: [u64; 8],
    /// Bit `i` says whether fact `i` could be read.
    pub fact_set: [u64; FACT_WORDS],
    /// Values of the facts.
    pub facts: [u64; MAX_FACTS],
    /// Syscall number.
    pub syscall: u32,
    /// errno, 1 to 4095.
    pub errno: u32,
    /// Process (thread group id) in the initial pid namespace.
    pub tgid: u32,
    /// Thread in the initial pid namespace.
    pub pid: u32,
    /// Real user id in the initial user namespace.
    pub uid: u32,
    /// 1 when a `sys_enter` program was watching and did not see the call begin, else 0.
    pub not_entered: u32,
    /// Name of the thread, NUL-padded.
    pub comm: [u8; COMM_LEN],
    /// String arguments.
    pub strings: [StringArgument; MAX_STRINGS],
}

const _: () = assert!(
    size_of::<Failure>()
        == 16 + 64 + 8 * FACT_WORDS + 8 * MAX_FACTS + 24 + COMM_LEN + MAX_STRINGS * 260
);

/// A string argument.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct StringArgument {
    /// Which argument, 0 to 5, or [`NO_ARGUMENT`].
    pub argument: u8,
    /// Zero.
    pub reserved: u8,
    /// Bytes in use, the NUL included, or [`UNREADABLE`]; [`STRING_CAP`] when the string was cut or just fits.
    pub len: u16,
    /// The string.
    pub bytes: [u8; STRING_CAP],
}

const _: () = assert!(size_of::<StringArgument>() == 4 + STRING_CAP);
