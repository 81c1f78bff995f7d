//! Ring-buffer sub-buffers: a header, then events with relative times.
//!
//! Layout: `struct buffer_data_page` in `kernel/trace/ring_buffer.c` and `struct ring_buffer_event` in
//! `include/linux/ring_buffer.h`, unchanged from 5.10 to 7.2 but for the size of a sub-buffer. Little-endian only,
//! as are both architectures.

use super::{Field, FormatError};
use crate::{
    bounds::MAX_SUBBUFFER_LEN,
    container::{u32_at, u64_at},
};

/// Event types above the lengths 1 to 28 (`enum ring_buffer_type`).
const TYPE_PADDING: u32 = 29;
const TYPE_TIME_EXTEND: u32 = 30;
const TYPE_TIME_STAMP: u32 = 31;

/// Bits of `time_delta` in an event header (`TS_SHIFT`).
const DELTA_BITS: u32 = 27;

/// Absolute time stamps hold 59 bits: the upper five come from the time before (`TS_MSB`).
const ABSOLUTE_MSB: u64 = 0xf8 << 56;

/// Flags in the upper bits of `commit`, set by reading a sub-buffer (`RB_MISSED_EVENTS`, `RB_MISSED_STORED`).
const MISSED_EVENTS: u64 = 1 << 31;
const MISSED_STORED: u64 = 1 << 30;
const COMMIT_MASK: u64 = (1 << DELTA_BITS) - 1;

/// Where the parts of a sub-buffer are, from `events/header_page`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageFormat {
    timestamp: usize,
    commit: usize,
    data: usize,
    len: usize,
}

/// Events that the ring buffer overwrote before those of this sub-buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// So many.
    Exactly(u64),
    /// Some.
    Unknown,
}

/// A sub-buffer.
#[derive(Debug, Clone, Copy)]
pub struct SubBuffer<'a> {
    /// Time of the sub-buffer, to which the first event's difference is added.
    pub time_ns: u64,
    /// Events lost just before it.
    pub lost: Option<Lost>,
    page: &'a [u8],
    start: usize,
    end: usize,
}

/// One event record: `data` begins with the 16-bit event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageEvent<'a> {
    /// Time, in nanoseconds of the trace clock.
    pub time_ns: u64,
    /// Offset of `data` in the sub-buffer, in bytes.
    pub offset: usize,
    /// The record, as the event's `format` file lays it out.
    pub data: &'a [u8],
}

impl PageEvent<'_> {
    /// The event id (`common_type`); `None` in a record that is too short for one.
    #[must_use]
    pub fn id(&self) -> Option<u16> {
        crate::container::u16_at(self.data, 0)
    }
}

impl PageFormat {
    /// Reads the text of `events/header_page`.
    ///
    /// # Errors
    /// When a field is missing or not where little-endian 64-bit kernels have it.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let fields = Field::parse_all(text)?;
        let offset = |name, size| {
            let found = fields
                .iter()
                .find(|field| field.name == name && field.size >= size);
            found
                .map(|field| field.offset)
                .filter(|&offset| offset <= 64)
                .ok_or(FormatError {
                    line: 0,
                    what: "header_page lacks a field",
                })
        };
        Ok(Self {
            timestamp: offset("timestamp", 8)?,
            commit: offset("commit", 8)?,
            data: offset("data", 1)?,
            len: fields
                .iter()
                .find(|field| field.name == "data")
                .map_or(0, |field| field.offset.saturating_add(field.size)),
        })
    }

    /// Length of a sub-buffer, in bytes; `None` when it is none that a kernel has.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "no sub-buffer is empty")]
    pub fn len(&self) -> Option<usize> {
        (self.data..=MAX_SUBBUFFER_LEN)
            .contains(&self.len)
            .then_some(self.len)
    }

    /// Looks at one sub-buffer; `None` when it is too short for its header.
    #[must_use]
    pub fn sub_buffer<'a>(&self, page: &'a [u8]) -> Option<SubBuffer<'a>> {
        let time_ns = u64_at(page, self.timestamp)?;
        let commit = u64_at(page, self.commit)?;
        let room = page.len().checked_sub(self.data)?;
        let used = usize::try_from(commit & COMMIT_MASK).ok()?.min(room);
        let end = self.data + used;
        let lost = match (commit & MISSED_EVENTS != 0, commit & MISSED_STORED != 0) {
            (false, _) => None,
            (true, true) => Some(u64_at(page, end).map_or(Lost::Unknown, Lost::Exactly)),
            (true, false) => Some(Lost::Unknown),
        };
        Some(SubBuffer {
            time_ns,
            lost,
            page,
            start: self.data,
            end,
        })
    }

    /// Length of the part of `page` that is in use: header, events, and the stored count of lost events.
    #[must_use]
    pub fn used_len(&self, page: &[u8]) -> usize {
        let Some(commit) = u64_at(page, self.commit) else {
            return page.len();
        };
        let used = usize::try_from(commit & COMMIT_MASK).unwrap_or(usize::MAX);
        let stored = if commit & MISSED_STORED == 0 { 0 } else { 8 };
        self.data
            .saturating_add(used)
            .saturating_add(stored)
            .min(page.len())
    }
}

