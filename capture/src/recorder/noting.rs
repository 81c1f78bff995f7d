//! What new failures are worth: a snapshot, a closer look at their processes, a watch on `sys_enter`.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use format_spec::record::Failure;

use super::{
    involved::{Recent, fact},
    policy::{Kind, Policy},
    worth::{Worth, may_be_exception},
};
use crate::{
    error::Error,
    sources::syscalls::{Facts, Focus, Syscalls},
};

/// Most processes of one kind that are remembered: of more, the failures are not those of one program. And most kinds.
const MAX_HOLDERS: usize = 16;
const MAX_PROCESSES: usize = 2_048;

/// How long `sys_enter` is watched when seccomp may be at work, and how much longer it is not.
const WATCH_TIME: Duration = Duration::from_secs(3);
const WATCH_REST: Duration = Duration::from_secs(12);

/// `SECCOMP_MODE_FILTER`, `include/uapi/linux/seccomp.h`.
const SECCOMP_FILTER: u64 = 2;

/// When `sys_enter` was attached last.
#[derive(Debug, Default)]
struct Watch(Option<Instant>);

/// What is known of failures so far, and of the processes in which they came.
#[derive(Debug)]
pub(super) struct Noting<'k> {
    facts: &'k Facts,
    /// Which kinds of failures there are.
    pub(super) policy: Policy,
    /// Whose processes a snapshot is to show.
    pub(super) involved: Recent,
    /// Whether something that was asked for, or is worth a look, failed.
    pub(super) worthwhile: bool,
    /// The processes in which each kind failed last.
    processes: BTreeMap<Kind, Vec<u32>>,
    watch: Watch,
}

impl<'k> Noting<'k> {
    /// Nothing has failed yet.
    pub(super) fn new(facts: &'k Facts, focus: Focus) -> Self {
        Self {
            facts,
            policy: Policy::new(focus),
            involved: Recent::default(),
            worthwhile: false,
            processes: BTreeMap::new(),
            watch: Watch::default(),
        }
    }

    /// Notes a failure. Returns how much it is worth, and whether it is the first of its call and errno.
    pub(super) fn note(&mut self, failure: &Failure) -> (Worth, bool) {
        let (worth, first) = self.policy.note(failure);
        if worth != Worth::Normal {
            self.worthwhile = true;
            self.involved.note(failure, self.facts);
        } else if may_be_exception(failure) {
            self.involved.note(failure, self.facts);
        }
        (worth, first)
    }

    /// Decides what new failures are worth. Returns whether there is one among them for which the host is worth a snapshot.
    pub(super) fn look_at(
        &mut self,
        failures: &[Failure],
        syscalls: &mut Syscalls,
    ) -> Result<bool, Error> {
        let mut new = false;
        for failure in failures {
            let (worth, first) = self.note(failure);
            if worth == Worth::Normal {
                continue;
            }
            self.remember(failure);
            new |= first && worth < Worth::Doubtful;
            if fact(failure, self.facts, "task.seccomp_mode") == Some(SECCOMP_FILTER) {
                self.watch.begin(syscalls)?;
            }
        }
        self.watch.end(syscalls)?;
        Ok(new)
    }

    fn remember(&mut self, failure: &Failure) {
        if self.processes.len() == MAX_PROCESSES {
            self.processes.clear();
        }
        let holders = self.processes.entry(Kind::of(failure)).or_default();
        if !holders.contains(&failure.tgid) {
            // The last ones: others may be gone.
            if holders.len() == MAX_HOLDERS {
                holders.remove(0);
            }
            holders.push(failure.tgid);
        }
    }

    /// The policy, and the processes in which each kind failed last.
    pub(super) fn for_zoom(&mut self) -> (&mut Policy, &BTreeMap<Kind, Vec<u32>>) {
        (&mut self.policy, &self.processes)
    }

    /// Forgets what was worth a look: days ago it was, and is not now.
    pub(super) fn forget(&mut self) {
        self.policy.forget();
        self.involved = Recent::default();
    }
}

impl Watch {
    /// Attaches `sys_enter`, unless that was done a short while ago.
    fn begin(&mut self, syscalls: &mut Syscalls) -> Result<(), Error> {
        let rested = self
            .0
            .is_none_or(|begun| begun.elapsed() >= WATCH_TIME + WATCH_REST);
        if rested {
            syscalls.watch_entries()?;
            self.0 = Some(Instant::now());
        }
        Ok(())
    }

    /// Detaches it when its time is over.
    fn end(&self, syscalls: &mut Syscalls) -> Result<(), Error> {
        if self.0.is_some_and(|begun| begun.elapsed() >= WATCH_TIME) {
            syscalls.unwatch_entries()?;
        }
        Ok(())
    }
}
