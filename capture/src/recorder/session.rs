//! The main loop: one thread that waits for samples, signals, the command and the clock.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    os::fd::AsFd,
    path::Path,
    time::{Duration, Instant},
};

use bytesize::ByteSize;
use format_spec::record::{EndReason, Exit, Exits, Failure, Failures, Phase};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{
    command::{Manner, Recorded},
    held::Held,
    involved::Recent,
    noting::Watch,
    policy::{Kind, Policy},
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
        snapshot::{Background, Extent},
        syscalls::{Facts, Syscalls},
    },
    zoom::Tools,
};

/// Longest wait: a signal ends it, and so does a first failure of its kind; the end of the command does not.
const TICK: Duration = Duration::from_millis(250);
const COMMAND_TICK: Duration = Duration::from_millis(50);

/// Longest wait while a zoom is armed.
const ZOOM_TICK: Duration = Duration::from_millis(10);

/// Failures are written in batches of this many, or after this time. With the longest wait it makes up the second that
/// a killed recorder loses at most.
const BATCH: usize = 2048;
const BATCH_TIME: Duration = Duration::from_millis(700);

/// Longest time of a snapshot of the whole host.
pub(super) const SNAPSHOT_TIME: Duration = Duration::from_secs(10);

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
    pub(super) snapshots: Background,
    pub(super) started: Instant,
    pub(super) time: Option<Duration>,
    pub(super) waiting: Vec<Failure>,
    /// Ends of processes that wait to be written.
    pub(super) exits: Vec<Exit>,
    pub(super) failure_snapshots: u32,
    pub(super) watch: Watch,
    /// What waits for a trigger; `None` when none is waited for, or it has come.
    pub(super) held: Option<Held>,
    /// Failures and pages that the flight recorder gave up before its trigger.
    pub(super) given_up: u64,
    /// Whether something that was asked for, or is worth a look, failed.
    pub(super) worthwhile: bool,
}

/// The processes in which each kind failed last.
pub(super) type Processes = BTreeMap<Kind, Vec<u32>>;

/// How a recording ended.
pub(super) struct End {
    pub(super) reason: EndReason,
    pub(super) command: Recorded,
}

impl Session<'_> {
    /// Records until the end. What was armed stays armed.
    pub(super) fn run(
        &mut self,
        program: Option<&Path>,
        command: &[OsString],
        manner: &Manner,
    ) -> Result<End, Error> {
        if !command.is_empty() {
            // How the host was before the command began.
            self.finish_snapshots()?;
        }
        self.started = Instant::now();
        let mut command = Recorded::start(program, command, manner)?;
        let mut progress = Progress::new();
        let mut written = Instant::now();
        let mut tgids = BTreeMap::new();
        let reason = loop {
            if let Some(reason) = self.is_over(&mut command) {
                break reason;
            }
            self.wait(&command)?;
            self.syscalls.make_room();
            let failures = self.syscalls.take();
            self.look_at(&failures, &mut tgids)?;
            self.keep(failures)?;
            self.keep_exits();
            self.zoom(&tgids)?;
            self.keep_snapshots()?;
            if self.waiting.len() >= BATCH || written.elapsed() >= BATCH_TIME {
                self.write_failures()?;
                self.write_counts()?;
                written = Instant::now();
            }
            progress.show(|| self.progress());
        };
        progress.clear();
        if manner.ended_with_recording {
            command.end();
        }
        Ok(End { reason, command })
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

    fn wait(&self, command: &Recorded) -> Result<(), Error> {
        let mut most = match command {
            _ if self.zooming.is_armed() => ZOOM_TICK,
            Recorded::Running(_) => COMMAND_TICK,
            _ => TICK,
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

    fn zoom(&mut self, tgids: &Processes) -> Result<(), Error> {
        let mut outputs = Vec::new();
        let mut tools = Tools {
            guard: &mut self.guard,
            sentinels: &mut self.sentinels,
            evidence: &mut self.evidence,
            sink: &mut |output| outputs.push(output),
        };
        tools.sentinels.poll(false, tools.evidence, tools.sink);
        // The graph costs the host something: it waits for the trigger too.
        if self.held.is_none() {
            self.zooming.step(
                &mut self.policy,
                &mut self.syscalls,
                |kind| tgids.get(kind).cloned().unwrap_or_default(),
                &mut tools,
            );
        }
        for output in outputs {
            self.keep_output(output)?;
        }
        Ok(())
    }

    pub(super) fn write_failures(&mut self) -> Result<(), Error> {
        while !self.waiting.is_empty() {
            let rest = self.waiting.split_off(BATCH.min(self.waiting.len()));
            let rows = std::mem::replace(&mut self.waiting, rest);
            self.bundle.write_failures(&Failures { rows })?;
        }
        if !self.exits.is_empty() && self.held.is_none() {
            let rows = std::mem::take(&mut self.exits);
            self.bundle.write(0, &Exits { rows })?;
        }
        Ok(())
    }

    /// Writes what has changed of the counts. A flight recorder's wait for the trigger.
    fn write_counts(&mut self) -> Result<(), Error> {
        let updates = match self.held {
            Some(_) => return Ok(()),
            None => self.syscalls.count_updates(),
        };
        if !updates.rows.is_empty() {
            self.bundle.write(0, &updates)?;
        }
        Ok(())
    }

    /// Asks for a snapshot, which is taken beside all else.
    pub(super) fn snapshot(&mut self, phase: Phase, extent: Extent, time: Duration) {
        self.snapshots
            .ask(phase, extent, self.involved.involved(), time);
    }

    /// Writes what there is of the snapshots by now.
    fn keep_snapshots(&mut self) -> Result<(), Error> {
        while let Some(part) = self.snapshots.ready() {
            self.bundle.write(0, &part)?;
        }
        Ok(())
    }

    /// Waits for the snapshots that were asked for, and writes them.
    pub(super) fn finish_snapshots(&mut self) -> Result<(), Error> {
        while let Some(part) = self.snapshots.next() {
            self.bundle.write(0, &part)?;
        }
        Ok(())
    }

    fn progress(&mut self) -> String {
        let (total, _) = self.totals();
        let zoom = self
            .zooming
            .describe()
            .map(|what| format!(", tracing {what}"));
        format!(
            "{} s, {total} failures, {} kinds worth a look, {}{}{}",
            self.started.elapsed().as_secs(),
            self.policy.kinds(),
            ByteSize(self.bundle.len()).display().iec(),
            zoom.unwrap_or_default(),
            self.held
                .as_ref()
                .map_or("", |_| ", waiting for the trigger"),
        )
    }
}
