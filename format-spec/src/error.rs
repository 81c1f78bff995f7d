//! What can go wrong, with the offset and the reason.

use std::io;

/// A bundle that cannot be opened at all; all other damage is partial and listed by the reader.
#[derive(Debug, thiserror::Error)]
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
    /// The file header does not match its checksum.
    #[error("the file header is damaged: its checksum does not match")]
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
pub enum DecodeError {
    /// The stored bytes do not match their checksum.
    #[error("payload checksum does not match")]
    Checksum,
    /// The zstd payload is damaged, or larger than the frame header says.
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
        found: u16,
    },
    /// The record's bytes do not follow its layout.
    #[error("record is malformed: {0}")]
    Malformed(String),
    /// A length or count is over its bound.
    #[error("{what} {found} is over the bound {bound}")]
    Bound {
        /// What was bounded.
        what: &'static str,
        /// The length or count that was found.
        found: u64,
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
pub enum WriteError {
    /// The output failed: no space left, a closed pipe.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The record is larger than one frame may be: split it.
    #[error(
        "frame type {frame_type}: payload of {len} bytes is over the bound {}",
        crate::bounds::MAX_RAW_LEN
    )]
    TooLarge {
        /// The frame's type.
        frame_type: u16,
        /// The payload's length, decompressed, in bytes.
        len: usize,
    },
}
