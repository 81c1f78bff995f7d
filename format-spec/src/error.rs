//! What can go wrong, with the offset and the reason.

use std::io;

/// A bundle that cannot be opened at all; all other damage is partial and listed by the reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file does not start with the magic number.
    #[error("not an .etz bundle: it starts with {found:02x?}")]
    NotABundle {
        /// The first bytes of the file, at most eight.
        found: Vec<u8>,
    },
    /// The file ends within the file header.
    #[error("the file header is cut: {len} of 64 bytes")]
    HeaderCut {
        /// The file's length, in bytes.
        len: usize,
    },
    /// The file header does not match its checksum, or what it says is out of range.
    #[error("the file header is damaged")]
    HeaderDamaged,
    /// A later, incompatible format.
    #[error(
        "format version {major}.{minor} needs a newer reader than {}.{}",
        crate::container::MAJOR,
        crate::container::MINOR
    )]
    TooNew {
        /// The file's major version.
        major: u16,
        /// The file's minor version.
        minor: u16,
    },
}

/// A frame whose payload could not be turned into a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The stored bytes do not match their checksum.
    #[error("payload checksum does not match")]
    Checksum,
    /// The frame header has flags that this reader does not know: the payload's form is unknown.
    #[error("flags {found:#x} need a newer reader")]
    Flags {
        /// The flags in the frame header.
        found: u32,
    },
    /// The zstd payload is damaged, or not of the length that the frame header says.
    #[error("zstd: {0}")]
    Zstd(String),
    /// The frame holds another type of record.
    #[error("frame type {found}, not {expected}")]
    Type {
        /// The type asked for.
        expected: u16,
        /// The type in the frame header.
        found: u16,
    },
    /// The record's version is not one that this reader knows.
    #[error("version {found} of frame type {frame_type} needs a newer reader")]
    Version {
        /// The frame's type.
        frame_type: u16,
        /// The record version in the frame header.
        found: u8,
    },
    /// The record's bytes do not follow its layout.
    #[error("record is malformed: {0}")]
    Malformed(String),
    /// A length or count is over its bound.
    #[error("{what}: over the bound {bound}")]
    Bound {
        /// What is bounded.
        what: &'static str,
        /// The bound.
        bound: u64,
    },
}

impl DecodeError {
    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed(what.into())
    }
}

/// A record that could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The output failed: no space left, a closed pipe. The bundle ends within a frame; further writes are refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The record is larger than a reader takes: split it. Nothing was written.
    #[error("frame type {frame_type} is more than a reader takes: {why}")]
    TooLarge {
        /// The frame's type.
        frame_type: u16,
        /// The bound that it is over.
        why: DecodeError,
    },
    /// The bundle has as many frames or bytes as a reader takes. Nothing was written; it can still be finished.
    #[error(
        "the bundle is full: {} frames or {} bytes of payload",
        crate::bounds::MAX_FRAMES,
        crate::bounds::MAX_TOTAL_RAW_LEN
    )]
    Full,
}
