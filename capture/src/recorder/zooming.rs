//! When to zoom, on what, and for how long.

use std::{
    fs,
    time::{Duration, Instant},
};

use format_spec::record::ZoomEnd;
use rustix::{
    param::clock_ticks_per_second,
    time::{ClockId, clock_gettime},
};

use super::policy::{Kind, Look, Policy};
use crate::{
    cli::{Graph, Record},
    clock::monotonic_ns,
    names,
    procfs::start_ticks,
    sources::syscalls::Syscalls,
    zoom::{Progress, Shown, Target, Tools, Zoom},
};

/// Longest time of one pass of a zoom.
const PASS_TIME: Duration = Duration::from_secs(5);

/// Failures after which a pass has seen enough.
const ENOUGH: u64 = 3;

/// Most zooms of one recording, and after which time there may be one more: an incident may come late.
const MAX_ZOOMS: u32 = 12;
const ONE_MORE: Duration = Duration::from_secs(10);

/// A process that has lived for so long is expected to make the next failing call too. A program that a loop starts
/// anew takes seconds for one failure on a slow host.
const LONG_LIFE: Duration = Duration::from_secs(20);

/// Time between the end of one zoom and the start of the next: the host is not traced all the time.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Debug)]
struct Current {
    kind: Kind,
    started: Instant,
}

/// The zooms of one recording.
#[derive(Debug)]
pub(super) struct Zooming<'k> {
    zoom: Zoom<'k>,
    graph: Graph,
    graph_time: Duration,
    began: Instant,
    bytes: u64,
    current: Option<Current>,
    zooms: u32,
    not_before: Instant,
    refused: Vec<String>,
    not_restored: Vec<String>,
}

impl<'k> Zooming<'k> {
    pub(super) fn new(zoom: Zoom<'k>, options: &Record) -> Self {
        Self {
            zoom,
            graph: options.graph.clone(),
            graph_time: options.graph_time,
            began: Instant::now(),
            bytes: options.max_size.as_u64() / 8,
            current: None,
            zooms: 0,
            not_before: Instant::now(),
            refused: Vec::new(),
            not_restored: Vec::new(),
        }
    }

    /// Whether a zoom is armed.
    pub(super) fn is_armed(&self) -> bool {
        self.current.is_some()
    }

    /// How many zooms there were.
    pub(super) fn count(&self) -> u32 {
        self.zooms
    }

    /// Why zooms could not be armed.
    pub(super) fn refused(&self) -> &[String] {
        &self.refused
    }

    /// Name of what is zoomed on.
    pub(super) fn describe(&self) -> Option<String> {
        Some(describe(&self.current.as_ref()?.kind))
    }

    /// How long the function graph was armed, nanoseconds.
    pub(super) fn graph_armed_ns(&self) -> u64 {
        self.zoom.graph_armed_ns()
    }

    /// Goes on with the zoom that is armed, or arms one on the kind whose turn it is; `tgids` are the processes in
    /// which a kind failed last.
    pub(super) fn step(
        &mut self,
        policy: &mut Policy,
        syscalls: &mut Syscalls,
        tgids: impl Fn(&Kind) -> Vec<u32>,
        tools: &mut Tools<'_, '_>,
    ) {
        let mut total = |kind: &Kind| syscalls.total(kind.syscall, kind.errno, &kind.comm);
        if let Some(current) = &self.current {
            let failures = total(&current.kind);
            let look = Look {
                seen: self.zoom.shown() != Shown::Nothing,
                armed: current.started.elapsed(),
            };
            // First: a pass that has caught a call would go on to the next one, which takes its time to arm.
            if policy.gives_way(&current.kind, look, now()) {
                self.not_restored
                    .extend(self.zoom.disarm(ZoomEnd::Time, tools));
                self.finish(policy);
            } else if self.zoom.poll(failures, tools) != Progress::Armed {
                self.finish(policy);
            }
        } else if self.may_start()
            && let Some(kind) = policy.next(now()).cloned()
        {
            self.start(&kind, policy, total(&kind), tgids(&kind), tools);
        }
    }

    /// Disarms what is armed. Returns what could not be put back.
    pub(super) fn end(&mut self, end: ZoomEnd, tools: &mut Tools<'_, '_>) -> Vec<String> {
        if self.current.take().is_some() {
            self.not_restored.extend(self.zoom.disarm(end, tools));
        }
        std::mem::take(&mut self.not_restored)
    }

