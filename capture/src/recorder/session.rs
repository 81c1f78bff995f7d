//! The main loop: one thread that waits for samples, signals, the command and the clock.

use std::{
    ffi::OsString,
    os::fd::AsFd,
    path::Path,
    time::{Duration, Instant},
};

use bytesize::ByteSize;
use format_spec::record::{Drop, EndReason, Exit, Exits, Failure, Failures, Phase};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{
    command::{Manner, Recorded},
    held::Held,
    noting::Noting,
    progress::Progress,
    signals::Signals,
    zooming::Zooming,
};
use crate::{
    error::Error,
    evidence::Evidence,
    guard::Guard,
    names,
    output::{Bundle, Output},
    sentinels::Sentinels,
    sources::{
        snapshot::{Background, Extent},
        syscalls::Syscalls,
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

/// How long a recording goes on after its trigger: so that what fails again can be looked into.
const AFTER: Duration = Duration::from_secs(10);

/// Longest time of a snapshot at a failure.
const FAILURE_TIME: Duration = Duration::from_secs(3);

/// Most snapshots at failures: the first is of the whole host, the others of the processes involved.
const MAX_SNAPSHOTS: u32 = 8;

/// Longest time of a snapshot of the whole host.
pub(super) const SNAPSHOT_TIME: Duration = Duration::from_secs(10);

/// A recording under way.
pub(super) struct Session<'k> {
    pub(super) bundle: Bundle,
    pub(super) syscalls: Syscalls,
    pub(super) sentinels: Sentinels<'k>,
    pub(super) zooming: Zooming<'k>,
    pub(super) evidence: Evidence,
    pub(super) guard: Guard,
    pub(super) signals: Signals,
    pub(super) noting: Noting<'k>,
    pub(super) snapshots: Background,
    pub(super) started: Instant,
    pub(super) time: Option<Duration>,
    pub(super) waiting: Vec<Failure>,
    /// Ends of processes that wait to be written.
    pub(super) exits: Vec<Exit>,
    pub(super) failure_snapshots: u32,
    /// What waits for a trigger; `None` when none is waited for, or it has come.
    pub(super) held: Option<Held>,
    /// Failures and pages that the flight recorder gave up before its trigger.
    pub(super) given_up: u64,
}

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
        let reason = loop {
            if let Some(reason) = self.is_over(&mut command) {
                break reason;
            }
            self.wait(&command)?;
            self.syscalls.make_room();
            let failures = self.syscalls.take();
            if self.noting.look_at(&failures, &mut self.syscalls)? {
                self.snapshot_failure();
            }
            self.keep(failures)?;
            self.keep_exits();
            self.zoom()?;
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

    fn zoom(&mut self) -> Result<(), Error> {
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
            let (policy, processes) = self.noting.for_zoom();
            self.zooming.step(
                policy,
                &mut self.syscalls,
                |kind| processes.get(kind).cloned().unwrap_or_default(),
                &mut tools,
            );
        }
        for output in outputs {
            self.keep_output(output)?;
        }
        Ok(())
    }

    /// A snapshot at a failure, if there may be one more.
    fn snapshot_failure(&mut self) {
        if self.held.is_some() || self.failure_snapshots == MAX_SNAPSHOTS {
            return;
        }
        let extent = match self.failure_snapshots {
            0 => Extent::Host,
            _ => Extent::Involved,
        };
        self.failure_snapshots += 1;
        self.snapshot(Phase::Failure, extent, FAILURE_TIME);
    }

    /// Keeps new failures: for the file, or until a trigger comes.
    pub(super) fn keep(&mut self, failures: Vec<Failure>) -> Result<(), Error> {
        let Some(held) = &mut self.held else {
            self.waiting.extend(failures);
            return Ok(());
        };
        let trigger = held.take(failures);
        self.syscalls.forget_before(held.time());
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

    /// Keeps new ends of processes.
    pub(super) fn keep_exits(&mut self) {
        self.exits.extend(self.syscalls.take_exits());
        if let Some(held) = &self.held {
            held.trim(&mut self.exits);
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
        let Some(mut held) = self.held.take() else {
            return Ok(());
        };
        eprintln!("capture: {trigger}: writing what came before");
        self.given_up = held.given_up;
        self.noting.forget();
        let failures = std::mem::take(&mut held.failures);
        for failure in &failures {
            self.noting.note(failure);
        }
        self.waiting.extend(failures);
        self.write_failures()?;
        for output in held.into_pages() {
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
            .ask(phase, extent, self.noting.involved.involved(), time);
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
            self.noting.policy.kinds(),
            ByteSize(self.bundle.len()).display().iec(),
            zoom.unwrap_or_default(),
            self.held
                .as_ref()
                .map_or("", |_| ", waiting for the trigger"),
        )
    }
}
