//! Which kind of failure is looked into next, and when a look gives way to another.
//!
//! Kinds take turns. Of those that wait, the next is the first by these rules, in this order ([`Rank`]):
//!
//! 1. What the caller asked for; then what may be a fault; what the table of normal failures knows comes last.
//! 2. No kind has another turn before all others that wait have had as many.
//! 3. What is about to fail again goes before what happened once: a graph sees only what fails while it is armed.
//! 4. Limits go before all else.
//! 5. The program that had fewer turns goes before the others, however many kinds these have.
//! 6. What is worth more; what failed first.
//!
//! A look that has seen nothing for a short while gives way to any kind that waits, one on what is normal as a rule to
//! any that is not, and each after [`TURN`]; the kind may have another turn later.
//!
//! Times are those of failures: CLOCK_MONOTONIC, as the [`Duration`] since its start.

#[cfg(test)]
mod tests;

use std::{cmp::Ordering, collections::BTreeMap, time::Duration};

use format_spec::record::Failure;

use super::worth::Worth;
use crate::{names, sources::syscalls::Focus, zoom::Shown};

/// A kind of failure. The same call and errno of two programs are two kinds: one may be noise, the other not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// Syscall number.
    pub(super) syscall: u32,
    /// errno.
    pub(super) errno: u16,
    /// Name of the thread that failed.
    pub(super) comm: Vec<u8>,
}

impl Kind {
    pub(super) fn of(failure: &Failure) -> Self {
        Self {
            syscall: failure.syscall,
            errno: failure.errno,
            comm: failure.comm.clone(),
        }
    }
}

/// Most kinds that are remembered.
const MAX_KINDS: usize = 1024;

/// Most turns of one kind: one, and more if that saw nothing or was cut short.
const MAX_TURNS: u32 = 3;

/// Failures this close together are one event: a program that tries ten folders in a millisecond does not repeat it.
const EVENT: Duration = Duration::from_millis(100);

/// How long what failed may be expected to fail again, if nothing is known of its beat.
const FRESH: Duration = Duration::from_secs(5);

/// A look that begins at any time meets what fails this often.
const OFTEN: Duration = Duration::from_secs(3);

/// How long before a failure is expected a look may begin, arming aside, and how long after it still may: a look is
/// short, so what fails seldom is met by its own beat.
const LEAD: Duration = Duration::from_secs(1);

/// How long a look without any failure lasts while others wait: two beats, within these bounds.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3));

/// How long a turn lasts while others wait that have had fewer.
const TURN: Duration = Duration::from_secs(10);

/// How long doubtful kinds wait for better ones.
const DOUBT: Duration = Duration::from_secs(8);

/// What is known of one kind.
#[derive(Debug)]
struct Seen {
    worth: Worth,
    first: Duration,
    last: Duration,
    /// When the last event began, and the time from the one before.
    event: Duration,
    beat: Option<Duration>,
    turns: u32,
    /// When the last turn ended.
    turned: Duration,
    answered: bool,
}

impl Seen {
    fn new(worth: Worth, time: Duration) -> Self {
        Self {
            worth,
            first: time,
            last: time,
            event: time,
            beat: None,
            turns: 0,
            turned: Duration::ZERO,
            answered: false,
        }
    }

    fn again(&mut self, time: Duration) {
        if time.saturating_sub(self.event) >= EVENT {
            self.beat = Some(time - self.event);
            self.event = time;
        }
        self.last = self.last.max(time);
    }

    fn is_fresh(&self, now: Duration) -> bool {
        let beat = self.beat.unwrap_or_default();
        now.saturating_sub(self.last) <= FRESH.max(beat * 2)
    }

    /// Whether it repeats and a look that takes `arming` to begin would meet the next time.
    fn is_due(&self, now: Duration, arming: Duration) -> bool {
        let Some(beat) = self.beat else {
            return false;
        };
        let next = self.last + beat;
        let lead = LEAD + arming;
        beat <= OFTEN || (now + lead >= next && now <= next + LEAD)
    }

    /// Whether there is something left to see. After a turn that saw nothing, or not all, it must have failed again.
    fn is_open(&self, now: Duration) -> bool {
        let turn = self.turns == 0
            || (self.turns < MAX_TURNS && !self.answered && self.last > self.turned);
        turn && self.is_fresh(now)
    }

    fn waits(&self, now: Duration, arming: Duration) -> bool {
        let doubted = self.worth != Worth::Doubtful || now.saturating_sub(self.first) >= DOUBT;
        doubted && self.is_open(now) && (self.beat.is_none() || self.is_due(now, arming))
    }

    fn class(&self) -> Class {
        match self.worth {
            Worth::Asked => Class::Asked,
            Worth::Limit | Worth::Refused | Worth::Other => Class::Suspicious,
            Worth::Doubtful | Worth::Normal => Class::Normal,
        }
    }
}

/// What goes before what, turns aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Asked,
    Suspicious,
    Normal,
}

/// Where a kind stands in line; see the rules above.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    class: Class,
    turns: u32,
    happened_once: bool,
    no_limit: bool,
    turns_of_program: u32,
    worth: Worth,
    first: Duration,
}

/// How a look goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Whether it has caught a failing call.
    pub(super) seen: bool,
    /// How long it has been armed.
    pub(super) armed: Duration,
}

