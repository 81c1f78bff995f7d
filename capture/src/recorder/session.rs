//! The main loop: one thread that waits for samples, signals, the command and the clock.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    os::fd::AsFd,
    path::Path,
    time::{Duration, Instant},
};

use bytesize::ByteSize;
use capture_ebpf::Loss;
use format_spec::record::{Closing, Cost, Drop, EndReason, Failure, Failures, Phase, ZoomEnd};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{
    command::Recorded,
    cost,
    involved::{Recent, fact},
    policy::{Kind, Policy, Worth},
    progress::Progress,
    signals::Signals,
    zooming::Zooming,
};
use crate::{
    error::Error,
    guard::Guard,
    output::Bundle,
    preflight::monotonic_ns,
    sources::{
        snapshot::{Extent, Snapshots},
        syscalls::{Facts, Syscalls},
    },
};

/// Longest wait, so that signals, the command and the clock are seen in time.
const TICK: Duration = Duration::from_millis(100);

/// Longest wait while a zoom is armed.
const ZOOM_TICK: Duration = Duration::from_millis(10);

/// Failures are written in batches of this many, or after this time.
const BATCH: usize = 512;
const BATCH_TIME: Duration = Duration::from_secs(1);

/// Longest time of the first and the last snapshot, and of one at a failure.
const SNAPSHOT_TIME: Duration = Duration::from_secs(10);
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
    pub(super) zooming: Zooming<'k>,
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
    reason: EndReason,
    command_status: Option<i32>,
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

    /// Takes back what is armed, writes the last records and says what was recorded.
    pub(super) fn close(mut self, end: End, output: &Path) -> Result<(), Error> {
        let zoom_end = match end.reason {
            EndReason::Size => ZoomEnd::Bytes,
            _ => ZoomEnd::Recording,
        };
        let recorded = self.started.elapsed();
        let not_restored = self.disarm(zoom_end)?;
        let failures = self.syscalls.take(self.facts);
        self.waiting.extend(failures);
        self.write_failures()?;
        self.bundle.write_last(0, &self.syscalls.counts())?;
        self.snapshot(Phase::End, Extent::Host, SNAPSHOT_TIME)?;
        let closing = Closing {
            ended_ns: monotonic_ns(),
            reason: end.reason,
            command_status: end.command_status,
            cost: self.cost(),
            drops: self.drops(),
            not_restored: not_restored.clone(),
        };
        self.bundle.write_last(0, &closing)?;
        let total: u64 = self.syscalls.totals().iter().map(|(_, count)| count).sum();
        let kinds = self.syscalls.totals().len();
        let zooms = self.zooming.count();
        for why in self.zooming.refused() {
            eprintln!("capture: not traced: {why}");
        }
        let len = self.bundle.finish()?;
        let lost: Vec<String> = closing
            .drops
            .iter()
            .filter(|drop| drop.count > 0)
            .map(|drop| format!("{} {} ({})", drop.count, drop.what, drop.why))
            .collect();
        eprintln!(
            "{}: {} in {:.1} s: {total} failures of {kinds} kinds, {zooms} traced; left out: {}; cost {:.2} s of processor time and {} of memory",
            output.display(),
            ByteSize(len).display().iec(),
            recorded.as_secs_f64(),
            if lost.is_empty() {
                "nothing".into()
            } else {
                lost.join(", ")
            },
            (closing.cost.user_ns + closing.cost.system_ns) as f64 / 1e9,
            ByteSize(closing.cost.peak_memory_bytes).display().iec(),
        );
        match not_restored.first() {
            None => Ok(()),
            Some(first) => {
                Err(Error::new("tracing could not be put back", first).hint("run capture cleanup"))
            }
        }
    }

    /// Takes back what is armed, when nothing can be written any more.
    pub(super) fn give_up(mut self) {
        for line in self.zooming.end(ZoomEnd::Error, &mut self.guard, &mut drop) {
            eprintln!("capture: could not be put back: {line}");
        }
        self.guard.finish();
    }

    fn disarm(&mut self, end: ZoomEnd) -> Result<Vec<String>, Error> {
        let mut outputs = Vec::new();
        let mut not_restored = self
            .zooming
            .end(end, &mut self.guard, &mut |output| outputs.push(output));
        not_restored.extend(self.guard.finish());
        for output in outputs {
            self.bundle.write_output(&output)?;
        }
        Ok(not_restored)
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
        self.zooming.step(
            &mut self.policy,
            &self.syscalls,
            |kind| tgids.get(&kind).cloned().unwrap_or_default(),
            &mut self.guard,
            &mut |output| outputs.push(output),
        );
        for output in outputs {
            self.bundle.write_output(&output)?;
        }
        Ok(())
    }

    fn write_failures(&mut self) -> Result<(), Error> {
        if !self.waiting.is_empty() {
            let rows = std::mem::take(&mut self.waiting);
            self.bundle.write(0, &Failures { rows })?;
        }
        Ok(())
    }

    fn snapshot(&mut self, phase: Phase, extent: Extent, time: Duration) -> Result<(), Error> {
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
        let total: u64 = self.syscalls.totals().iter().map(|(_, count)| count).sum();
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

    fn cost(&self) -> Cost {
        let stats = self.syscalls.run_stats();
        Cost {
            bpf_run_ns: stats.and_then(|(time, _)| u64::try_from(time.as_nanos()).ok()),
            bpf_runs: stats.map(|(_, runs)| runs),
            graph_armed_ns: self.zooming.graph_armed_ns(),
            ..cost::own()
        }
    }

    fn drops(&self) -> Vec<Drop> {
        let loss = |loss| self.syscalls.lost(loss);
        let mut drops: Vec<Drop> = [
            ("failure samples", "ring buffer full", loss(Loss::RingFull)),
            ("failure samples", "over the rate", loss(Loss::OverRate)),
            (
                "failures by process",
                "too many processes",
                loss(Loss::CountsFull),
            ),
            ("failures", "too many kinds", loss(Loss::BucketsFull)),
            ("failures", "of 32-bit programs", loss(Loss::Compat)),
            ("path strings", "not readable", loss(Loss::StringUnreadable)),
            (
                "snapshot entries",
                "over a bound, or may hang",
                self.snapshots.left_out(),
            ),
            ("records", "bundle full", self.bundle.refused()),
            ("records", "larger than a frame may be", self.bundle.too_large()),
        ]
        .into_iter()
        .map(|(what, why, count)| Drop {
            what: what.into(),
            why: why.into(),
            count,
        })
        .collect();
        drops.extend(self.zooming.drops());
        drops
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
