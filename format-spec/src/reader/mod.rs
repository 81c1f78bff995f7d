//! Reads what is whole, and says what is not.

mod damage;
mod walk;

pub use damage::Damage;

use crate::{
    DecodeError, ReadError, codec, compression,
    container::{FLAG_ZSTD, FileHeader, FrameHeader, Index, IndexEntry, Trailer},
    record::Record,
};
use walk::Walk;

/// One whole frame of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Where the frame header starts, in bytes from the start of the file.
    pub offset: usize,
    /// The frame header.
    pub header: FrameHeader,
}

impl Frame {
    /// Length in the file, header and payload, in bytes.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "no frame is empty")]
    pub fn len(&self) -> usize {
        FrameHeader::LEN + self.header.stored_len as usize
    }
}

/// A bundle in memory, its frames found and its structure checked.
///
/// The frames are found by walking the file; the index is checked against them, never trusted. Besides the file
/// itself it takes 40 bytes for each frame, and each payload or record is at most [`crate::bounds::MAX_RAW_LEN`] and
/// a few times [`crate::bounds::MAX_DECODED_LEN`] while the caller keeps it.
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
        let mut walk = Walk::run(file, header.len as usize);
        if let Some((trailer, at)) = walk.trailer {
            let payload = walk.index.map(|frame| (frame, payload(file, &frame)));
            if !is_listed(&walk, payload, &trailer, at, file.len()) {
                walk.note(Damage::Index);
            }
        }
        walk.put_in_order();
        Ok(Self {
            file,
            header,
            frames: walk.frames,
            damage: walk.damage,
        })
    }

    /// The file header.
    #[must_use]
    pub fn header(&self) -> &FileHeader {
        &self.header
    }

    /// The whole frames by rising sequence number, which is the order of writing; the index excluded.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The frames that hold records of type `R`, by rising sequence number.
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
        payload(self.file, frame)
    }

    /// The payload of `frame` as it is in the file, for a copy.
    ///
    /// # Errors
    /// A checksum that does not match.
    pub fn stored(&self, frame: &Frame) -> Result<&'a [u8], DecodeError> {
        stored(self.file, frame)
    }

    /// The record in `frame`.
    ///
    /// # Errors
    /// Another type, an unknown version, or a payload that is damaged or malformed.
    pub fn decode<R: Record>(&self, frame: &Frame) -> Result<R, DecodeError> {
        decode(&frame.header, || self.payload(frame))
    }

    /// A copy of `frame` that outlives the file, still compressed.
    ///
    /// # Errors
    /// A checksum that does not match.
    pub fn detach(&self, frame: &Frame) -> Result<DetachedFrame, DecodeError> {
        let stored = self.stored(frame)?.into();
        Ok(DetachedFrame {
            header: frame.header,
            stored,
        })
    }
}

/// A frame apart from its file, for what is decoded when it is needed: it takes what it takes in the file.
#[derive(Debug, Clone)]
pub struct DetachedFrame {
    header: FrameHeader,
    stored: Box<[u8]>,
}

impl DetachedFrame {
    /// The record in it.
    ///
    /// # Errors
    /// As [`Reader::decode`].
    pub fn decode<R: Record>(&self) -> Result<R, DecodeError> {
        decode(&self.header, || unpack(&self.stored, &self.header))
    }
}

/// The record of a frame with that header.
fn decode<R: Record>(
    header: &FrameHeader,
    payload: impl FnOnce() -> Result<Vec<u8>, DecodeError>,
) -> Result<R, DecodeError> {
    let FrameHeader {
        frame_type, layout, ..
    } = *header;
    if frame_type != R::TYPE {
        return Err(DecodeError::Type {
            expected: R::TYPE,
            found: frame_type,
        });
    }
    if layout.version == 0 || layout.version > R::LAYOUT.version {
        return Err(DecodeError::Version {
            frame_type,
            found: layout.version,
        });
    }
    R::decode(&payload()?, layout)
}

/// The payload as it is in the file, with a right checksum.
fn stored<'a>(file: &'a [u8], frame: &Frame) -> Result<&'a [u8], DecodeError> {
    let stored = frame
        .offset
        .checked_add(FrameHeader::LEN)
        .and_then(|start| {
            let end = start.checked_add(frame.header.stored_len as usize)?;
            file.get(start..end)
        })
        .ok_or_else(|| DecodeError::malformed("frame is not of this file"))?;
    if crc32fast::hash(stored) != frame.header.payload_crc {
        return Err(DecodeError::Checksum);
    }
    Ok(stored)
}

fn payload(file: &[u8], frame: &Frame) -> Result<Vec<u8>, DecodeError> {
    unpack(stored(file, frame)?, &frame.header)
}

fn unpack(stored: &[u8], header: &FrameHeader) -> Result<Vec<u8>, DecodeError> {
    let raw_len = header.raw_len as usize;
    match header.flags {
        0 if stored.len() == raw_len => Ok(stored.to_vec()),
        0 => Err(DecodeError::malformed(format!(
            "payload of {} bytes, not {raw_len}",
            stored.len()
        ))),
        FLAG_ZSTD => compression::inflate(stored, raw_len),
        found => Err(DecodeError::Flags { found }),
    }
}

/// Whether index and trailer say what is in the file.
fn is_listed(
    walk: &Walk<'_>,
    index: Option<(Frame, Result<Vec<u8>, DecodeError>)>,
    trailer: &Trailer,
    at: usize,
    file_len: usize,
) -> bool {
    let Some((frame, Ok(payload))) = index else {
        return false;
    };
    let Ok(index) = codec::decode::<Index>(&payload, true) else {
        return false;
    };
    let entries = walk.frames.iter().map(|frame| IndexEntry {
        offset: frame.offset as u64,
        frame_type: frame.header.frame_type,
        stream: frame.header.stream,
        stored_len: frame.header.stored_len,
        raw_len: frame.header.raw_len,
    });
    index.entries.iter().copied().eq(entries)
        && trailer.index_offset == frame.offset as u64
        && trailer.file_len == (at + Trailer::LEN) as u64
        && trailer.file_len == file_len as u64
        && trailer.frames as usize == walk.frames.len() + 1
}
