//! The flight recorder: the last failures stay in memory until a trigger comes.
//!
//! What describes functions and formats is small, is sent once, and goes to the file at once; failures and the
//! sub-buffers of sentinels are held, for a time and within bounds, the oldest given up first.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use format_spec::record::{Drop, Failure, Phase};

use super::{
    involved::Recent,
    session::{SNAPSHOT_TIME, Session},
};
use crate::{
    cli::Trigger, error::Error, names, output::Output, preflight::monotonic_ns,
    sources::snapshot::Extent,
};

/// How long a recording goes on after its trigger: so that what fails again can be looked into.
const AFTER: Duration = Duration::from_secs(10);

/// Most ends of processes that wait for a trigger: 16 bytes each.
const MAX_EXITS: usize = 16_384;

/// What waits for a trigger.
#[derive(Debug)]
pub(super) struct Held {
    time: Duration,
    max_bytes: usize,
    triggers: Vec<Trigger>,
    failures: VecDeque<Failure>,
    pages: VecDeque<(Instant, Output)>,
    bytes: usize,
    given_up: u64,
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

    /// Takes a failure. Returns whether it is a trigger.
    fn failure(&mut self, failure: Failure) -> bool {
        let is_trigger = self.triggers.iter().any(|trigger| trigger.is(&failure));
        self.bytes += size(&failure);
        self.failures.push_back(failure);
        is_trigger
    }

    /// Takes sub-buffers.
    fn pages(&mut self, output: Output) {
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

impl Session<'_> {
    /// Keeps new failures: for the file, or until a trigger comes.
    pub(super) fn keep(&mut self, failures: Vec<Failure>) -> Result<(), Error> {
        let Some(held) = &mut self.held else {
            self.waiting.extend(failures);
            return Ok(());
        };
        let mut trigger = None;
        for failure in failures {
            let kind = (failure.syscall, failure.errno);
            if held.failure(failure) {
                trigger.get_or_insert(kind);
            }
        }
        held.shrink(Instant::now(), monotonic_ns());
        self.syscalls.forget_before(held.time);
        let by_signal = self.signals.asked();
        match trigger {
            Some((syscall, errno)) => {
                let (syscall, errno) = (names::syscall_name(syscall), names::errno_name(errno));
                self.release(&format!("{syscall} failed with {errno}"))
            }
            None if by_signal => self.release("SIGUSR1"),
            None => Ok(()),
        }
    }

    /// Keeps new ends of processes; until a trigger comes, those of the time that failures are kept for, the last ones.
    pub(super) fn keep_exits(&mut self) {
        self.exits.extend(self.syscalls.take_exits());
        if let Some(held) = &self.held {
            let first_ns = monotonic_ns().saturating_sub(held.age_ns());
            self.exits.retain(|exit| exit.time_ns >= first_ns);
            let over = self.exits.len().saturating_sub(MAX_EXITS);
            self.exits.drain(..over);
        }
    }

    /// Keeps a record of sentinels or zooms.
    pub(super) fn keep_output(&mut self, output: Output) -> Result<(), Error> {
        match &mut self.held {
            Some(held) if matches!(output, Output::FtracePages { .. }) => held.pages(output),
            _ => {
                self.bundle.write_output(&output)?;
            }
        }
        Ok(())
    }

    /// The trigger came: what was held is written, and the recording goes on for a while.
    fn release(&mut self, trigger: &str) -> Result<(), Error> {
        let Some(held) = self.held.take() else {
            return Ok(());
        };
        eprintln!("capture: {trigger}: writing what came before");
        self.given_up = held.given_up;
        // What was worth a look days ago is not now.
        self.policy.forget();
        self.involved = Recent::default();
        for failure in &held.failures {
            self.note(failure);
        }
        self.waiting.extend(held.failures);
        self.write_failures()?;
        for (_, output) in held.pages {
            self.bundle.write_output(&output)?;
        }
        self.failure_snapshots += 1;
        self.snapshot(Phase::Failure, Extent::Host, SNAPSHOT_TIME);
        let end = self.started.elapsed() + AFTER;
        self.time = Some(self.time.map_or(end, |time| time.min(end)));
        Ok(())
    }

    /// What the flight recorder gave up.
    pub(super) fn given_up(&self) -> Drop {
        let held = self.held.as_ref().map_or(0, |held| held.given_up);
        Drop {
            what: "held failures and pages".into(),
            why: "over the memory of the flight recorder".into(),
            count: self.given_up + held,
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