impl<'a> SubBuffer<'a> {
    /// The events in order.
    #[must_use]
    pub fn events(&self) -> PageEvents<'a> {
        PageEvents {
            page: self.page,
            at: self.start,
            end: self.end,
            time_ns: self.time_ns,
        }
    }
}

/// Iterator over the events of a sub-buffer; it ends early where the bytes make no sense.
#[derive(Debug, Clone)]
pub struct PageEvents<'a> {
    page: &'a [u8],
    at: usize,
    end: usize,
    time_ns: u64,
}

impl<'a> Iterator for PageEvents<'a> {
    type Item = PageEvent<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.end {
            let header = u32_at(self.page, self.at)?;
            let type_len = header & 0x1f;
            let delta = u64::from(header >> 5);
            let body = self.at + 4;
            let (start, len) = match type_len {
                TYPE_PADDING if delta == 0 => return None,
                TYPE_PADDING => {
                    let skipped = u32_at(self.page, body)? as usize;
                    self.at = body.checked_add(skipped)?.max(body + 4);
                    continue;
                }
                TYPE_TIME_EXTEND => {
                    let upper = u64::from(u32_at(self.page, body)?);
                    self.time_ns = self.time_ns.wrapping_add(delta | upper << DELTA_BITS);
                    self.at = body + 4;
                    continue;
                }
                TYPE_TIME_STAMP => {
                    let upper = u64::from(u32_at(self.page, body)?);
                    self.time_ns = absolute(delta | upper << DELTA_BITS, self.time_ns);
                    self.at = body + 4;
                    continue;
                }
                // The length stands in the first word, and counts that word.
                0 => (
                    body + 4,
                    (u32_at(self.page, body)? as usize).checked_sub(4)?,
                ),
                words => (body, 4 * words as usize),
            };
            let stop = start.checked_add(len).filter(|&stop| stop <= self.end)?;
            self.time_ns = self.time_ns.wrapping_add(delta);
            self.at = stop.next_multiple_of(4);
            return Some(PageEvent {
                time_ns: self.time_ns,
                offset: start,
                data: &self.page[start..stop],
            });
        }
        None
    }
}

/// Completes an absolute time stamp with the upper bits of the time before (`rb_fix_abs_ts`).
fn absolute(stamp: u64, before: u64) -> u64 {
    let with_upper = stamp | (before & ABSOLUTE_MSB);
    if before & ABSOLUTE_MSB != 0 && with_upper < before {
        with_upper.wrapping_add(1 << 59)
    } else {
        with_upper
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\
        \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n\
        \tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n\
        \tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

    fn page(words: &[u32], flags: u64) -> Vec<u8> {
        let mut page = 1_000u64.to_le_bytes().to_vec();
        page.extend(((words.len() as u64 * 4) | flags).to_le_bytes());
        page.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        page
    }

    #[test]
    fn walks_every_kind_of_event() {
        let words = [
            5 << 5 | 2,
            0xa,
            0xb, // two words, 5 ns later
            7 << 5 | TYPE_TIME_EXTEND,
            1, // 7 + 2^27 ns later
            3 << 5 | TYPE_PADDING,
            8,
            0, // a discarded event
            1 << 5,
            8,
            0xc, // length in the first word
            TYPE_PADDING,
            0,
        ];
        let page = page(&words, MISSED_EVENTS);
        let sub = PageFormat::parse(HEADER)
            .unwrap()
            .sub_buffer(&page)
            .unwrap();
        assert_eq!(sub.lost, Some(Lost::Unknown));
        let seen: Vec<_> = sub
            .events()
            .map(|event| (event.time_ns, event.data.len()))
            .collect();
        assert_eq!(seen, [(1_005, 8), (1_013 + (1 << 27), 4)]);
    }

    #[test]
    fn reads_the_stored_count_of_lost_events() {
        let mut page = page(&[1 << 5 | 1, 0xa], MISSED_EVENTS | MISSED_STORED);
        page.extend(42u64.to_le_bytes());
        let format = PageFormat::parse(HEADER).unwrap();
        assert_eq!(
            format.sub_buffer(&page).unwrap().lost,
            Some(Lost::Exactly(42))
        );
        assert_eq!(format.used_len(&page), page.len());
    }

    proptest! {
        #[test]
        fn any_bytes_are_total(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let format = PageFormat::parse(HEADER).unwrap();
            prop_assert!(format.used_len(&bytes) <= bytes.len());
            if let Some(sub) = format.sub_buffer(&bytes) {
                prop_assert!(sub.events().count() <= bytes.len());
            }
        }
    }
}
