//! Sentinels while they are armed: makes the probes, reads what they wrote.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use format_spec::{
    ftrace::{addresses, rebase},
    record::{Armed as ArmedRow, FtracePages, Missing, Probe, Probes},
};

use super::{
    list::Failure,
    plan::{Lines, Plan, absent, kind},
    sightings::Sightings,
};
use crate::{
    evidence::Evidence,
    guard::{Guard, Mark},
    kernel::Kernel,
    output::{Output, Sink},
    tracefs::{Buffer, Formats, Line, ProbeGroup, RawPages, Tracefs, TracefsError, losses, misses},
};

/// Stream number of their pages.
const STREAM: u32 = 0;

/// Size of the buffer of each processor, in KiB: some 400 failures with their stacks.
const BUFFER_KIB: usize = 64;

/// Most bytes of pages in one recording.
const MAX_BYTES: u64 = 1 << 20;

/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(500);

/// Armed sentinels.
#[derive(Debug)]
pub(super) struct Armed {
    tracefs: Tracefs,
    buffer: Buffer,
    formats: Formats,
    raw: RawPages,
    mark: Mark,
    bytes: u64,
    over_bound: u64,
    looked: Instant,
    /// Ids of the events whose value is an errno.
    errors: Vec<u16>,
    /// What they saw.
    pub(super) sightings: Sightings,
}

/// What was lost.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lost {
    /// Events overwritten before they were read.
    pub(super) overwritten: u64,
    /// Pages left out for the bound.
    pub(super) over_bound: u64,
    /// Failures and successes alike that found all of a probe's slots in use.
    pub(super) missed: u64,
}

/// The probes while they are made.
struct Making<'a> {
    tracefs: &'a Tracefs,
    buffer: &'a Buffer,
    formats: Formats,
    probes: Vec<Probe>,
    errors: Vec<u16>,
    missing: Vec<Missing>,
}

impl Making<'_> {
    /// Makes and enables one group.
    fn group<L: Line>(
        &mut self,
        failure: Option<Failure>,
        lines: Lines<L>,
        guard: &mut Guard,
    ) -> Result<(), TracefsError> {
        if lines.is_empty() {
            return Ok(());
        }
        let pid = std::process::id();
        let name = format!("etz_{pid}_{}", failure.map_or("site", Failure::name));
        let (lines, functions): (Vec<L>, Vec<String>) = lines.into_iter().unzip();
        let (group, made) = ProbeGroup::create(self.tracefs, &name, &lines, guard)?;
        if let Some(failure) = failure {
            let filter = format!("events/{name}/filter");
            self.buffer.set(&filter, failure.filter(), guard)?;
        }
        group.enable(self.buffer, guard)?;
        for (line, function) in lines.iter().zip(functions) {
            if !made.contains(line.event()) {
                self.missing
                    .push(absent(&function, "the kernel does not let it be probed"));
                continue;
            }
            let id = self.formats.add(self.tracefs, &name, line.event())?;
            if failure.is_none_or(|failure| failure == Failure::Error) {
                self.errors.push(id);
            }
            self.probes.push(Probe {
                event: format!("{name}/{}", line.event()),
                function,
                kind: kind(failure.is_none()),
                session: 0,
            });
        }
        Ok(())
    }
}

