//! The 40 bytes in front of every payload.

use super::{u16_at, u32_at};
use crate::{
    bounds::{MAX_RAW_LEN, MAX_STORED_LEN},
    record::Layout,
};

/// The first four bytes of a frame: a reader that lost its place scans for them.
pub const FRAME_MAGIC: [u8; 4] = *b"\xf5ETZ";

/// Flag bit 0: the payload is one zstd frame; without it the payload is stored as it is.
pub const FLAG_ZSTD: u32 = 1;

/// A frame header.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic |
/// | 4 | 2 | frame type |
/// | 6 | 1 | version of the record's layout |
/// | 7 | 1 | revision of that version |
/// | 8 | 4 | flags |
/// | 12 | 4 | stream: which one of several of this type |
/// | 16 | 4 | sequence number: 0, 1, 2, … through the file |
/// | 20 | 4 | length of the payload as stored |
/// | 24 | 4 | length of the payload decompressed |
/// | 28 | 4 | CRC-32 of the payload as stored |
/// | 32 | 4 | reserved, 0 |
/// | 36 | 4 | CRC-32 of bytes 0 to 35 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Frame type; the constants are [`crate::record::Record::TYPE`].
    pub frame_type: u16,
    /// Layout of the record.
    pub layout: Layout,
    /// Flag bits, of which [`FLAG_ZSTD`] is the only one in use.
    pub flags: u32,
    /// Which one of several streams of this type, for example the trace buffer.
    pub stream: u32,
    /// Position among the frames of the file, from 0.
    pub sequence: u32,
    /// Length of the payload as stored, in bytes, at most [`MAX_STORED_LEN`].
    pub stored_len: u32,
    /// Length of the payload decompressed, in bytes, at most [`MAX_RAW_LEN`].
    pub raw_len: u32,
    /// CRC-32 of the payload as stored.
    pub payload_crc: u32,
}

impl FrameHeader {
    /// Length on disk, in bytes.
    pub const LEN: usize = 40;

    /// The header's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&FRAME_MAGIC);
        bytes[4..6].copy_from_slice(&self.frame_type.to_le_bytes());
        bytes[6] = self.layout.version;
        bytes[7] = self.layout.revision;
        bytes[8..12].copy_from_slice(&self.flags.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.stream.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.stored_len.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.raw_len.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..36]);
        bytes[36..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header at `at`; `None` when there is no whole, undamaged header with lengths within their bounds.
    #[must_use]
    pub fn parse(file: &[u8], at: usize) -> Option<Self> {
        let bytes = file.get(at..at.checked_add(Self::LEN)?)?;
        if !bytes.starts_with(&FRAME_MAGIC) || u32_at(bytes, 36)? != crc32fast::hash(&bytes[..36]) {
            return None;
        }
        let header = Self {
            frame_type: u16_at(bytes, 4)?,
            layout: Layout {
                version: bytes[6],
                revision: bytes[7],
            },
            flags: u32_at(bytes, 8)?,
            stream: u32_at(bytes, 12)?,
            sequence: u32_at(bytes, 16)?,
            stored_len: u32_at(bytes, 20)?,
            raw_len: u32_at(bytes, 24)?,
            payload_crc: u32_at(bytes, 28)?,
        };
        let bounded =
            header.stored_len as usize <= MAX_STORED_LEN && header.raw_len as usize <= MAX_RAW_LEN;
        bounded.then_some(header)
    }
}
