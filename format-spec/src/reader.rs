//! Reads what is whole, and says what is not.

use std::fmt;

use crate::{
    DecodeError, ReadError,
    bounds::{MAX_DAMAGE, MAX_FRAMES},
    codec,
    container::{
        FLAG_ZSTD, FRAME_MAGIC, FileHeader, FrameHeader, INDEX_TYPE, Index, IndexEntry, Trailer,
    },
    record::Record,
};

/// One whole frame of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Where the frame header starts, in bytes from the start of the file.
    pub offset: usize,
    /// The frame header.
    pub header: FrameHeader,
}

/// Something that a whole bundle would not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The file ends within a frame.
    Cut {
        /// Offset of the frame that is not whole.
        offset: usize,
        /// Length of the file.
        len: usize,
    },
    /// The file has no trailer: the recorder did not close it.
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
                    "the file is cut at byte {len}, within the frame at {offset}"
                )
            }
            Self::NotClosed => {
                f.write_str("the recording was not closed: its end, with its counters, is missing")
            }
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

/// A bundle in memory, its frames found and its structure checked.
///
/// The frames are found by walking the file; the index is checked against them, never trusted.
#[derive(Debug)]
pub struct Reader<'a> {
    file: &'a [u8],
    header: FileHeader,
    frames: Vec<Frame>,
    damage: Vec<Damage>,
}

impl<'a> Reader<'a> {
    /// Finds the frames of `file`. Damage behind the file header is not an error: see [`Reader::damage`].
    ///
    /// # Errors
    /// When the file header is missing, damaged, or of a later major version.
    pub fn new(file: &'a [u8]) -> Result<Self, ReadError> {
        let header = FileHeader::parse(file)?;
        let mut reader = Self {
            file,
            header,
            frames: Vec::new(),
            damage: Vec::new(),
        };
        reader.walk();
        Ok(reader)
    }

    /// The file header.
    #[must_use]
    pub fn header(&self) -> &FileHeader {
        &self.header
    }

    /// The whole frames in file order, the index excluded.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The frames that hold records of type `R`, in file order.
    pub fn frames_of<R: Record>(&self) -> impl Iterator<Item = &Frame> {
        self.frames
            .iter()
            .filter(|frame| frame.header.frame_type == R::TYPE)
    }

    /// What is missing or broken in the file's structure. Payloads are checked as they are decoded.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// The payload of `frame`, decompressed: at most [`crate::bounds::MAX_RAW_LEN`] bytes.
    ///
    /// # Errors
    /// A checksum that does not match, unknown flags, or damaged compression.
    pub fn payload(&self, frame: &Frame) -> Result<Vec<u8>, DecodeError> {
        let start = frame.offset + FrameHeader::LEN;
        let stored = self
            .file
            .get(start..start + frame.header.stored_len as usize)
            .ok_or_else(|| DecodeError::malformed("frame is not of this file"))?;
        if crc32fast::hash(stored) != frame.header.payload_crc {
            return Err(DecodeError::Checksum);
        }
        let raw_len = frame.header.raw_len as usize;
        let payload = match frame.header.flags {
            0 => stored.to_vec(),
            FLAG_ZSTD => zstd::bulk::decompress(stored, raw_len)
                .map_err(|error| DecodeError::Zstd(error.to_string()))?,
            flags => return Err(DecodeError::malformed(format!("unknown flags {flags:#x}"))),
        };
        if payload.len() != raw_len {
            return Err(DecodeError::malformed(format!(
                "payload of {} bytes, not {raw_len}",
                payload.len()
            )));
        }
        Ok(payload)
    }

    /// The record in `frame`.
    ///
    /// # Errors
    /// Another type, an unknown version, or a payload that is damaged or malformed.
    pub fn decode<R: Record>(&self, frame: &Frame) -> Result<R, DecodeError> {
        let FrameHeader {
            frame_type,
            version,
            ..
        } = frame.header;
        if frame_type != R::TYPE {
            return Err(DecodeError::Type {
                expected: R::TYPE,
                found: frame_type,
            });
        }
        if version == 0 || version > R::VERSION {
            return Err(DecodeError::Version {
                frame_type,
                found: version,
            });
        }
        R::decode(&self.payload(frame)?, version)
    }

    fn walk(&mut self) {
        let mut at = FileHeader::LEN;
        let mut index = None;
        let mut closed = false;
        while at < self.file.len() {
            if let Some(header) = FrameHeader::parse(self.file, at) {
                let end = at + FrameHeader::LEN + header.stored_len as usize;
                if end > self.file.len() {
                    self.note(Damage::Cut {
                        offset: at,
                        len: self.file.len(),
                    });
                    at = self.resume(at);
                    continue;
                }
                let frame = Frame { offset: at, header };
                self.check_sequence(&frame);
                if header.frame_type == INDEX_TYPE {
                    index = Some(frame);
                } else if self.frames.len() < MAX_FRAMES {
                    self.frames.push(frame);
                }
                at = end;
            } else if let Some(trailer) = Trailer::parse(self.file, at) {
                closed = true;
                self.check_index(index.as_ref(), &trailer, at);
                at += Trailer::LEN;
            } else {
                at = self.resume(at);
            }
        }
        if !closed {
            self.note(Damage::NotClosed);
        }
    }

    /// Where the next frame or trailer begins behind `at`; notes what lies between.
    fn resume(&mut self, at: usize) -> usize {
        let mut next = at + 1;
        while next < self.file.len() {
            let found = match self.file[next] {
                byte if byte == FRAME_MAGIC[0] => FrameHeader::parse(self.file, next).is_some(),
                b'E' => Trailer::parse(self.file, next).is_some(),
                _ => false,
            };
            if found {
                break;
            }
            next += 1;
        }
        let skipped = Damage::Skipped {
            offset: at,
            len: next - at,
        };
        let known = matches!(self.damage.last(), Some(Damage::Cut { offset, .. }) if *offset == at);
        if !known || next < self.file.len() {
            self.note(skipped);
        }
        next
    }

    fn check_sequence(&mut self, frame: &Frame) {
        let expected = self
            .frames
            .last()
            .map_or(0, |last| last.header.sequence.saturating_add(1));
        let found = frame.header.sequence;
        if found != expected {
            self.note(Damage::Sequence {
                offset: frame.offset,
                expected,
                found,
            });
        }
    }

    fn check_index(&mut self, index: Option<&Frame>, trailer: &Trailer, at: usize) {
        let listed = index
            .filter(|frame| frame.offset as u64 == trailer.index_offset)
            .and_then(|frame| self.payload(frame).ok())
            .and_then(|payload| codec::decode::<Index>(&payload).ok());
        let entries = self.frames.iter().map(|frame| IndexEntry {
            offset: frame.offset as u64,
            frame_type: frame.header.frame_type,
            stream: frame.header.stream,
            stored_len: frame.header.stored_len,
            raw_len: frame.header.raw_len,
        });
        let agrees = listed.is_some_and(|index| index.entries.iter().copied().eq(entries))
            && trailer.file_len == (at + Trailer::LEN) as u64
            && trailer.file_len == self.file.len() as u64
            && trailer.frames as usize == self.frames.len() + 1;
        if !agrees {
            self.note(Damage::Index);
        }
    }

    fn note(&mut self, damage: Damage) {
        if self.damage.len() < MAX_DAMAGE {
            self.damage.push(damage);
        } else if let Some(Damage::More { count }) = self.damage.last_mut() {
            *count += 1;
        } else {
            self.damage.push(Damage::More { count: 1 });
        }
    }
}
