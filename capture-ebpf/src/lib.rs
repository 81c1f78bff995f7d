//! What the kernel programs and the recorder share: layouts, bounds, names of lost data.
//!
//! Everything here is plain old data: `#[repr(C)]`, no padding, every bit pattern valid, sizes asserted. The
//! programs themselves are the `etz-ebpf` binary of this package.
#![no_std]

mod arguments;
mod count;
mod exit;
mod fact;
mod failure;
mod focus;
mod loss;

pub use arguments::Arguments;
pub use count::{Bucket, CountKey, CountValue, SLOTS, Uncounted, is_restart, of_slot, slot};
pub use exit::Exit;
pub use fact::{
    EXIT_CODE, FILES, FILES_LEN, FIRST_FACT, FROM_ADDRESS, FROM_FILE, FROM_STRUCTURE, FROM_TASK,
    GROUP_EXIT_CODE, GROUP_FLAGS, IN_COMMAND, LIVE, MAX_DEREFS, MAX_FACTS, Recipe, Recipes,
};
pub use failure::{
    CLASSES_PER_WORD, FACT_ROOM, Failure, MAX_STRINGS, NO_ARGUMENT, SAMPLE_BODY, SAMPLE_HEAD,
    STRING_CAP, StringArgument, UNREADABLE, class, words,
};
pub use focus::{Cgroup, ERRNO_WORDS, Focus, SYSCALL_WORDS};
pub use loss::Loss;

/// Most (syscall, errno, process) keys at one time: the recorder takes those of processes that are gone out. What finds
/// no room is counted by (syscall, errno) alone, and as [`Loss::CountsFull`].
pub const MAX_COUNTS: u32 = 16_384;

/// Most (syscall, errno) pairs whose samples have a rate; of others none is sent.
pub const MAX_BUCKETS: u32 = 2_048;

/// Bytes of the ring buffer, unless the recorder is told otherwise: a power of two and a multiple of 64 KiB, the largest page of arm64.
pub const RING_BYTES: u32 = 1 << 20;

/// Bytes of the ring buffer for ends of processes: a multiple of the largest page of arm64, some 2,700 of them.
pub const EXIT_BYTES: u32 = 64 << 10;

/// Most processes with samples whose end is waited for: of more, those that failed last.
pub const MAX_SAMPLED: u32 = 4_096;

/// Most living processes of the recorded command that are known to be of it.
pub const MAX_TREE: u32 = 8_192;

/// Syscall numbers below this are looked at: 7.2 ends at 472, and numbers grow by about three a release.
pub const MAX_SYSCALLS: u32 = 1_024;

/// Most processes, and most names of threads, that samples can be limited to.
pub const MAX_FOCUS: u32 = 64;

/// Most control groups that samples can be limited to.
pub const MAX_CGROUPS: usize = 8;

/// Length of a thread's name with its NUL (`TASK_COMM_LEN`).
pub const COMM_LEN: usize = 16;
