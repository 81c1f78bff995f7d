//! Appends records: the file is valid after every frame.

use std::{collections::BTreeMap, io::Write};

use crate::{
    WriteError,
    bounds::MAX_RAW_LEN,
    codec,
    container::{
        FLAG_ZSTD, FileHeader, FrameHeader, INDEX_TYPE, Index, IndexEntry, MAJOR, MINOR, Trailer,
    },
    record::Record,
};

/// zstd level: 3 is the default of zstd itself, about 300 MB/s on one core.
const LEVEL: i32 = 3;

/// Payloads below this many bytes are stored as they are: a zstd frame would not be smaller.
const LEAST_COMPRESSED: usize = 64;

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
        })
    }

    /// Appends one record to `stream` as one frame, and flushes it. Returns the frame's length in the file, in bytes.
    ///
    /// # Errors
    /// The output's, or a record over [`MAX_RAW_LEN`]: nothing is written then.
    pub fn write<R: Record>(&mut self, stream: u32, record: &R) -> Result<u64, WriteError> {
        let mut payload = Vec::new();
        record.encode(&mut payload);
        self.write_frame(R::TYPE, R::VERSION, stream, &payload)
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
    /// The output's.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let index_offset = self.offset;
        let mut payload = Vec::new();
        codec::encode(&self.index, &mut payload);
        self.write_frame(INDEX_TYPE, 1, 0, &payload)?;
        let trailer = Trailer {
            index_offset,
            file_len: self.offset + Trailer::LEN as u64,
            frames: u32::try_from(self.index.entries.len()).unwrap_or(u32::MAX),
        };
        self.out.write_all(&trailer.to_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_frame(
        &mut self,
        frame_type: u16,
        version: u16,
        stream: u32,
        payload: &[u8],
    ) -> Result<u64, WriteError> {
        let too_large = || WriteError::TooLarge {
            frame_type,
            len: payload.len(),
        };
        if payload.len() > MAX_RAW_LEN {
            return Err(too_large());
        }
        let compressed = if payload.len() < LEAST_COMPRESSED {
            None
        } else {
            Some(zstd::bulk::compress(payload, LEVEL)?).filter(|bytes| bytes.len() < payload.len())
        };
        let stored = compressed.as_deref().unwrap_or(payload);
        let header = FrameHeader {
            frame_type,
            version,
            flags: if compressed.is_some() { FLAG_ZSTD } else { 0 },
            stream,
            sequence: u32::try_from(self.index.entries.len()).unwrap_or(u32::MAX),
            stored_len: u32::try_from(stored.len()).map_err(|_| too_large())?,
            raw_len: u32::try_from(payload.len()).map_err(|_| too_large())?,
            payload_crc: crc32fast::hash(stored),
        };
        self.out.write_all(&header.to_bytes())?;
        self.out.write_all(stored)?;
        self.out.flush()?;
        self.index.entries.push(IndexEntry {
            offset: self.offset,
            frame_type,
            stream,
            stored_len: header.stored_len,
            raw_len: header.raw_len,
        });
        let len = (FrameHeader::LEN + stored.len()) as u64;
        self.offset += len;
        let size = self.sizes.entry(frame_type).or_default();
        size.frames += 1;
        size.stored_bytes += len;
        size.raw_bytes += payload.len() as u64;
        Ok(len)
    }
}
