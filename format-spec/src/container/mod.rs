//! The container: file header, frame headers, index and trailer, byte for byte.
//!
//! All integers are little-endian. All checksums are CRC-32/ISO-HDLC (the one of zlib, gzip and PNG).

mod file_header;
mod frame_header;
mod index;
mod trailer;

pub use file_header::{FileHeader, MAGIC, MAJOR, MINOR};
pub use frame_header::{FLAG_ZSTD, FRAME_MAGIC, FrameHeader};
pub use index::{INDEX_TYPE, Index, IndexEntry};
pub use trailer::{TRAILER_MAGIC, Trailer};

/// Copies `N` bytes at `at` out of `bytes`; `None` when they are not there.
pub(crate) fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    take(bytes, at).map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    take(bytes, at).map(u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    take(bytes, at).map(u64::from_le_bytes)
}
