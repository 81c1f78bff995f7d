//! Finds the frames of a file, whatever happened to it.
//!
//! The walk goes from frame to frame by their lengths. Where no frame is due to begin, it scans byte by byte for the
//! next one. Every byte is looked at a bounded number of times, whatever the file says.

use super::{Damage, Frame};
use crate::{
    DecodeError,
    bounds::{MAX_DAMAGE, MAX_FRAMES, MAX_TOTAL_RAW_LEN},
    container::{FRAME_MAGIC, FrameHeader, INDEX_TYPE, TRAILER_MAGIC, Trailer},
};

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walk<'a> {
    file: &'a [u8],
    /// Whole frames; by rising sequence number once [`Walk::run`] is over.
    pub(super) frames: Vec<Frame>,
    /// The last index frame.
    pub(super) index: Option<Frame>,
    /// The last trailer and its offset.
    pub(super) trailer: Option<(Trailer, usize)>,
    pub(super) damage: Vec<Damage>,
    /// Sequence number of the frame that is due.
    due: u32,
    out_of_order: bool,
    raw_len: u64,
    full: bool,
    /// Bytes that may still be spent on payload checksums: it keeps the walk linear.
    checkable: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn run(file: &'a [u8], start: usize) -> Self {
        let mut walk = Self {
            file,
            checkable: file.len().saturating_mul(2),
            ..Self::default()
        };
        let mut at = start;
        while at < file.len() {
            at = walk.step(at);
        }
        if walk.trailer.is_none() {
            walk.note(Damage::NotClosed);
        }
        walk
    }

    /// Takes what is at `at`, and returns where to go on.
    fn step(&mut self, at: usize) -> usize {
        if let Some(header) = FrameHeader::parse(self.file, at) {
            let end = at + FrameHeader::LEN + header.stored_len as usize;
            if end > self.file.len() {
                self.note(Damage::Cut {
                    offset: at,
                    len: self.file.len(),
                });
                return self.resume(at, true);
            }
            if !self.is_followed(&header, end) && !self.payload_is_whole(at, &header) {
                self.note(Damage::Payload {
                    offset: at,
                    frame_type: header.frame_type,
                    error: DecodeError::Checksum,
                });
                return self.resume(at, false);
            }
            self.take(Frame { offset: at, header });
            end
        } else if let Some(trailer) = Trailer::parse(self.file, at) {
            self.trailer = Some((trailer, at));
            at + Trailer::LEN
        } else if self.is_cut(at) {
            self.note(Damage::Cut {
                offset: at,
                len: self.file.len(),
            });
            self.file.len()
        } else {
            self.resume(at, false)
        }
    }

    fn take(&mut self, frame: Frame) {
        let found = frame.header.sequence;
        if found != self.due {
            self.note(Damage::Sequence {
                offset: frame.offset,
                expected: self.due,
                found,
            });
            self.out_of_order |= found < self.due;
        }
        self.due = found.saturating_add(1);
        if frame.header.frame_type == INDEX_TYPE {
            self.index = Some(frame);
            return;
        }
        self.raw_len += u64::from(frame.header.raw_len);
        if self.frames.len() < MAX_FRAMES && self.raw_len <= MAX_TOTAL_RAW_LEN && !self.full {
            self.frames.push(frame);
        } else if !self.full {
            self.full = true;
            self.note(Damage::TooMany {
                offset: frame.offset,
            });
        }
    }

    /// Puts the frames in the order of their sequence numbers, and drops copies.
    pub(super) fn put_in_order(&mut self) {
        if !self.out_of_order {
            return;
        }
        let mut frames = std::mem::take(&mut self.frames);
        frames.sort_by_key(|frame| frame.header.sequence);
        frames.dedup_by(|next, kept| {
            let copy = next.header == kept.header;
            if copy {
                self.note(Damage::Repeated {
                    offset: next.offset,
                    sequence: next.header.sequence,
                });
            }
            copy
        });
        self.frames = frames;
    }

    /// Whether what is due behind a frame begins at `end`. Otherwise bytes may be missing, and what seems to be the
    /// frame's payload may be other frames.
    fn is_followed(&self, header: &FrameHeader, end: usize) -> bool {
        if header.frame_type == INDEX_TYPE {
            return Trailer::parse(self.file, end).is_some();
        }
        FrameHeader::parse(self.file, end)
            .is_some_and(|next| Some(next.sequence) == header.sequence.checked_add(1))
    }

    /// Whether the file ends within a frame header or trailer that begins at `at`.
    fn is_cut(&self, at: usize) -> bool {
        let rest = &self.file[at..];
        let begins = |magic: &[u8]| rest.starts_with(&magic[..magic.len().min(rest.len())]);
        (rest.len() < FrameHeader::LEN && begins(&FRAME_MAGIC))
            || (rest.len() < Trailer::LEN && begins(&TRAILER_MAGIC))
    }

    /// Whether the frame's bytes are as they were written; taken for granted once too many were looked at.
    fn payload_is_whole(&mut self, at: usize, header: &FrameHeader) -> bool {
        let len = header.stored_len as usize;
        let Some(left) = self.checkable.checked_sub(len) else {
            return true;
        };
        self.checkable = left;
        let start = at + FrameHeader::LEN;
        crc32fast::hash(&self.file[start..start + len]) == header.payload_crc
    }

    /// Where the next frame or trailer begins behind `at`; notes what lies between, unless it is the cut end.
    fn resume(&mut self, at: usize, cut: bool) -> usize {
        let found = |&next: &usize| match self.file[next] {
            byte if byte == FRAME_MAGIC[0] => FrameHeader::parse(self.file, next).is_some(),
            byte if byte == TRAILER_MAGIC[0] => Trailer::parse(self.file, next).is_some(),
            _ => false,
        };
        let next = (at + 1..self.file.len()).find(found);
        if next.is_some() || !cut {
            self.note(Damage::Skipped {
                offset: at,
                len: next.unwrap_or(self.file.len()) - at,
            });
        }
        next.unwrap_or(self.file.len())
    }

    pub(super) fn note(&mut self, damage: Damage) {
        if self.damage.len() < MAX_DAMAGE {
            self.damage.push(damage);
        } else if let Some(Damage::More { count }) = self.damage.last_mut() {
            *count += 1;
        } else {
            self.damage.push(Damage::More { count: 1 });
        }
    }
}