/// The kinds of failures seen so far.
#[derive(Debug)]
pub(super) struct Policy {
    focus: Focus,
    seen: BTreeMap<Kind, Seen>,
    turns_of_program: BTreeMap<Vec<u8>, u32>,
    /// How long it took to arm the last look.
    arming: Duration,
}

impl Policy {
    pub(super) fn new(focus: Focus) -> Self {
        Self {
            focus,
            seen: BTreeMap::new(),
            turns_of_program: BTreeMap::new(),
            arming: Duration::ZERO,
        }
    }

    /// Notes a failure. Returns how much it is worth, and whether it is the first of its call and errno.
    pub(super) fn note(&mut self, failure: &Failure) -> (Worth, bool) {
        let kind = Kind::of(failure);
        let time = Duration::from_nanos(failure.time_ns);
        if let Some(seen) = self.seen.get_mut(&kind) {
            seen.again(time);
            return (seen.worth, false);
        }
        let worth = self.worth(&kind);
        if worth == Worth::Normal {
            return (worth, false);
        }
        if self.seen.len() == MAX_KINDS {
            self.forget_oldest();
        }
        let first = !self.is_known(failure.syscall, failure.errno);
        self.seen.insert(kind, Seen::new(worth, time));
        (worth, first)
    }

    fn worth(&self, kind: &Kind) -> Worth {
        if !self.focus.covers(kind.syscall, kind.errno) {
            Worth::Normal
        } else if self.focus.is_explicit(kind.syscall, kind.errno) {
            Worth::Asked
        } else {
            let syscall = names::syscall_name(kind.syscall);
            Worth::of(&syscall, &names::errno_name(kind.errno))
        }
    }

    /// Whether the call failed so in any program.
    fn is_known(&self, syscall: u32, errno: u16) -> bool {
        let comm = Vec::new();
        let from = Kind {
            syscall,
            errno,
            comm,
        };
        let next = self.seen.range(from..).next();
        next.is_some_and(|(kind, _)| (kind.syscall, kind.errno) == (syscall, errno))
    }

    /// Whether only some failures are kept whole.
    pub(super) fn is_limited(&self) -> bool {
        let Focus {
            errnos,
            syscalls,
            tgids,
            comms,
            cgroups,
        } = &self.focus;
        !(errnos.is_empty()
            && syscalls.is_empty()
            && tgids.is_empty()
            && comms.is_empty()
            && cgroups.is_empty())
    }

    /// Forgets all kinds.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
        self.turns_of_program.clear();
    }

    /// Makes room for a new kind: the one that has not failed for the longest time goes.
    fn forget_oldest(&mut self) {
        let oldest = self.seen.iter().min_by_key(|(_, seen)| seen.last);
        if let Some(kind) = oldest.map(|(kind, _)| kind.clone()) {
            self.seen.remove(&kind);
        }
        if self.turns_of_program.len() > MAX_KINDS {
            self.turns_of_program.clear();
        }
    }

    /// The kind to look into next, if one waits.
    pub(super) fn next(&self, now: Duration) -> Option<&Kind> {
        self.first_of(now, |_| true).map(|(kind, _)| kind)
    }

    fn first_of(&self, now: Duration, is_meant: impl Fn(&Kind) -> bool) -> Option<(&Kind, &Seen)> {
        // What is normal waits for faults that are not about to fail just now, too.
        let mut open = self.seen.values().filter(|seen| seen.is_open(now));
        let faults = open.any(|seen| seen.class() < Class::Normal);
        let waiting = self.seen.iter().filter(|(kind, seen)| {
            let last = faults && seen.class() == Class::Normal;
            is_meant(kind) && !last && seen.waits(now, self.arming)
        });
        waiting.min_by_key(|(kind, seen)| Rank {
            class: seen.class(),
            turns: seen.turns,
            happened_once: !seen.is_due(now, self.arming),
            no_limit: seen.worth > Worth::Limit,
            turns_of_program: self.turns_of_program.get(&kind.comm).copied().unwrap_or(0),
            worth: seen.worth,
            first: seen.first,
        })
    }

    /// Whether a look at `kind` gives way to another kind that waits.
    pub(super) fn gives_way(&self, kind: &Kind, look: Look, now: Duration) -> bool {
        let Some(own) = self.seen.get(kind) else {
            return false;
        };
        let Some((_, other)) = self.first_of(now, |other| other != kind) else {
            return false;
        };
        let (least, most) = PATIENCE;
        let patience = own.beat.map_or(least, |beat| (beat * 2).clamp(least, most));
        match other.class().cmp(&own.class()) {
            Ordering::Less => own.class() == Class::Normal || !look.seen,
            Ordering::Equal if look.seen => look.armed >= TURN && other.turns <= own.turns,
            Ordering::Equal => look.armed >= patience,
            Ordering::Greater => !look.seen && look.armed >= patience,
        }
    }

    /// Notes how long it took to arm a look.
    pub(super) fn armed(&mut self, arming: Duration) {
        self.arming = arming;
    }

    /// Notes that a turn of `kind` is over, and what the look has shown.
    pub(super) fn turned(&mut self, kind: &Kind, shown: Shown, now: Duration) {
        *self.turns_of_program.entry(kind.comm.clone()).or_default() += 1;
        if let Some(seen) = self.seen.get_mut(kind) {
            seen.turns += 1;
            seen.turned = now;
            seen.answered |= shown == Shown::All;
        }
    }

    /// How many kinds are worth a look.
    pub(super) fn kinds(&self) -> usize {
        self.seen.len()
    }
}
