//! How the words of an event become columns: each class of events has slots, each slot a mode.

use std::collections::HashMap;

use super::event::Shape;

/// Columns in front of those of the classes.
pub(super) const FIXED_COLUMNS: usize = 10;

/// These columns by name, to be written or read.
pub(super) struct FixedColumns<'c, C> {
    /// Processor, session, and the classes with their slots.
    pub(super) head: &'c mut C,
    /// Of each page: 1 when it is in columns, 0 when it is in `raw`.
    pub(super) forms: &'c mut C,
    /// Pages as they are.
    pub(super) raw: &'c mut C,
    /// Times, commits and what is behind the events, of each page.
    pub(super) times: &'c mut C,
    pub(super) commits: &'c mut C,
    pub(super) tails: &'c mut C,
    /// What comes next in a page: 0 its end, 1 or 2 a time, 3 + class an event.
    pub(super) kinds: &'c mut C,
    /// The lower and the upper part of times.
    pub(super) deltas: &'c mut C,
    pub(super) uppers: &'c mut C,
    /// The dictionary of long values.
    pub(super) longs: &'c mut C,
}

impl<'c, C> FixedColumns<'c, C> {
    /// Names the columns, which are in the order of the payload.
    pub(super) fn new(columns: &'c mut [C; FIXED_COLUMNS]) -> Self {
        let [head, forms, raw, times, commits, rest @ ..] = columns;
        let [tails, kinds, deltas, uppers, longs] = rest;
        Self {
            head,
            forms,
            raw,
            times,
            commits,
            tails,
            kinds,
            deltas,
            uppers,
            longs,
        }
    }
}

/// Most columns of the record.
pub(super) const MAX_PAGE_COLUMNS: usize = 4096;

/// How one or two words are stored. The numbers are those of SPEC.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// One word: difference to the same slot of the last event of the class.
    Word = 0,
    /// One word: difference to the length of the call stack.
    Depth = 1,
    /// Two words: difference to the same slot of the last event of the class.
    Long = 2,
    /// Two words: number in the dictionary.
    Number = 3,
    /// As [`Mode::Number`]; the value goes onto the call stack, with the time of the event.
    Push = 4,
    /// Two words: 0 for what is on top of the call stack, which is taken off, else 1 + number in the dictionary.
    Pop = 5,
    /// Two words: how far from the time of the event, as difference to how far it was in the last event of the
    /// class. The kernel may take the two times from different clocks, which keep nearly the same distance.
    Time = 6,
    /// As [`Mode::Time`], from the time that this event took off the call stack.
    Call = 7,
}

impl Mode {
    pub(super) const ALL: [Self; 8] = [
        Self::Word,
        Self::Depth,
        Self::Long,
        Self::Number,
        Self::Push,
        Self::Pop,
        Self::Time,
        Self::Call,
    ];

    /// Length in the event, in 32-bit words.
    pub(super) fn words(self) -> usize {
        match self {
            Self::Word | Self::Depth => 1,
            _ => 2,
        }
    }
}

/// Events of one shape, and one id as far as the writer is concerned.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub(super) shape: Shape,
    pub(super) slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) mode: Mode,
    /// The last value, or distance.
    pub(super) before: u64,
}

/// Call stacks, one for each thread: value and time of what was pushed.
#[derive(Debug, Default)]
pub(super) struct Stacks(HashMap<u32, Vec<(u64, u64)>>);

impl Stacks {
    pub(super) fn push(&mut self, pid: u32, value: u64, time: u64) {
        self.0.entry(pid).or_default().push((value, time));
    }

    pub(super) fn pop(&mut self, pid: u32) -> Option<(u64, u64)> {
        self.0.get_mut(&pid)?.pop()
    }

    pub(super) fn len(&self, pid: u32) -> u64 {
        self.0.get(&pid).map_or(0, |stack| stack.len() as u64)
    }
}
