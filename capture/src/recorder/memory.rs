//! What `--max-memory` is spent on.

use bytesize::ByteSize;

/// Least and largest ring buffer, in bytes; the kernel wants a power of two, at least a page of arm64.
const LEAST_RING: u64 = 128 << 10;
const LARGEST_RING: u64 = 64 << 20;

/// The shares of the memory for failures that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    /// The ring buffer between kernel and recorder: an eighth, rounded down to a power of two.
    pub(super) ring_bytes: u32,
    /// What the flight recorder holds: the rest.
    pub(super) held_bytes: usize,
}

impl Memory {
    pub(super) fn of(all: ByteSize) -> Self {
        let eighth = (all.as_u64() / 8).clamp(LEAST_RING, LARGEST_RING);
        let ring = 1 << eighth.ilog2();
        let rest = all.as_u64().saturating_sub(ring);
        Self {
            ring_bytes: u32::try_from(ring).unwrap_or(1 << 26),
            held_bytes: usize::try_from(rest).unwrap_or(usize::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_is_a_power_of_two_within_bounds() {
        let ring = |size| Memory::of(size).ring_bytes;
        assert_eq!(ring(ByteSize::mib(8)), 1 << 20);
        assert_eq!(ring(ByteSize::mib(15)), 1 << 20);
        assert_eq!(ring(ByteSize::mib(1)), 1 << 17);
        assert_eq!(ring(ByteSize::gib(64)), 1 << 26);
        assert_eq!(Memory::of(ByteSize::mib(8)).held_bytes, 7 << 20);
    }
}
