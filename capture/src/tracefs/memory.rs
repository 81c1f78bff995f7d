//! The kernel's memory for trace buffers: bounded before it is taken, and counted.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering},
};

use super::TracefsError;
use crate::procfs::in_bytes;

/// What a new instance takes for each processor until it is made smaller: `TRACE_BUF_SIZE_DEFAULT`, which
/// `trace_array_create` allocates (`kernel/trace/trace.c`, alike from 6.1 to 7.2; another number only by the kernel's
/// command line, `trace_buf_size=`).
const NEW_BYTES: u64 = 1_441_792;

/// Part of the memory that could be had without swapping that an instance may take: 180 MiB with 128 processors.
const PART: u64 = 8;

/// Most bytes of one instance so far. Two are there at once at most: of the sentinels, and of a zoom.
static LARGEST: AtomicU64 = AtomicU64::new(0);

/// Bytes of the sentinels' instance, once it has its size.
static SENTINELS: AtomicU64 = AtomicU64::new(0);

/// Whether a new instance may be made, on a host with so many processors.
///
/// # Errors
/// When it would take too much of the memory that is left.
pub(super) fn make(processors: usize) -> Result<(), TracefsError> {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let needed = NEW_BYTES.saturating_mul(processors as u64);
    within(needed, in_bytes(&meminfo, "MemAvailable"))?;
    LARGEST.fetch_max(needed, Ordering::Relaxed);
    Ok(())
}

/// What it would take is to be a small part of what is `available`; 0 for not known.
fn within(needed: u64, available: u64) -> Result<(), TracefsError> {
    match available == 0 || needed <= available / PART {
        true => Ok(()),
        false => Err(TracefsError::Memory { needed, available }),
    }
}

/// An instance was given its size.
pub(super) fn sized(bytes: u64) {
    LARGEST.fetch_max(bytes, Ordering::Relaxed);
    // The first one is that of the sentinels.
    let _ = SENTINELS.compare_exchange(0, bytes, Ordering::Relaxed, Ordering::Relaxed);
}

/// Most bytes that instances took at once so far, at most.
pub(crate) fn peak_bytes() -> u64 {
    SENTINELS.load(Ordering::Relaxed) + LARGEST.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_must_not_take_what_the_host_needs() {
        let of_128 = 128 * NEW_BYTES;
        assert!(within(of_128, 4 << 30).is_ok());
        assert!(within(of_128, 1 << 30).is_err());
        assert!(within(of_128, 0).is_ok());
    }
}
