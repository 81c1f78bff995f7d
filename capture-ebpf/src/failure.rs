//! One failure whole, as it goes through the ring buffer: a fixed beginning, then what it needs for facts and strings.

use core::mem::{offset_of, size_of};

use crate::{COMM_LEN, MAX_FACTS};

/// Most string arguments of one failure: mount(2) has four.
pub const MAX_STRINGS: usize = 4;

/// Bytes of a string that are kept, its NUL included.
pub const STRING_CAP: usize = 256;

/// [`StringArgument::argument`] of a slot that is not in use.
pub const NO_ARGUMENT: u8 = 0xff;

/// [`StringArgument::len`] of a string whose memory could not be read.
pub const UNREADABLE: u16 = u16::MAX;

/// Facts whose classes one word of [`Failure::classes`] holds: two bits each.
pub const CLASSES_PER_WORD: usize = 32;

/// Words of 32 bits for all facts at their widest; a power of two, so that a mask keeps an index in bounds.
pub const FACT_ROOM: usize = (2 * MAX_FACTS).next_power_of_two();

/// A failing syscall. Of [`Failure::body`] only what is in use is sent: first the facts, each in as many words as its
/// class says, then the strings without gaps, each with its NUL.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// When it returned, nanoseconds of CLOCK_MONOTONIC.
    pub time_ns: u64,
    /// cgroup v2 id.
    pub cgroup: u64,
    /// The six argument registers; the last two words are zero, so that an index of three bits is in bounds.
    pub args: [u64; 8],
    /// The class of each fact: 0 could not be read, 1 is zero, 2 takes one word, 3 takes two, the lower one first.
    pub classes: [u64; MAX_FACTS.div_ceil(CLASSES_PER_WORD)],
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
    /// Facts and strings. The last bytes are never sent: the verifier allows any string at any place.
    pub body: [u32; (SAMPLE_BODY + STRING_CAP) / 4],
}

const _: () = assert!(
    size_of::<Failure>()
        == 16
            + 64
            + 8 * MAX_FACTS.div_ceil(CLASSES_PER_WORD)
            + 24
            + COMM_LEN
            + MAX_STRINGS * 4
            + SAMPLE_BODY
            + STRING_CAP
);

/// Bytes of a sample without facts and strings.
pub const SAMPLE_HEAD: usize = offset_of!(Failure, body);

/// Most bytes of facts and strings together; a power of two, so that a mask keeps a place in bounds.
pub const SAMPLE_BODY: usize = (4 * FACT_ROOM + MAX_STRINGS * STRING_CAP).next_power_of_two();

/// A string argument.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct StringArgument {
    /// Which argument, 0 to 5, or [`NO_ARGUMENT`].
    pub argument: u8,
    /// Zero.
    pub reserved: u8,
    /// Bytes in the body, the NUL included, or [`UNREADABLE`]; [`STRING_CAP`] when the string was cut or just fits.
    pub len: u16,
}

const _: () = assert!(size_of::<StringArgument>() == 4);

/// The class of a fact with that value.
#[must_use]
#[inline(always)]
pub const fn class(value: u64) -> u32 {
    match value {
        0 => 1,
        1..=0xffff_ffff => 2,
        _ => 3,
    }
}

/// Words that a fact of that class takes, 0 to 2: 0, 0, 1, 2. Without a branch, which would double what the verifier
/// looks at.
#[must_use]
#[inline(always)]
pub const fn words(class: u32) -> usize {
    ((class >> 1) + (class & class >> 1)) as usize
}

const _: () = assert!(words(0) + words(1) == 0 && words(2) == 1 && words(3) == 2);
