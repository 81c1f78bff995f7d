//! One pass of a zoom while it is armed: waits for failing calls and keeps their pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use format_spec::{
    ftrace::{addresses, rebase},
    record::{FtracePages, Pass, Zoom as ZoomRecord, ZoomEnd},
};

use super::{
    Output, Sink, Target, Tools,
    calls::{self, FailingCall, Page},
    trap::Trap,
};
use crate::{
    clock::monotonic_ns,
    guard::Mark,
    kernel::Kernel,
    tracefs::{TracefsError, losses},
};

/// Stream number of the zooms' pages; those of the sentinels have 0.
const STREAM: u32 = 1;

/// Most failing calls whose trees are kept.
const MAX_CALLS: usize = 8;

/// How long an event takes at most to be written once it has sprung the trap.
const COMMIT: Duration = Duration::from_millis(20);

/// An armed pass.
#[derive(Debug)]
pub(super) struct ArmedPass {
    /// What is looked for.
    pub(super) target: Target,
    /// The zoom's number.
    pub(super) number: u32,
    /// Where the guard's list goes back to.
    pub(super) mark: Mark,
    /// Failing calls so far.
    pub(super) calls: Vec<FailingCall>,
    what: Pass,
    trap: Trap,
    functions: Vec<String>,
    pids: Vec<u32>,
    tier: String,
    started_ns: u64,
    armed_ns: u64,
    armed: Instant,
    hooked: Instant,
    time: Duration,
    caught: u64,
    /// Failures that were counted before it was armed, and since.
    before: Option<u64>,
    failures: u64,
    bytes: u64,
    addresses: BTreeSet<u64>,
}

/// What a pass is armed with.
#[derive(Debug)]
pub(super) struct Arming {
    /// What is looked for.
    pub(super) target: Target,
    /// The zoom's number.
    pub(super) number: u32,
    /// Where the guard's list goes back to.
    pub(super) mark: Mark,
    /// When arming began.
    pub(super) started_ns: u64,
    /// From when on others were slowed down.
    pub(super) hooked: Instant,
    /// What it records.
    pub(super) what: Pass,
    /// Functions whose calls are recorded.
    pub(super) functions: Vec<String>,
    /// Threads that it is limited to.
    pub(super) pids: Vec<u32>,
    /// How long it waits for failures.
    pub(super) time: Duration,
    /// Return-value tier, in words.
    pub(super) tier: String,
}

/// A pass that is over and disarmed.
#[derive(Debug)]
pub(super) struct Finished {
    /// What was looked for.
    pub(super) target: Target,
    /// Failing calls.
    pub(super) calls: Vec<FailingCall>,
    /// How long it slowed others down, from the first hook to the last.
    pub(super) hooked: Duration,
    /// How long of that it waited for failures.
    pub(super) waited: Duration,
    /// What could not be put back.
    pub(super) not_restored: Vec<String>,
}

impl ArmedPass {
    /// Lets the trap record.
    ///
    /// # Errors
    /// The kernel's.
    pub(super) fn start(
        mut trap: Trap,
        arming: Arming,
        sink: Sink<'_>,
    ) -> Result<Self, TracefsError> {
        trap.arm()?;
        sink(Output::EventFormats(trap.formats.record()));
        Ok(Self {
            target: arming.target,
            number: arming.number,
            mark: arming.mark,
            calls: Vec::new(),
            what: arming.what,
            trap,
            functions: arming.functions,
            pids: arming.pids,
            tier: arming.tier,
            started_ns: arming.started_ns,
            armed_ns: monotonic_ns(),
            armed: Instant::now(),
            hooked: arming.hooked,
            time: arming.time,
            caught: 0,
            before: None,
            failures: 0,
            bytes: 0,
            addresses: BTreeSet::new(),
        })
    }

    /// Threads that it is limited to.
    pub(super) fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// Takes what the trap has caught; `failures` were counted so far. Says why the pass is over, when it is.
    pub(super) fn poll(
        &mut self,
        failures: u64,
        kernel: &Kernel,
        sink: Sink<'_>,
    ) -> Option<ZoomEnd> {
        // Arming takes seconds on a slow host: what failed meanwhile was not seen.
        let before = *self.before.get_or_insert(failures);
        self.failures = failures.saturating_sub(before);
        if self.trap.is_sprung() {
            // Others are slowed down: one call will do, and it is read when the hooks are gone.
            if self.what == Pass::Graph {
                return Some(ZoomEnd::Enough);
            }
            if self.empty(kernel, sink).is_err() {
                return Some(ZoomEnd::Error);
            }
            if self.caught >= self.target.failures {
                return Some(ZoomEnd::Enough);
            }
            if self.bytes >= self.target.bytes {
                return Some(ZoomEnd::Bytes);
            }
            if self.trap.arm().is_err() {
                return Some(ZoomEnd::Error);
            }
        }
        (self.armed.elapsed() >= self.time).then_some(ZoomEnd::Time)
    }

