//! The main loop: one thread that waits for samples, signals, the command and the clock.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use bytesize::ByteSize;
use format_spec::record::{EndReason, Failure, Failures, Phase};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{
    command::Recorded,
    involved::{Recent, fact},
    policy::{Kind, Policy, Worth},
    progress::Progress,
    signals::Signals,
    zooming::Zooming,
};
use crate::{
    error::Error,
    evidence::Evidence,
    guard::Guard,
    output::Bundle,
    sentinels::Sentinels,
    sources::{
        snapshot::{Extent, Snapshots},
        syscalls::{Facts, Syscalls},
    },
    zoom::Tools,
};

/// Longest wait, so that signals, the command and the clock are seen in time.
const TICK: Duration = Duration::from_millis(100);

/// Longest wait while a zoom is armed.
const ZOOM_TICK: Duration = Duration::from_millis(10);

/// Failures are written in batches of this many, or after this time.
const BATCH: usize = 512;
const BATCH_TIME: Duration = Duration::from_secs(1);

/// Longest time of the first and the last snapshot, and of one at a failure.
pub(super) const SNAPSHOT_TIME: Duration = Duration::from_secs(10);
const FAILURE_SNAPSHOT_TIME: Duration = Duration::from_secs(3);

/// Most snapshots at failures: the first is of the whole host, the others of the processes involved.
const MAX_FAILURE_SNAPSHOTS: u32 = 8;

/// How long `sys_enter` is watched when seccomp may be at work, and how much longer it is not.
const WATCH_TIME: Duration = Duration::from_secs(3);
const WATCH_REST: Duration = Duration::from_secs(12);

/// `SECCOMP_MODE_FILTER`, `include/uapi/linux/seccomp.h`.
const SECCOMP_FILTER: u64 = 2;

/// A recording under way.
pub(super) struct Session<'k> {
    pub(super) bundle: Bundle,
    pub(super) syscalls: Syscalls,
    pub(super) facts: &'k Facts,
    pub(super) sentinels: Sentinels<'k>,
    pub(super) zooming: Zooming<'k>,
    pub(super) evidence: Evidence,
    pub(super) guard: Guard,
    pub(super) signals: Signals,
    pub(super) policy: Policy,
    pub(super) involved: Recent,
    pub(super) snapshots: Snapshots,
    pub(super) started: Instant,
    pub(super) time: Option<Duration>,
    pub(super) waiting: Vec<Failure>,
    pub(super) failure_snapshots: u32,
    pub(super) watch: Watch,
}

/// When `sys_enter` was attached last.
#[derive(Debug, Default)]
pub(super) struct Watch(Option<Instant>);

/// How a recording ended.
pub(super) struct End {
    pub(super) reason: EndReason,
    pub(super) command_status: Option<i32>,
}

