//! Counting: exact totals by (syscall, errno, process), or by (syscall, errno) where the table of processes is full, and
//! the rate at which failures are sent whole.
//!
//! A failure of a key that is known costs one look-up, one atomic add and a look at the timer tick: everything else
//! is done once for a key, or as often as a sample may be sent.

use core::{
    hint::black_box,
    intrinsics::{AtomicOrdering, atomic_xadd},
};

use aya_ebpf::{
    bindings::BPF_NOEXIST,
    helpers::{bpf_get_current_cgroup_id, bpf_get_current_comm, bpf_jiffies64, bpf_ktime_get_ns},
};
use capture_ebpf::{Bucket, COMM_LEN, CountKey, CountValue, Loss, SLOTS, slot};

use crate::{
    family,
    maps::{BUCKETS, BURST_NS, COUNTS, COUNTS_FULL, FIRST, INTERVAL_NS, TICK_NS, UNCOUNTED, lost},
};

/// Counts a failure of a key that is known. `None` when it is not known; else how many came before it, and whether
/// a sample of it is worth asking for.
#[inline(always)]
pub(crate) fn again(key: &CountKey) -> Option<(u64, bool)> {
    let value = COUNTS.get_ptr_mut(key)?;
    let tick = unsafe { bpf_jiffies64() };
    let before = unsafe { (*value).count };
    unsafe { (*value).last_tick = tick };
    add_one(unsafe { &raw mut (*value).count });
    let quiet = before >= FIRST.load() && tick < unsafe { (*value).quiet_until_tick };
    Some((before, !quiet))
}

/// Counts the first failure of a key. Returns how many came before it after all; `u64::MAX` when that is not known.
#[inline(always)]
pub(crate) fn first(key: &CountKey) -> u64 {
    if COUNTS_FULL.get(0) != Some(&1) {
        let tick = unsafe { bpf_jiffies64() };
        let fresh = CountValue {
            count: 1,
            first_ns: now_ns(),
            first_tick: tick,
            last_tick: tick,
            quiet_until_tick: 0,
            cgroup: unsafe { bpf_get_current_cgroup_id() },
            comm: bpf_get_current_comm().unwrap_or([0; COMM_LEN]),
        };
        if COUNTS.insert(key, fresh, u64::from(BPF_NOEXIST)).is_ok() {
            return 0;
        }
        // Another processor was faster, or the table is full.
        if let Some((before, _)) = again(key) {
            return before;
        }
        // The recorder makes room before long: until then further attempts would only cost time.
        let _ = COUNTS_FULL.set(0, 1, 0);
    }
    uncounted(key.syscall, key.errno);
    lost(Loss::CountsFull);
    u64::MAX
}

/// Counts a failure by (syscall, errno) alone.
#[inline(always)]
pub(crate) fn uncounted(syscall: u32, errno: u32) {
    let Some(counters) = UNCOUNTED.get_ptr_mut(syscall) else {
        return;
    };
    // The verifier loses sight of the bound: the compiler must not know it.
    let slot = black_box(slot(errno));
    if slot < SLOTS {
        add_one(unsafe { counters.cast::<u64>().add(slot) });
    }
}

/// Whether a failure may be sent whole, when `before` of its key came earlier.
///
/// Two processors may decide at the same time: then one sample more goes out.
#[inline(always)]
pub(crate) fn may_sample(key: &CountKey, before: u64, now: u64) -> bool {
    let Some(bucket) = bucket(key) else {
        lost(Loss::BucketsFull);
        return false;
    };
    let later = BURST_NS.load() / 2;
    let burst = if before < FIRST.load() {
        BURST_NS.load()
    } else {
        later
    };
    let allowed = unsafe { (*bucket).allowed_ns };
    if allowed > now + burst {
        quiet(key, allowed - later - now);
        return false;
    }
    let base = if allowed > now { allowed } else { now };
    unsafe { (*bucket).allowed_ns = base + INTERVAL_NS.load() };
    true
}

/// Asks for no sample of a key for `time_ns`: the bucket's time only moves on, so none would be allowed.
#[inline(always)]
fn quiet(key: &CountKey, time_ns: u64) {
    if let Some(value) = COUNTS.get_ptr_mut(key) {
        let ticks = time_ns.checked_div(TICK_NS.load()).unwrap_or(0);
        let until = unsafe { bpf_jiffies64() } + ticks;
        unsafe { (*value).quiet_until_tick = until };
    }
}

#[inline(always)]
fn bucket(key: &CountKey) -> Option<*mut Bucket> {
    let mut kind = Bucket::key(key.syscall, key.errno);
    if family::is_of_command(key.tgid) {
        kind |= Bucket::OF_COMMAND;
    }
    if let Some(bucket) = BUCKETS.get_ptr_mut(kind) {
        return Some(bucket);
    }
    let fresh = Bucket { allowed_ns: 0 };
    // It fails when another processor was faster, too.
    let _ = BUCKETS.insert(kind, fresh, u64::from(BPF_NOEXIST));
    BUCKETS.get_ptr_mut(kind)
}

/// CLOCK_MONOTONIC, nanoseconds.
#[inline(always)]
pub(crate) fn now_ns() -> u64 {
    unsafe { bpf_ktime_get_ns() }
}

/// `AtomicU64::fetch_add` does not exist for BPF; the sum is not asked for, as that needs a newer instruction set.
#[inline(always)]
fn add_one(counter: *mut u64) {
    unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(counter, 1) };
}
