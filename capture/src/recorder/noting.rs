//! What new failures are worth: a snapshot, a closer look at their processes, a watch on `sys_enter`.

use std::time::{Duration, Instant};

use format_spec::record::{Failure, Phase};

use super::{
    involved::fact,
    policy::Kind,
    session::{Processes, Session},
    worth::{Worth, may_be_exception},
};
use crate::{
    error::Error,
    sources::{snapshot::Extent, syscalls::Syscalls},
};

/// Longest time of a snapshot at a failure.
const SNAPSHOT_TIME: Duration = Duration::from_secs(3);

/// Most snapshots at failures: the first is of the whole host, the others of the processes involved.
const MAX_SNAPSHOTS: u32 = 8;

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
pub(super) struct Watch(Option<Instant>);

impl Session<'_> {
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

    /// Decides what new failures are worth.
    pub(super) fn look_at(
        &mut self,
        failures: &[Failure],
        tgids: &mut Processes,
    ) -> Result<(), Error> {
        let mut new = false;
        for failure in failures {
            let (worth, first) = self.note(failure);
            if worth == Worth::Normal {
                continue;
            }
            if tgids.len() == MAX_PROCESSES {
                tgids.clear();
            }
            let holders = tgids.entry(Kind::of(failure)).or_default();
            if !holders.contains(&failure.tgid) {
                // The last ones: others may be gone.
                if holders.len() == MAX_HOLDERS {
                    holders.remove(0);
                }
                holders.push(failure.tgid);
            }
            new |= first && worth < Worth::Doubtful;
            if fact(failure, self.facts, "task.seccomp_mode") == Some(SECCOMP_FILTER) {
                self.watch.begin(&mut self.syscalls)?;
            }
        }
        self.watch.end(&mut self.syscalls)?;
        if new && self.held.is_none() && self.failure_snapshots < MAX_SNAPSHOTS {
            let extent = if self.failure_snapshots == 0 {
                Extent::Host
            } else {
                Extent::Involved
            };
            self.failure_snapshots += 1;
            self.snapshot(Phase::Failure, extent, SNAPSHOT_TIME);
        }
        Ok(())
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
