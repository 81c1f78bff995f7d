//! The maps and the constants that the recorder sets before it loads the programs.

use aya_ebpf::{
    Global,
    macros::map,
    maps::{Array, HashMap, LruHashMap, PerCpuArray, RingBuf},
};
use capture_ebpf::{
    Arguments, Bucket, COMM_LEN, CountKey, CountValue, EXIT_BYTES, Failure, Focus, Loss,
    MAX_BUCKETS, MAX_COUNTS, MAX_FOCUS, MAX_SAMPLED, MAX_SYSCALLS, MAX_TREE, RING_BYTES, Recipes,
    Uncounted,
};

/// Failures by (syscall, errno, process).
#[map]
pub(crate) static COUNTS: HashMap<CountKey, CountValue> = HashMap::with_max_entries(MAX_COUNTS, 0);

/// 1 when [`COUNTS`] is full, until the recorder has made room.
#[map]
pub(crate) static COUNTS_FULL: Array<u32> = Array::with_max_entries(1, 0);

/// Failures that are not in [`COUNTS`], by syscall and [`capture_ebpf::slot`]: there is room for all that can be.
#[map]
pub(crate) static UNCOUNTED: Array<Uncounted> = Array::with_max_entries(MAX_SYSCALLS, 0);

/// The rate limit of samples, by [`Bucket::key`].
#[map]
pub(crate) static BUCKETS: HashMap<u64, Bucket> = HashMap::with_max_entries(MAX_BUCKETS, 0);

/// Samples.
#[map]
pub(crate) static SAMPLES: RingBuf = RingBuf::with_byte_size(RING_BYTES, 0);

/// Where a sample is put together. A program does not interrupt itself: a second run on one processor is refused
/// (`prog->active` in `__bpf_trace_run`, `kernel/trace/bpf_trace.c`). It is the first of two: a length that a
/// power of two bounds must be in bounds.
#[map]
pub(crate) static SAMPLE: PerCpuArray<[Failure; 2]> = PerCpuArray::with_max_entries(1, 0);

/// Counters of lost data, by [`Loss`].
#[map]
pub(crate) static LOSSES: PerCpuArray<u64> =
    PerCpuArray::with_max_entries(Loss::ALL.len() as u32, 0);

/// How to find the facts.
#[map]
pub(crate) static RECIPES: Array<Recipes> = Array::with_max_entries(1, 0);

/// For each syscall number, what its arguments are: one entry, so that one call fills it.
#[map]
pub(crate) static ARGUMENTS: Array<[Arguments; MAX_SYSCALLS as usize]> =
    Array::with_max_entries(1, 0);

/// Which failures samples are wanted of.
#[map]
pub(crate) static FOCUS: Array<Focus> = Array::with_max_entries(1, 0);

/// Processes that samples are limited to.
#[map]
pub(crate) static FOCUS_TGIDS: HashMap<u32, u8> = HashMap::with_max_entries(MAX_FOCUS, 0);

/// Names of threads that samples are limited to, NUL-padded.
#[map]
pub(crate) static FOCUS_COMMS: HashMap<[u8; COMM_LEN], u8> =
    HashMap::with_max_entries(MAX_FOCUS, 0);

/// When each thread under a seccomp filter last entered a syscall, nanoseconds of CLOCK_MONOTONIC, and which one.
#[map]
pub(crate) static ENTERED: LruHashMap<u32, [u64; 2]> = LruHashMap::with_max_entries(4096, 0);

/// Since when `sys_enter` is watched, nanoseconds of CLOCK_MONOTONIC; 0 when it is not.
#[map]
pub(crate) static WATCHED_SINCE: Array<u64> = Array::with_max_entries(1, 0);

/// Processes of which a failure was sampled, until they end.
#[map]
pub(crate) static SAMPLED: LruHashMap<u32, u8> = LruHashMap::with_max_entries(MAX_SAMPLED, 0);

/// Ends of processes.
#[map]
pub(crate) static EXITS: RingBuf = RingBuf::with_byte_size(EXIT_BYTES, 0);

/// The living processes of the recorded command: see [`crate::family`].
#[map]
pub(crate) static TREE: LruHashMap<u32, u8> = LruHashMap::with_max_entries(MAX_TREE, 0);

/// The recorder itself: its failures are not the host's.
#[unsafe(no_mangle)]
pub(crate) static OWN_TGID: Global<u32> = Global::new(0);

/// Its guard and the process that takes its snapshots, likewise; the latter may be replaced.
#[map]
pub(crate) static HELPERS: Array<[u32; 2]> = Array::with_max_entries(1, 0);

/// 1 when a command is recorded.
#[unsafe(no_mangle)]
pub(crate) static OF_COMMAND: Global<u32> = Global::new(0);

/// Offset of `tgid` in `task_struct`, bytes.
#[unsafe(no_mangle)]
pub(crate) static TGID: Global<u32> = Global::new(0);

/// Offset of `flags` in `task_struct`, bytes.
#[unsafe(no_mangle)]
pub(crate) static FLAGS: Global<u32> = Global::new(0);

/// Offset of `thread_info.status` in `task_struct`, bytes; 0 when it is not known, as on arm64.
#[unsafe(no_mangle)]
pub(crate) static STATUS: Global<u32> = Global::new(0);

/// How many failures of a key are first ones.
#[unsafe(no_mangle)]
pub(crate) static FIRST: Global<u64> = Global::new(4);

/// Time between samples of one (syscall, errno) at the steady rate, nanoseconds.
#[unsafe(no_mangle)]
pub(crate) static INTERVAL_NS: Global<u64> = Global::new(50_000_000);

/// How early a first failure's sample may be, nanoseconds; others may be half as early.
#[unsafe(no_mangle)]
pub(crate) static BURST_NS: Global<u64> = Global::new(3_200_000_000);

/// Bytes in the ring buffer from which on every sample wakes the recorder up.
#[unsafe(no_mangle)]
pub(crate) static WAKE_BYTES: Global<u64> = Global::new(RING_BYTES as u64 / 4);

/// Length of a timer tick, nanoseconds: 1 to 10 ms.
#[unsafe(no_mangle)]
pub(crate) static TICK_NS: Global<u64> = Global::new(10_000_000);

/// Offset of `seccomp.mode` in `task_struct`, bytes.
#[unsafe(no_mangle)]
pub(crate) static SECCOMP_MODE: Global<u32> = Global::new(0);

/// Offset of `start_time` in `task_struct`, bytes.
#[unsafe(no_mangle)]
pub(crate) static START_TIME: Global<u32> = Global::new(0);

/// 1 when samples are limited to the processes in `FOCUS_TGIDS`.
#[unsafe(no_mangle)]
pub(crate) static BY_TGID: Global<u32> = Global::new(0);

/// How many control groups samples are limited to; 0 for no limit.
#[unsafe(no_mangle)]
pub(crate) static BY_CGROUP: Global<u32> = Global::new(0);

/// 1 when samples are limited to the threads named in `FOCUS_COMMS`.
#[unsafe(no_mangle)]
pub(crate) static BY_COMM: Global<u32> = Global::new(0);

/// Counts one loss.
#[inline(always)]
pub(crate) fn lost(loss: Loss) {
    if let Some(counter) = LOSSES.get_ptr_mut(loss as u32) {
        // One processor's counter: nobody else writes it.
        unsafe { *counter += 1 };
    }
}
