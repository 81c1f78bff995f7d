//! Appends records: the file is valid after every frame.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::{
    DecodeError, WriteError,
    bounds::{MAX_FRAMES, MAX_RAW_LEN, MAX_TOTAL_RAW_LEN},
    codec, compression,
    container::{
        FLAG_ZSTD, FileHeader, FrameHeader, INDEX_TYPE, Index, IndexEntry, MAJOR, MINOR, Trailer,
    },
    record::{Layout, Record},
};

/// What one type of record takes up in the file so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamSize {
    /// Number of frames.
    pub frames: u64,
    /// Bytes as stored, frame headers included.
    pub stored_bytes: u64,
    /// Bytes of payload, decompressed.
    pub raw_bytes: u64,
}

/// Writes a bundle front to back: the output needs no seek, so it may be a pipe.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    offset: u64,
    index: Index,
    sizes: BTreeMap<u16, StreamSize>,
    raw_len: u64,
    /// An earlier write failed: what comes behind half a frame would be lost too.
    broken: bool,
}

impl<W: Write> Writer<W> {
    /// Writes the file header. `id` is random; `created_ns` is nanoseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// The output's.
    pub fn new(mut out: W, id: [u8; 16], created_ns: u64) -> Result<Self, WriteError> {
        out.write_all(
            &FileHeader {
                major: MAJOR,
                minor: MINOR,
                len: count(FileHeader::LEN),
                created_ns,
                id,
            }
            .to_bytes(),
        )?;
        out.flush()?;
        Ok(Self {
            out,
            offset: FileHeader::LEN as u64,
            index: Index::default(),
            sizes: BTreeMap::new(),
            raw_len: 0,
            broken: false,
        })
    }

    /// Appends one record to `stream` as one frame, and flushes it. Returns the frame's length in the file, in bytes.
    ///
    /// # Errors
    /// The output's: the bundle then ends within this frame, and every later write fails too. A record that no reader
    /// would take, or a bundle that is full: nothing is written then.
    pub fn write<R: Record>(&mut self, stream: u32, record: &R) -> Result<u64, WriteError> {
        let mut payload = Vec::new();
        let too_large = |why| WriteError::TooLarge {
            frame_type: R::TYPE,
            why,
        };
        record.encode(&mut payload).map_err(too_large)?;
        if payload.len() > MAX_RAW_LEN {
            return Err(too_large(DecodeError::Bound {
                what: "payload bytes",
                bound: MAX_RAW_LEN as u64,
            }));
        }
        let raw_len = self.raw_len + payload.len() as u64;
        if self.index.entries.len() >= MAX_FRAMES || raw_len > MAX_TOTAL_RAW_LEN {
            return Err(WriteError::Full);
        }
        let len = self.write_frame(R::TYPE, R::LAYOUT, stream, &payload)?;
        self.raw_len = raw_len;
        Ok(len)
    }

    /// Appends a frame of another bundle as it is, whatever its type and version, under the next sequence number:
    /// `stored` is its payload as [`crate::Reader::stored`] gives it. Returns the frame's length, in bytes.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn copy(&mut self, header: &FrameHeader, stored: &[u8]) -> Result<u64, WriteError> {
        let raw_len = self.raw_len + u64::from(header.raw_len);
        if self.index.entries.len() >= MAX_FRAMES || raw_len > MAX_TOTAL_RAW_LEN {
            return Err(WriteError::Full);
        }
        let len = self.append_frame(
            FrameHeader {
                sequence: count(self.index.entries.len()),
                stored_len: count(stored.len()),
                payload_crc: crc32fast::hash(stored),
                ..*header
            },
            stored,
        )?;
        self.raw_len = raw_len;
        Ok(len)
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.offset
    }

    /// Never: a bundle starts with its header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// What each frame type takes up so far.
    #[must_use]
    pub fn sizes(&self) -> &BTreeMap<u16, StreamSize> {
        &self.sizes
    }

    /// Writes index and trailer and gives the output back.
    ///
    /// # Errors
    /// The output's, or an earlier failure of the output.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let index_offset = self.offset;
        let mut payload = Vec::new();
        codec::encode(&self.index, &mut payload);
        let layout = Layout {
            version: 1,
            revision: 0,
        };
        self.write_frame(INDEX_TYPE, layout, 0, &payload)?;
        let trailer = Trailer {
            index_offset,
            file_len: self.offset + Trailer::LEN as u64,
            frames: count(self.index.entries.len()),
        };
        self.append(&trailer.to_bytes())?;
        Ok(self.out)
    }

    fn write_frame(
        &mut self,
        frame_type: u16,
        layout: Layout,
        stream: u32,
        payload: &[u8],
    ) -> Result<u64, WriteError> {
        let compressed = compression::deflate(payload)?;
        let stored = compressed.as_deref().unwrap_or(payload);
        let header = FrameHeader {
            frame_type,
            layout,
            flags: if compressed.is_some() { FLAG_ZSTD } else { 0 },
            stream,
            sequence: count(self.index.entries.len()),
            stored_len: count(stored.len()),
            raw_len: count(payload.len()),
            payload_crc: crc32fast::hash(stored),
        };
        self.append_frame(header, stored)
    }

    fn append_frame(&mut self, header: FrameHeader, stored: &[u8]) -> Result<u64, WriteError> {
        let mut frame = Vec::with_capacity(FrameHeader::LEN + stored.len());
        frame.extend_from_slice(&header.to_bytes());
        frame.extend_from_slice(stored);
        let offset = self.offset;
        self.append(&frame)?;
        self.index.entries.push(IndexEntry {
            offset,
            frame_type: header.frame_type,
            stream: header.stream,
            stored_len: header.stored_len,
            raw_len: header.raw_len,
        });
        let len = frame.len() as u64;
        let size = self.sizes.entry(header.frame_type).or_default();
        size.frames += 1;
        size.stored_bytes += len;
        size.raw_bytes += u64::from(header.raw_len);
        Ok(len)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        if self.broken {
            let earlier = io::Error::other("an earlier write to the bundle failed");
            return Err(WriteError::Io(earlier));
        }
        self.broken = true;
        self.out.write_all(bytes)?;
        self.out.flush()?;
        self.broken = false;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

/// A count that the bounds keep far below 2^32.
fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
