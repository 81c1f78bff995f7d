//! The flight recorder: the last failures stay in memory until a trigger comes.
//!
//! What describes functions and formats is small, is sent once, and goes to the file at once; failures and the
//! sub-buffers of sentinels are held, for a time and within bounds, the oldest given up first.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use format_spec::record::{Exit, Failure};

use crate::{cli::Trigger, clock::monotonic_ns, output::Output};

/// Most ends of processes that wait for a trigger: 16 bytes each.
const MAX_EXITS: usize = 16_384;

/// What waits for a trigger.
#[derive(Debug)]
pub(super) struct Held {
    time: Duration,
    max_bytes: usize,
    triggers: Vec<Trigger>,
    pub(super) failures: VecDeque<Failure>,
    pages: VecDeque<(Instant, Output)>,
    bytes: usize,
    /// How many failures and sub-buffers were given up, over the memory there is for them.
    pub(super) given_up: u64,
}

impl Held {
    /// Holds the failures of the last `time` in at most `max_bytes`.
    pub(super) fn new(time: Duration, max_bytes: usize, triggers: Vec<Trigger>) -> Self {
        Self {
            time,
            max_bytes,
            triggers,
            failures: VecDeque::new(),
            pages: VecDeque::new(),
            bytes: 0,
            given_up: 0,
        }
    }

    /// Takes failures, and gives up what is too old or too much. Returns syscall and errno of the first trigger among them.
    pub(super) fn take(&mut self, failures: Vec<Failure>) -> Option<(u32, u16)> {
        let mut trigger = None;
        for failure in failures {
            let kind = (failure.syscall, failure.errno);
            if self.failure(failure) {
                trigger.get_or_insert(kind);
            }
        }
        self.shrink(Instant::now(), monotonic_ns());
        trigger
    }

    /// For how long failures are kept.
    pub(super) fn time(&self) -> Duration {
        self.time
    }

    /// Of these ends of processes keeps those of the time that failures are kept for, the last ones.
    pub(super) fn trim(&self, exits: &mut Vec<Exit>) {
        let first_ns = monotonic_ns().saturating_sub(self.age_ns());
        exits.retain(|exit| exit.time_ns >= first_ns);
        let over = exits.len().saturating_sub(MAX_EXITS);
        exits.drain(..over);
    }

    /// The sub-buffers that are held, in the order in which they came.
    pub(super) fn into_pages(self) -> impl Iterator<Item = Output> {
        self.pages.into_iter().map(|(_, output)| output)
    }

    /// Takes a failure. Returns whether it is a trigger.
    fn failure(&mut self, failure: Failure) -> bool {
        let is_trigger = self.triggers.iter().any(|trigger| trigger.is(&failure));
        self.bytes += size(&failure);
        self.failures.push_back(failure);
        is_trigger
    }

    /// Takes sub-buffers.
    pub(super) fn pages(&mut self, output: Output) {
        self.bytes += output.bytes();
        self.pages.push_back((Instant::now(), output));
    }

    fn age_ns(&self) -> u64 {
        u64::try_from(self.time.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Gives up what is too old, and the oldest of what is too much.
    fn shrink(&mut self, now: Instant, now_ns: u64) {
        let first_ns = now_ns.saturating_sub(self.age_ns());
        while let Some(oldest) = self.failures.front() {
            let is_old = oldest.time_ns < first_ns;
            if !is_old && self.bytes <= self.max_bytes {
                break;
            }
            self.given_up += u64::from(!is_old);
            self.bytes -= size(oldest);
            self.failures.pop_front();
        }
        while let Some((came, oldest)) = self.pages.front() {
            let is_old = now.duration_since(*came) > self.time;
            if !is_old && self.bytes <= self.max_bytes {
                break;
            }
            self.given_up += u64::from(!is_old);
            self.bytes -= oldest.bytes();
            self.pages.pop_front();
        }
    }
}

impl Trigger {
    fn is(self, failure: &Failure) -> bool {
        self.errno == failure.errno
            && self
                .syscall
                .is_none_or(|syscall| syscall == failure.syscall)
    }
}

/// About what a failure takes in memory, in bytes.
fn size(failure: &Failure) -> usize {
    let paths = failure.paths.iter().map(|path| path.bytes.len() + 40);
    size_of::<Failure>() + 16 * failure.facts.len() + paths.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(time_ns: u64, errno: u16) -> Failure {
        Failure {
            time_ns,
            errno,
            syscall: 40,
            ..Failure::default()
        }
    }

    #[test]
    fn the_oldest_go_first_and_are_counted_unless_they_are_old() {
        let mut held = Held::new(Duration::from_nanos(100), usize::MAX, Vec::new());
        for time_ns in 0..50 {
            held.failure(failure(time_ns * 10, 28));
        }
        held.shrink(Instant::now(), 500);
        assert_eq!(held.failures.front().map(|first| first.time_ns), Some(400));
        assert_eq!(held.given_up, 0);
        held.max_bytes = 4 * size(&failure(0, 0));
        held.shrink(Instant::now(), 500);
        assert_eq!((held.failures.len(), held.given_up), (4, 6));
        assert!(held.bytes <= held.max_bytes);
    }

    #[test]
    fn a_trigger_is_an_errno_or_that_of_one_syscall() {
        let trigger = |syscall| Trigger { syscall, errno: 28 };
        let mut held = Held::new(Duration::from_secs(1), 1 << 20, vec![trigger(None)]);
        assert!(held.failure(failure(0, 28)) && !held.failure(failure(0, 2)));
        held.triggers = vec![trigger(Some(41))];
        assert!(!held.failure(failure(0, 28)));
        held.triggers.push(trigger(Some(40)));
        assert!(held.failure(failure(0, 28)));
    }
}