impl Armed {
    /// Arms those that this kernel has. What was changed is in the guard, in any case.
    ///
    /// # Errors
    /// Why there are none at all.
    pub(super) fn arm(
        tracefs: &Tracefs,
        kernel: &Kernel,
        guard: &mut Guard,
        sink: Sink<'_>,
    ) -> Result<(Self, ArmedRow, Vec<Missing>), TracefsError> {
        let started = Instant::now();
        let mark = guard.mark();
        let pid = std::process::id();
        let buffer = Buffer::create(tracefs, &format!("etz-{pid}-sentinels"), guard)?;
        buffer.set("tracing_on", "0", guard)?;
        buffer.resize(BUFFER_KIB, guard)?;
        buffer.set("trace_clock", "mono", guard)?;
        buffer.set("options/stacktrace", "1", guard)?;
        let mut formats = Formats::new(tracefs.root())?;
        formats.add(tracefs, "ftrace", "kernel_stack")?;
        let plan = Plan::make(kernel);
        let mut making = Making {
            tracefs,
            buffer: &buffer,
            formats,
            probes: Vec::new(),
            errors: Vec::new(),
            missing: plan.missing,
        };
        for (failure, lines) in plan.returns {
            making.group(Some(failure), lines, guard)?;
        }
        making.group(None, plan.refusals, guard)?;
        let Making {
            formats,
            probes,
            errors,
            missing,
            ..
        } = making;
        let raw = RawPages::open(&buffer, &formats)?;
        buffer.switch("tracing_on", "1")?;
        let mut functions: Vec<&str> = probes.iter().map(|probe| &*probe.function).collect();
        functions.dedup();
        let row = ArmedRow {
            what: "sentinels".into(),
            detail: format!(
                "probes with stacks on failures of {} functions, armed in {} ms: {}",
                functions.len(),
                started.elapsed().as_millis(),
                functions.join(", ")
            ),
        };
        sink(Output::EventFormats(formats.record()));
        sink(Output::Probes(Probes { probes }));
        let armed = Self {
            tracefs: tracefs.clone(),
            buffer,
            formats,
            raw,
            mark,
            bytes: 0,
            over_bound: 0,
            looked: Instant::now(),
            errors,
            sightings: Sightings::default(),
        };
        Ok((armed, row, missing))
    }

    /// Sends what is new, at most a few times a second unless `now`: pages, then names and code of the functions on
    /// the failing paths.
    pub(super) fn poll(
        &mut self,
        now: bool,
        kernel: &Kernel,
        evidence: &mut Evidence,
        sink: Sink<'_>,
    ) {
        if !now && self.looked.elapsed() < PERIOD {
            return;
        }
        self.looked = Instant::now();
        let mut found = BTreeSet::new();
        let mut pages = Vec::new();
        let formats = &self.formats;
        let (bytes, over_bound) = (&mut self.bytes, &mut self.over_bound);
        let (sightings, errors) = (&mut self.sightings, &self.errors);
        let drained = self.raw.drain(|cpu, mut page| {
            if *bytes + page.len() as u64 > MAX_BYTES {
                *over_bound += 1;
                return true;
            }
            *bytes += page.len() as u64;
            sightings.read(&page, formats, errors, kernel);
            let words = addresses(&page, formats.page, &formats.by_id);
            found.extend(words.into_iter().map(|(_, address)| address));
            rebase(&mut page, formats.page, &formats.by_id, kernel.base());
            pages.push((cpu, page));
            true
        });
        // What was read before an error is whole. At the bound, the kernel need not write either.
        if drained.is_err() || *over_bound > 0 {
            let _ = self.buffer.switch("tracing_on", "0");
        }
        if pages.is_empty() {
            return;
        }
        for (cpu, page) in pages {
            sink(Output::FtracePages {
                stream: STREAM,
                pages: FtracePages {
                    cpu,
                    session: 0,
                    pages: vec![page],
                },
            });
        }
        let functions = found
            .iter()
            .filter_map(|&address| kernel.containing(address));
        let functions: BTreeSet<u64> = functions.map(|found| found.address).collect();
        evidence.name(found, kernel, sink);
        let functions: Vec<u64> = functions.into_iter().collect();
        evidence.code(&functions, kernel, sink);
    }

    /// Takes them away. Returns what could not be put back.
    pub(super) fn disarm(self, guard: &mut Guard) -> Vec<String> {
        let Self { raw, mark, .. } = self;
        drop(raw);
        guard.rewind(mark)
    }

    /// What was lost so far; to be asked before they are taken away.
    pub(super) fn lost(&self) -> Lost {
        let losses = losses(&self.buffer);
        Lost {
            overwritten: losses.overrun + losses.dropped,
            over_bound: self.over_bound,
            missed: misses(&self.tracefs, &format!("_{}", std::process::id())),
        }
    }
}
