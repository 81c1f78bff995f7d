//! Chooses the mode of every slot by what it would cost. Any choice is right; a good one is small.

use std::collections::HashMap;

use super::{
    event::Shape,
    model::{Mode, Stacks},
};
use crate::{
    columns::zigzag,
    container::{u32_at, u64_at},
};

/// Word at which the function graph's events have their function: behind `common_type`, `common_flags`,
/// `common_preempt_count` and `common_pid` (`struct trace_entry` in `include/linux/trace_events.h`).
const FUNCTION: usize = 2;

/// Most ids that are tried as entries or exits.
const MOST_IDS: usize = 4;

/// Events of a class on which the modes are tried.
const MOST_TRIED: usize = 2_000;

/// An event as the choice of modes sees it.
pub(super) struct Event<'a> {
    pub(super) class: usize,
    pub(super) time: u64,
    pub(super) words: &'a [u8],
}

impl Event<'_> {
    /// The thread (`common_pid`), or whatever is in its place.
    pub(super) fn pid(&self) -> u32 {
        u32_at(self.words, 4).unwrap_or(0)
    }

    /// Two words at word number `word`.
    pub(super) fn long(&self, word: usize) -> Option<u64> {
        u64_at(self.words, 4 * word)
    }
}

/// What is known of an event when its slots are stored.
#[derive(Clone, Copy)]
struct Moment {
    depth: u64,
    called: u64,
}

/// The modes of the slots of each class.
pub(super) fn choose(keys: &[(Shape, u16)], events: &[Event<'_>]) -> Vec<Vec<Mode>> {
    let pair = calls(keys, events);
    let role = |class: usize, id: Option<u16>| id == Some(keys[class].1) && is_long(keys[class].0);
    let (moments, _) = moments(events, |class| {
        (
            role(class, pair.map(|(entry, _)| entry)),
            role(class, pair.map(|(_, exit)| exit)),
        )
    });
    let mut of_class = vec![Vec::new(); keys.len()];
    for (number, event) in events.iter().enumerate() {
        if of_class[event.class].len() < MOST_TRIED {
            of_class[event.class].push(number);
        }
    }
    (0..keys.len())
        .map(|class| {
            let function = match pair {
                Some((entry, _)) if role(class, Some(entry)) => Some(Mode::Push),
                Some((_, exit)) if role(class, Some(exit)) => Some(Mode::Pop),
                _ => None,
            };
            let words = keys[class].0.words().unwrap_or(0);
            slots(words, function, |word, mode| {
                cost(events, &moments, &of_class[class], word, mode)
            })
        })
        .collect()
}

fn is_long(shape: Shape) -> bool {
    shape.words().is_some_and(|words| words >= FUNCTION + 2)
}

/// Covers the words of a class from front to back, each time by what costs least.
fn slots(words: usize, function: Option<Mode>, cost: impl Fn(usize, Mode) -> usize) -> Vec<Mode> {
    let mut modes = Vec::new();
    let mut word = 0;
    while word < words {
        let mode = match function {
            Some(mode) if word == FUNCTION => mode,
            _ => cheapest(words - word, word, function.is_some(), &cost),
        };
        modes.push(mode);
        word += mode.words();
    }
    modes
}

fn cheapest(left: usize, word: usize, calls: bool, cost: impl Fn(usize, Mode) -> usize) -> Mode {
    let single = |word| {
        let plain = (cost(word, Mode::Word), Mode::Word);
        // The stack is known from the thread on.
        if calls && word > FUNCTION && cost(word, Mode::Depth) < plain.0 {
            (cost(word, Mode::Depth), Mode::Depth)
        } else {
            plain
        }
    };
    let (one, mode) = single(word);
    if word < FUNCTION || left < 2 {
        return mode;
    }
    let both = one + single(word + 1).0;
    let double = [Mode::Long, Mode::Number, Mode::Time, Mode::Call]
        .into_iter()
        .map(|mode| (cost(word, mode), mode))
        .min_by_key(|&(cost, _)| cost);
    match double {
        Some((cost, double)) if cost < both => double,
        _ => mode,
    }
}

/// About how many bytes the slot takes after compression: those of values that are not like the one before.
fn cost(
    events: &[Event<'_>],
    moments: &[Moment],
    of_class: &[usize],
    word: usize,
    mode: Mode,
) -> usize {
    let mut numbers = HashMap::new();
    let mut before = 0u64;
    let mut last = 0u64;
    let mut cost = 0;
    for &number in of_class {
        let event = &events[number];
        let value = if mode.words() == 2 {
            event.long(word)
        } else {
            u32_at(event.words, 4 * word).map(u64::from)
        };
        let Some(value) = value else { continue };
        let stored = match mode {
            Mode::Depth => difference(value, moments[number].depth),
            Mode::Time | Mode::Call => {
                let called = moments[number].called;
                let basis = if mode == Mode::Time {
                    event.time
                } else {
                    called
                };
                let distance = value.wrapping_sub(basis);
                let stored = difference(distance, before);
                before = distance;
                stored
            }
            Mode::Number => {
                let next = numbers.len() as u64;
                let known = *numbers.entry(value).or_insert(next);
                if known == next {
                    cost += varint_len(value);
                }
                known
            }
            _ => {
                let stored = difference(value, before);
                before = value;
                stored
            }
        };
        if stored != last {
            cost += varint_len(stored);
        }
        last = stored;
    }
    cost
}

fn difference(value: u64, before: u64) -> u64 {
    zigzag(value.wrapping_sub(before).cast_signed())
}

fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// The ids of entries and exits: of all pairs, the one where most exits name what the last entry named.
fn calls(keys: &[(Shape, u16)], events: &[Event<'_>]) -> Option<(u16, u16)> {
    let mut counts: HashMap<u16, usize> = HashMap::new();
    for event in events {
        let (shape, id) = keys[event.class];
        if is_long(shape) {
            *counts.entry(id).or_default() += 1;
        }
    }
    let mut ids: Vec<_> = counts.into_iter().collect();
    ids.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
    ids.truncate(MOST_IDS);
    let pairs = ids.iter().flat_map(|&(entry, _)| {
        let exits = ids.iter().filter(move |&&(exit, _)| exit != entry);
        exits.map(move |&(exit, count)| (entry, exit, count))
    });
    let hits = pairs.map(|(entry, exit, count)| {
        let (_, hits) = moments(events, |class| {
            let (shape, id) = keys[class];
            (is_long(shape) && id == entry, is_long(shape) && id == exit)
        });
        (hits, count, (entry, exit))
    });
    let (hits, count, pair) = hits.max_by_key(|&(hits, ..)| hits)?;
    (2 * hits > count).then_some(pair)
}

/// Plays the call stacks: for each event what is known of them, and how many exits are of the function on top.
fn moments(events: &[Event<'_>], role: impl Fn(usize) -> (bool, bool)) -> (Vec<Moment>, usize) {
    let mut stacks = Stacks::default();
    let mut hits = 0;
    let moments = events.iter().map(|event| {
        let (is_entry, is_exit) = role(event.class);
        let pid = event.pid();
        let function = event.long(FUNCTION).unwrap_or(0);
        let mut called = event.time;
        if is_entry {
            stacks.push(pid, function, event.time);
        } else if is_exit && let Some((top, time)) = stacks.pop(pid) {
            called = time;
            hits += usize::from(top == function);
        }
        Moment {
            depth: stacks.len(pid),
            called,
        }
    });
    (moments.collect(), hits)
}
