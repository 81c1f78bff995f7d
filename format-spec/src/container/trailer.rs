//! The last 32 bytes of a bundle that was closed cleanly.

use super::{u32_at, u64_at};

/// The first eight bytes of the trailer.
pub const TRAILER_MAGIC: [u8; 8] = *b"ETZ-END\n";

/// The trailer.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | magic |
/// | 8 | 8 | offset of the index frame's header |
/// | 16 | 8 | length of the whole file, this trailer included |
/// | 24 | 4 | number of frames, the index included |
/// | 28 | 4 | CRC-32 of bytes 0 to 27 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer {
    /// Offset of the index frame's header, in bytes.
    pub index_offset: u64,
    /// Length of the whole file, in bytes.
    pub file_len: u64,
    /// Number of frames, the index included.
    pub frames: u32,
}

impl Trailer {
    /// Length on disk, in bytes.
    pub const LEN: usize = 32;

    /// The trailer's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&TRAILER_MAGIC);
        bytes[8..16].copy_from_slice(&self.index_offset.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.file_len.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.frames.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a trailer at `at`; `None` when there is no whole, undamaged one.
    #[must_use]
    pub fn parse(file: &[u8], at: usize) -> Option<Self> {
        let bytes = file.get(at..at.checked_add(Self::LEN)?)?;
        if !bytes.starts_with(&TRAILER_MAGIC) || u32_at(bytes, 28)? != crc32fast::hash(&bytes[..28])
        {
            return None;
        }
        Some(Self {
            index_offset: u64_at(bytes, 8)?,
            file_len: u64_at(bytes, 16)?,
            frames: u32_at(bytes, 24)?,
        })
    }
}