    /// Disarms, and writes what the pass was.
    pub(super) fn finish(
        mut self,
        end: ZoomEnd,
        kernel: &Kernel,
        tools: &mut Tools<'_, '_>,
    ) -> Finished {
        // A call may have been caught since the last poll.
        let sprung = self.trap.is_sprung();
        let mut pages = self.trap.take().unwrap_or_default();
        // The trigger stops the buffer before it lets the event of the exit be read (`trace_event_buffer_commit` in
        // `kernel/trace/trace.c`): a processor that was held up in between has not written it yet.
        if sprung && self.find(&pages).is_empty() {
            thread::sleep(COMMIT);
            pages.extend(self.trap.take().unwrap_or_default());
        }
        let lost = losses(self.trap.buffer());
        // Another tracer clears the buffer, so this comes after it was read; and before all that takes time. If it
        // fails, the guard tries again.
        if self.what == Pass::Graph {
            let _ = self.trap.buffer().switch("current_tracer", "nop");
        }
        let (hooked, waited) = (self.hooked.elapsed(), self.armed.elapsed());
        self.keep(pages, sprung, kernel, tools.sink);
        let whole = self.calls.iter().all(|call| call.whole);
        // An instance cannot be removed while its raw ends are open.
        drop(self.trap);
        let not_restored = tools.guard.rewind(self.mark);
        tools.evidence.name(self.addresses, kernel, tools.sink);
        tools.send(Output::Zoom(ZoomRecord {
            number: self.number,
            pass: self.what,
            syscall: self.target.syscall,
            errno: self.target.errno,
            functions: self.functions,
            pids: self.pids,
            started_ns: self.started_ns,
            armed_ns: self.armed_ns,
            ended_ns: monotonic_ns(),
            end,
            // Counts may be those of a moment ago.
            failures: self.failures.max(self.caught),
            // What was overwritten before a call that is whole was of other calls.
            lost_events: lost.dropped + if whole { 0 } else { lost.overrun },
            tier: self.tier,
        }));
        Finished {
            target: self.target,
            calls: self.calls,
            hooked,
            waited,
            not_restored,
        }
    }

    /// Empties the trap, and sends the pages that hold failing calls.
    fn empty(&mut self, kernel: &Kernel, sink: Sink<'_>) -> Result<(), TracefsError> {
        let pages = self.trap.take()?;
        self.keep(pages, true, kernel, sink);
        Ok(())
    }

    fn find(&self, pages: &[Page]) -> Vec<FailingCall> {
        let Target { syscall, errno, .. } = self.target;
        calls::find(pages, &self.trap.formats, syscall, errno)
    }

    fn keep(&mut self, pages: Vec<Page>, sprung: bool, kernel: &Kernel, sink: Sink<'_>) {
        let mut found = self.find(&pages);
        if self.trap.of_thread {
            // The last is the one that has sprung it; those before are of threads of other names.
            let others = found.len() - usize::from(sprung && !found.is_empty());
            found.drain(..others);
        }
        self.caught += found.len() as u64;
        let wanted: BTreeSet<usize> = found
            .iter()
            .flat_map(|call| call.pages.iter().copied())
            .collect();
        let pages = pages.into_iter().enumerate();
        self.send(
            pages
                .filter(|(index, _)| wanted.contains(index))
                .map(|(_, page)| page),
            kernel,
            sink,
        );
        let room = MAX_CALLS.saturating_sub(self.calls.len());
        self.calls.extend(found.into_iter().take(room));
    }

    fn send(&mut self, pages: impl Iterator<Item = Page>, kernel: &Kernel, sink: Sink<'_>) {
        let formats = &self.trap.formats;
        let mut by_cpu: BTreeMap<u32, Vec<Vec<u8>>> = BTreeMap::new();
        for mut page in pages {
            let found = addresses(&page.bytes, formats.page, &formats.by_id);
            self.addresses
                .extend(found.into_iter().map(|(_, address)| address));
            rebase(&mut page.bytes, formats.page, &formats.by_id, kernel.base());
            self.bytes += page.bytes.len() as u64;
            by_cpu.entry(page.cpu).or_default().push(page.bytes);
        }
        for (cpu, pages) in by_cpu {
            sink(Output::FtracePages {
                stream: STREAM,
                pages: FtracePages {
                    cpu,
                    session: self.number,
                    pages,
                },
            });
        }
    }
}
