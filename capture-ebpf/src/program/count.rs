//! Counting: exact totals by (syscall, errno, process) and by (syscall, errno).

use core::intrinsics::{AtomicOrdering, atomic_xadd};

use aya_ebpf::{EbpfContext, bindings::BPF_NOEXIST};
use capture_ebpf::{Bucket, COMM_LEN, CountKey, CountValue, Loss};

use crate::maps::{BUCKETS, BURST_NS, COUNTS, FIRST, INTERVAL_NS, lost};

/// Counts one failure. Returns how many came before it with the same key; `u64::MAX` when that is not known.
#[inline(always)]
pub(crate) fn count(context: &impl EbpfContext, syscall: u32, errno: u32, now: u64) -> u64 {
    let key = Bucket::key(syscall, errno);
    if !add_to_bucket(key) {
        let fresh = Bucket {
            count: 1,
            allowed_ns: 0,
        };
        if BUCKETS.insert(key, fresh, u64::from(BPF_NOEXIST)).is_err() && !add_to_bucket(key) {
            lost(Loss::BucketsFull);
        }
    }
    let key = CountKey {
        syscall,
        tgid: context.tgid(),
        errno,
    };
    if let Some(before) = add_to_count(&key, now) {
        return before;
    }
    let comm = context.command().unwrap_or([0; COMM_LEN]);
    let fresh = CountValue {
        count: 1,
        first_ns: now,
        last_ns: now,
        comm,
    };
    if COUNTS.insert(key, fresh, u64::from(BPF_NOEXIST)).is_ok() {
        return 0;
    }
    // Another processor was faster, or the table is full.
    add_to_count(&key, now).unwrap_or_else(|| {
        lost(Loss::CountsFull);
        u64::MAX
    })
}

/// Whether a failure may be sent whole, when `before` of its key came earlier.
///
/// Two processors may decide at the same time: then one sample more goes out.
#[inline(always)]
pub(crate) fn may_sample(syscall: u32, errno: u32, before: u64, now: u64) -> bool {
    let Some(bucket) = BUCKETS.get_ptr_mut(Bucket::key(syscall, errno)) else {
        return false;
    };
    let burst = if before < FIRST.load() {
        BURST_NS.load()
    } else {
        BURST_NS.load() / 2
    };
    let allowed = unsafe { (*bucket).allowed_ns };
    if allowed > now + burst {
        return false;
    }
    let base = if allowed > now { allowed } else { now };
    unsafe { (*bucket).allowed_ns = base + INTERVAL_NS.load() };
    true
}

#[inline(always)]
fn add_to_bucket(key: u64) -> bool {
    let Some(bucket) = BUCKETS.get_ptr_mut(key) else {
        return false;
    };
    add_one(unsafe { &raw mut (*bucket).count });
    true
}

#[inline(always)]
fn add_to_count(key: &CountKey, now: u64) -> Option<u64> {
    let value = COUNTS.get_ptr_mut(key)?;
    let before = unsafe { (*value).count };
    unsafe { (*value).last_ns = now };
    add_one(unsafe { &raw mut (*value).count });
    Some(before)
}

/// `AtomicU64::fetch_add` does not exist for BPF; the sum is not asked for, as that needs a newer instruction set.
#[inline(always)]
fn add_one(counter: *mut u64) {
    unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(counter, 1) };
}
