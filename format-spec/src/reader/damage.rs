//! What a whole bundle would not have.

use std::fmt;

use crate::DecodeError;

/// Something that a whole bundle would not have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The file ends within a frame or within the trailer.
    Cut {
        /// Offset of what is not whole.
        offset: usize,
        /// Length of the file.
        len: usize,
    },
    /// The file does not end with a trailer: the recorder did not close it, or its end is missing.
    NotClosed,
    /// Bytes that are no frame were passed over.
    Skipped {
        /// Where they start.
        offset: usize,
        /// How many bytes.
        len: usize,
    },
    /// Frames are missing, repeated or out of order.
    Sequence {
        /// Offset of the frame.
        offset: usize,
        /// The sequence number that was due.
        expected: u32,
        /// The sequence number in the frame header.
        found: u32,
    },
    /// A copy of another frame; it is not listed among the frames.
    Repeated {
        /// Offset of the copy.
        offset: usize,
        /// Its sequence number.
        sequence: u32,
    },
    /// There are more frames, or more bytes of payload, than the bounds allow; those from here on are not listed.
    TooMany {
        /// Offset of the first frame that is left out.
        offset: usize,
    },
    /// The index or the trailer does not list the frames that are in the file.
    Index,
    /// A frame's payload could not be decoded.
    Payload {
        /// Offset of the frame.
        offset: usize,
        /// Its type.
        frame_type: u16,
        /// Why.
        error: DecodeError,
    },
    /// More damage than is listed one by one.
    More {
        /// How many notes were left out.
        count: usize,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { offset, len } => {
                write!(
                    f,
                    "the file is cut at byte {len}, within what begins at {offset}"
                )
            }
            Self::NotClosed => f.write_str(
                "the recording was not closed, or its end is missing: final counters may be too",
            ),
            Self::Skipped { offset, len } => {
                write!(f, "{len} bytes at {offset} are no frame and were skipped")
            }
            Self::Sequence {
                offset,
                expected,
                found,
            } => {
                write!(
                    f,
                    "frame {found} at byte {offset} stands where frame {expected} is due"
                )
            }
            Self::Repeated { offset, sequence } => {
                write!(
                    f,
                    "frame {sequence} is there again at byte {offset}: the copy is left out"
                )
            }
            Self::TooMany { offset } => {
                write!(
                    f,
                    "too many frames: those from byte {offset} on are left out"
                )
            }
            Self::Index => f.write_str("the index does not list the frames of the file"),
            Self::Payload {
                offset,
                frame_type,
                error,
            } => {
                write!(f, "frame of type {frame_type} at byte {offset}: {error}")
            }
            Self::More { count } => write!(f, "and {count} more"),
        }
    }
}
