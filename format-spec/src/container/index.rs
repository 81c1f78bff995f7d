//! The table of frames that a clean close writes.

use bincode::{Decode, Encode};

/// Frame type of the index.
pub const INDEX_TYPE: u16 = 0xffff;

/// One frame as the index lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct IndexEntry {
    /// Where the frame header starts, in bytes from the start of the file.
    pub offset: u64,
    /// Frame type.
    pub frame_type: u16,
    /// Stream.
    pub stream: u32,
    /// Length of the payload as stored, in bytes.
    pub stored_len: u32,
    /// Length of the payload decompressed, in bytes.
    pub raw_len: u32,
}

/// The index: every frame before it, in file order.
///
/// It saves a remote reader a walk. It is never trusted: the reader walks the frames, and reports an index that
/// says something else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Index {
    /// The frames in file order.
    pub entries: Vec<IndexEntry>,
}