    fn may_start(&self) -> bool {
        self.graph != Graph::Never
            && self.zooms < most_zooms(self.began.elapsed())
            && Instant::now() >= self.not_before
            && self.zoom.available().is_ok()
    }

    fn start(
        &mut self,
        kind: &Kind,
        policy: &mut Policy,
        failures_before: u64,
        tgids: Vec<u32>,
        tools: &mut Tools<'_, '_>,
    ) {
        let target = Target {
            syscall: kind.syscall,
            name: names::syscall_name(kind.syscall),
            errno: kind.errno,
            comm: kind.comm.clone(),
            function: match &self.graph {
                Graph::Function(name) => Some(name.clone()),
                _ => None,
            },
            tgids: long_lived(tgids),
            time: PASS_TIME,
            graph_time: graph_time(self.graph_time, self.began.elapsed(), failures_before),
            bytes: self.bytes,
            failures: ENOUGH,
        };
        let begun = Instant::now();
        match self.zoom.arm(&target, tools) {
            Ok(()) => {
                policy.armed(begun.elapsed());
                self.zooms += 1;
                self.current = Some(Current {
                    kind: kind.clone(),
                    started: Instant::now(),
                });
            }
            Err(why) => {
                // Asking again would give the same answer.
                policy.turned(kind, Shown::All, now());
                self.refused.push(format!("{}: {why}", describe(kind)));
            }
        }
    }

    /// The turn is over.
    fn finish(&mut self, policy: &mut Policy) {
        if let Some(current) = self.current.take() {
            policy.turned(&current.kind, self.zoom.shown(), now());
        }
        self.not_before = Instant::now() + PAUSE;
    }
}

/// Now, on the clock of failures.
fn now() -> Duration {
    Duration::from_nanos(monotonic_ns())
}

fn describe(kind: &Kind) -> String {
    let (syscall, errno) = (
        names::syscall_name(kind.syscall),
        names::errno_name(kind.errno),
    );
    format!("{syscall} {errno} of {}", kind.comm.escape_ascii())
}

/// How many zooms a recording that began so long ago may have had.
fn most_zooms(elapsed: Duration) -> u32 {
    let more = elapsed.as_secs() / ONE_MORE.as_secs();
    MAX_ZOOMS.saturating_add(u32::try_from(more).unwrap_or(u32::MAX))
}

/// How long the graph waits for a kind that failed `failures` times within `elapsed`: for seldom ones long enough to see
/// the next one, up to twice the usual `time`.
fn graph_time(time: Duration, elapsed: Duration, failures: u64) -> Duration {
    let failures = u32::try_from(failures).unwrap_or(u32::MAX).max(1);
    (elapsed / failures * 3 / 2).clamp(time, time * 2)
}

/// The processes, if all of them have lived for long and still do; otherwise none: the next failure will come from
/// another one.
fn long_lived(tgids: Vec<u32>) -> Vec<u32> {
    let ticks = clock_ticks_per_second();
    let long = u64::try_from(clock_gettime(ClockId::Boottime).tv_sec)
        .unwrap_or(0)
        .saturating_sub(LONG_LIFE.as_secs());
    let lives = |tgid: &u32| {
        let stat = fs::read(format!("/proc/{tgid}/stat")).unwrap_or_default();
        let start = start_ticks(&String::from_utf8_lossy(&stat));
        start.is_some_and(|start| start / ticks.max(1) <= long)
    };
    if tgids.iter().all(lives) {
        tgids
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seldom_failures_are_waited_for_longer() {
        let s = Duration::from_secs;
        assert_eq!(graph_time(s(2), s(8), 100), s(2));
        assert_eq!(graph_time(s(2), s(8), 4), s(3));
        assert_eq!(graph_time(s(2), s(60), 1), s(4));
        assert_eq!(graph_time(s(2), s(60), 0), s(4));
    }

    #[test]
    fn a_young_process_is_not_expected_to_fail_again() {
        let mut young = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        assert_eq!(long_lived(vec![1]), [1]);
        assert!(long_lived(vec![1, young.id()]).is_empty());
        young.kill().unwrap();
        young.wait().unwrap();
    }

    #[test]
    fn a_long_recording_has_more_looks() {
        let s = Duration::from_secs;
        assert_eq!(most_zooms(s(9)), MAX_ZOOMS);
        assert_eq!(most_zooms(s(60)), MAX_ZOOMS + 6);
    }
}