impl Session<'_> {
    /// Records until the end. What was armed stays armed.
    pub(super) fn run(&mut self, command: &[OsString]) -> Result<End, Error> {
        self.snapshot(Phase::Start, Extent::Host, SNAPSHOT_TIME)?;
        self.syscalls.attach()?;
        self.started = Instant::now();
        let mut command = Recorded::start(command)?;
        let mut progress = Progress::new();
        let mut written = Instant::now();
        let mut tgids = BTreeMap::new();
        let reason = loop {
            if let Some(reason) = self.is_over(&mut command) {
                break reason;
            }
            self.wait()?;
            let failures = self.syscalls.take(self.facts);
            self.look_at(&failures, &mut tgids)?;
            self.waiting.extend(failures);
            self.zoom(&tgids)?;
            if self.waiting.len() >= BATCH || written.elapsed() >= BATCH_TIME {
                self.write_failures()?;
                written = Instant::now();
            }
            progress.show(|| self.progress());
        };
        progress.clear();
        Ok(End {
            reason,
            command_status: command.status(),
        })
    }

    fn is_over(&self, command: &mut Recorded) -> Option<EndReason> {
        if let Some(signal) = self.signals.caught() {
            return Some(EndReason::Signal(signal));
        }
        if command.has_ended() {
            return Some(EndReason::Command);
        }
        if self.time.is_some_and(|time| self.started.elapsed() >= time) {
            return Some(EndReason::Time);
        }
        (self.bundle.room() == 0).then_some(EndReason::Size)
    }

    fn wait(&self) -> Result<(), Error> {
        let mut most = if self.zooming.is_armed() {
            ZOOM_TICK
        } else {
            TICK
        };
        if let Some(time) = self.time {
            most = most.min(time.saturating_sub(self.started.elapsed()));
        }
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: most.subsec_nanos().into(),
        };
        let mut samples = [PollFd::from_borrowed_fd(
            self.syscalls.as_fd(),
            PollFlags::IN,
        )];
        match poll(&mut samples, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(Error::new("waiting for samples", error)),
        }
    }

    /// Decides what new failures are worth.
    fn look_at(
        &mut self,
        failures: &[Failure],
        tgids: &mut BTreeMap<Kind, Vec<u32>>,
    ) -> Result<(), Error> {
        let mut new = false;
        for failure in failures {
            let (worth, first) = self.policy.note(failure);
            if worth == Worth::Normal {
                continue;
            }
            let holders = tgids.entry((failure.syscall, failure.errno)).or_default();
            if !holders.contains(&failure.tgid) {
                holders.push(failure.tgid);
                // More than a handful: the failures are not those of one program.
                holders.truncate(16);
            }
            self.involved.note(failure, self.facts);
            new |= first && worth < Worth::Doubtful;
            if fact(failure, self.facts, "task.seccomp_mode") == Some(SECCOMP_FILTER) {
                self.watch.begin(&mut self.syscalls)?;
            }
        }
        self.watch.end(&mut self.syscalls)?;
        if new && self.failure_snapshots < MAX_FAILURE_SNAPSHOTS {
            let extent = if self.failure_snapshots == 0 {
                Extent::Host
            } else {
                Extent::Involved
            };
            self.failure_snapshots += 1;
            self.snapshot(Phase::Failure, extent, FAILURE_SNAPSHOT_TIME)?;
        }
        Ok(())
    }

    fn zoom(&mut self, tgids: &BTreeMap<Kind, Vec<u32>>) -> Result<(), Error> {
        let mut outputs = Vec::new();
        let mut tools = Tools {
            guard: &mut self.guard,
            sentinels: &mut self.sentinels,
            evidence: &mut self.evidence,
            sink: &mut |output| outputs.push(output),
        };
        tools.sentinels.poll(false, tools.evidence, tools.sink);
        self.zooming.step(
            &mut self.policy,
            &self.syscalls,
            |kind| tgids.get(&kind).cloned().unwrap_or_default(),
            &mut tools,
        );
        for output in outputs {
            self.bundle.write_output(&output)?;
        }
        Ok(())
    }

    pub(super) fn write_failures(&mut self) -> Result<(), Error> {
        if !self.waiting.is_empty() {
            let rows = std::mem::take(&mut self.waiting);
            self.bundle.write(0, &Failures { rows })?;
        }
        Ok(())
    }

    pub(super) fn snapshot(
        &mut self,
        phase: Phase,
        extent: Extent,
        time: Duration,
    ) -> Result<(), Error> {
        let involved = self.involved.involved();
        let mut result = Ok(());
        let bundle = &mut self.bundle;
        self.snapshots
            .take(phase, extent, &involved, time, &mut |part| {
                if result.is_ok() {
                    result = bundle.write(0, &part).map(drop);
                }
            });
        result
    }

    fn progress(&self) -> String {
        let (total, _) = self.totals();
        let zoom = self
            .zooming
            .describe()
            .map(|what| format!(", tracing {what}"));
        format!(
            "{} s, {total} failures, {} kinds sampled, {}{}",
            self.started.elapsed().as_secs(),
            self.policy.kinds(),
            ByteSize(self.bundle.len()).display().iec(),
            zoom.unwrap_or_default()
        )
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
