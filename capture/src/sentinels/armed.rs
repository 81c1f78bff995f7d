//! Sentinels while they are armed: makes the probes, reads what they wrote.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use format_spec::{
    ftrace::{addresses, rebase},
    record::{Armed as ArmedRow, FtracePages, Missing, Probe, ProbeKind, Probes},
};

use super::{
    list::{Failure, list},
    sightings::Sightings,
};
use crate::{
    evidence::Evidence,
    guard::{Guard, Mark},
    kernel::Kernel,
    output::{Output, Sink},
    tracefs::{Buffer, Formats, ProbeGroup, ProbeLine, RawPages, Tracefs, TracefsError, losses},
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
        let mark = guard.mark();
        let pid = std::process::id();
        let buffer = Buffer::create(tracefs, &format!("etz-{pid}-sentinels"), guard)?;
        buffer.set("tracing_on", "0", guard)?;
        buffer.set("buffer_size_kb", &BUFFER_KIB.to_string(), guard)?;
        buffer.set("trace_clock", "mono", guard)?;
        buffer.set("options/stacktrace", "1", guard)?;
        let mut formats = Formats::new(tracefs.root())?;
        formats.add(tracefs, "ftrace", "kernel_stack")?;
        let mut probes = Probes::default();
        let mut missing = Vec::new();
        let mut functions = Vec::new();
        let mut errors = Vec::new();
        for failure in Failure::ALL {
            let lines = lines(failure, kernel, &mut missing);
            if lines.is_empty() {
                continue;
            }
            let name = format!("etz_{pid}_{}", failure.name());
            let texts: Vec<_> = lines.iter().map(|(line, _)| line.clone()).collect();
            let (group, made) = ProbeGroup::create(tracefs, &name, &texts, guard)?;
            buffer.set(&format!("events/{name}/filter"), failure.filter(), guard)?;
            group.enable(&buffer, guard)?;
            for (line, function) in lines {
                if !made.contains(&line.event) {
                    missing.push(absent(&function, "the kernel does not let it be probed"));
                    continue;
                }
                let id = formats.add(tracefs, &name, &line.event)?;
                if failure == Failure::Error {
                    errors.push(id);
                }
                functions.push(function.clone());
                probes.probes.push(Probe {
                    event: format!("{name}/{}", line.event),
                    function,
                    kind: ProbeKind::Kretprobe,
                    session: 0,
                });
            }
        }
        let raw = RawPages::open(&buffer, &formats)?;
        buffer.switch("tracing_on", "1")?;
        sink(Output::EventFormats(formats.record()));
        sink(Output::Probes(probes));
        let row = ArmedRow {
            what: "sentinels".into(),
            detail: format!("return probes with stacks on {}", functions.join(", ")),
        };
        let armed = Self {
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

    /// Events overwritten before they were read, and pages left out for the bound.
    pub(super) fn lost(&self) -> (u64, u64) {
        let losses = losses(&self.buffer);
        (losses.overrun + losses.dropped, self.over_bound)
    }
}

fn lines(
    failure: Failure,
    kernel: &Kernel,
    missing: &mut Vec<Missing>,
) -> Vec<(ProbeLine, String)> {
    let mut lines = Vec::new();
    for (function, _) in list().filter(|(_, kind)| *kind == failure) {
        // A clone such as `foo.isra.0` is what is called when the function itself is not there.
        let Some(found) = kernel.function_or_clone(function) else {
            missing.push(absent(
                function,
                "this kernel does not have it, or inlines it",
            ));
            continue;
        };
        if let Some(line) = failure.line(kernel, &found, format!("s{}", lines.len())) {
            lines.push((line, found.name.to_owned()));
        }
    }
    lines
}

fn absent(function: &str, why: &str) -> Missing {
    Missing {
        what: format!("sentinel {function}"),
        why: why.into(),
    }
}
