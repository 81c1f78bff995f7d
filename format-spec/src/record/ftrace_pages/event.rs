//! A sub-buffer taken apart into the items that the columns hold.
//!
//! Layout as in [`crate::ftrace`], read strictly: a page that is anything else is stored as it is.

use crate::container::{u32_at, u64_at};

/// Length of the header of a sub-buffer: time and commit.
pub(super) const PAGE_HEADER_LEN: usize = 16;

/// Bits of `commit` that are the length of the events.
pub(super) const COMMIT_MASK: u64 = (1 << 27) - 1;

pub(super) const PADDING: u8 = 29;
pub(super) const TIME_EXTEND: u8 = 30;
pub(super) const TIME_STAMP: u8 = 31;

/// What stands before the words of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) type_len: u8,
    /// The length that follows the header where `type_len` is 0 or [`PADDING`]; it counts itself when it is 0.
    pub(super) length: u32,
}

impl Shape {
    /// Whether the length is stored.
    pub(super) fn has_length(self) -> bool {
        self.type_len == 0 || self.type_len == PADDING
    }

    /// Number of 32-bit words of the event; `None` where the length is no such number.
    pub(super) fn words(self) -> Option<usize> {
        let len = match self.type_len {
            0 | PADDING => self.length.checked_sub(4)? as usize,
            1..=28 => 4 * usize::from(self.type_len),
            _ => return None,
        };
        (len % 4 == 0).then_some(len / 4)
    }
}

/// One item of a sub-buffer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'a> {
    /// An event or discarded event, and its words.
    Event {
        shape: Shape,
        delta: u32,
        words: &'a [u8],
    },
    /// A time extension or an absolute time: the header's `type_len` and `time_delta`, and the word behind it.
    Time {
        type_len: u8,
        delta: u32,
        upper: u32,
    },
}

/// A sub-buffer.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) time: u64,
    pub(super) commit: u64,
    pub(super) items: Vec<Item<'a>>,
    /// The bytes behind the events.
    pub(super) tail: &'a [u8],
}

impl<'a> Page<'a> {
    /// Takes a page apart; `None` where it is not laid out exactly so.
    pub(super) fn parse(page: &'a [u8]) -> Option<Self> {
        let time = u64_at(page, 0)?;
        let commit = u64_at(page, 8)?;
        let used = usize::try_from(commit & COMMIT_MASK).ok()?;
        let end = PAGE_HEADER_LEN.checked_add(used)?;
        let (data, tail) = page.split_at_checked(end)?;
        let mut items = Vec::new();
        let mut at = PAGE_HEADER_LEN;
        while at < end {
            let header = u32_at(data, at)?;
            let type_len = header.to_le_bytes()[0] & 0x1f;
            let delta = header >> 5;
            at += 4;
            if type_len == TIME_EXTEND || type_len == TIME_STAMP {
                items.push(Item::Time {
                    type_len,
                    delta,
                    upper: u32_at(data, at)?,
                });
                at += 4;
                continue;
            }
            let mut shape = Shape {
                type_len,
                length: 0,
            };
            if shape.has_length() {
                shape.length = u32_at(data, at)?;
                at += 4;
            }
            let words = data.get(at..at.checked_add(4 * shape.words()?)?)?;
            at += words.len();
            items.push(Item::Event {
                shape,
                delta,
                words,
            });
        }
        Some(Self {
            time,
            commit,
            items,
            tail,
        })
    }
}

/// The time behind an item of type [`TIME_EXTEND`] or [`TIME_STAMP`], as far as the columns need it.
pub(super) fn moved(time: u64, type_len: u8, delta: u32, upper: u32) -> u64 {
    let value = u64::from(delta) + (u64::from(upper) << 27);
    if type_len == TIME_EXTEND {
        time.wrapping_add(value)
    } else {
        value
    }
}
