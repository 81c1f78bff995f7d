//! The model that everything after loading works on.

use std::{collections::HashMap, sync::Arc};

use format_spec::{
    Reader,
    record::{
        Architecture, Closing, Count, CtlEntry, FactDefinition, Failure, FieldLayout, FtracePages,
        FunctionCode, Manifest, Probe, Symbol, Zoom,
    },
};
use rayon::prelude::*;

use super::{
    Loss, LossKind, Progress, Snapshots, SymbolTable, TraceStream,
    frames::{self, Records, TraceFrame},
    losses,
    trace::{self, Layouts, MAX_EVENTS},
};

/// Page frames that are in memory at one time, undecoded and decoded.
const PAGE_BATCH: usize = 32;

/// A whole bundle. Any part may be missing; what is missing is in `losses`.
#[derive(Debug, Default)]
pub struct Bundle {
    /// The file itself.
    pub file: FileInfo,
    /// Who recorded what, where.
    pub manifest: Option<Manifest>,
    /// How the recording ended; `None` when it was cut.
    pub closing: Option<Closing>,
    /// How often each (syscall, errno, process) failed, exact.
    pub counts: Vec<Count>,
    /// What the facts of failures are, by id.
    pub facts: HashMap<u16, FactDefinition>,
    /// Failing syscalls, whole, by time.
    pub failures: Vec<Failure>,
    /// What procfs, sysfs and statfs said.
    pub snapshots: Snapshots,
    /// The zooms, by number.
    pub zooms: Vec<Zoom>,
    /// The probes that gave return values.
    pub probes: Vec<Probe>,
    /// The ring buffers, by (session, stream).
    pub trace: Vec<TraceStream>,
    /// Kernel functions.
    pub symbols: SymbolTable,
    /// Machine code, by address.
    pub code: Vec<FunctionCode>,
    /// Which variable each sysctl sets, by address.
    pub ctl_entries: Vec<CtlEntry>,
    /// Where the fields of kernel structures are.
    pub fields: Vec<FieldLayout>,
    /// What is not in the bundle, or not whole.
    pub losses: Vec<Loss>,
}

/// The file itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileInfo {
    /// Length, in bytes.
    pub len: usize,
    /// Whole frames.
    pub frames: usize,
    /// Creation time, nanoseconds since 1970-01-01 UTC.
    pub created_ns: u64,
    /// Random id of the bundle.
    pub id: [u8; 16],
}

impl Bundle {
    /// The recorded architecture; arm64 when the manifest is missing, as most bundles are.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.manifest
            .as_ref()
            .map_or(Architecture::Aarch64, |manifest| manifest.host.architecture)
    }

    /// Size of a page of the recorded host, in bytes.
    #[must_use]
    pub fn page_size_bytes(&self) -> u64 {
        self.manifest
            .as_ref()
            .map_or(4096, |manifest| manifest.host.page_size_bytes.into())
    }

    /// The fact `name` of a failure, for example `mnt_ns.mounts`.
    #[must_use]
    pub fn fact(&self, failure: &Failure, name: &str) -> Option<u64> {
        let named = |id: &u16| self.facts.get(id).is_some_and(|fact| fact.name == name);
        failure
            .facts
            .iter()
            .find(|(id, _)| named(id))
            .map(|&(_, value)| value)
    }

    /// The streams of one session.
    pub fn session(&self, number: u32) -> impl Iterator<Item = &TraceStream> {
        self.trace
            .iter()
            .filter(move |stream| stream.session == number)
    }
}

/// Whether the ring buffers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    Decoded,
    LeftOut,
}

/// Builds the model.
pub(super) fn assemble(
    reader: &Reader<'_>,
    len: usize,
    progress: &Progress,
    trace: Trace,
) -> Bundle {
    progress.expect(reader.frames());
    let mut losses = losses::of_structure(reader);
    let mut records = frames::decode(reader, progress, &mut losses);
    if trace == Trace::LeftOut {
        records.trace.clear();
    }
    losses.extend(losses::of_manifest(records.manifest.as_ref()));
    losses.extend(losses::of_closing(records.closing.as_ref()));
    let symbols: Vec<Symbol> = std::mem::take(&mut records.symbols)
        .into_iter()
        .flat_map(|part| part.symbols)
        .collect();
    let symbols = SymbolTable::new(symbols);
    let probes: Vec<Probe> = std::mem::take(&mut records.probes)
        .into_iter()
        .flat_map(|part| part.probes)
        .collect();
    let trace = decode_trace(
        reader,
        &records.trace,
        &probes,
        &symbols,
        progress,
        &mut losses,
    );
    let snapshots = Snapshots::new(std::mem::take(&mut records.snapshots));
    if snapshots.unresolved > 0 {
        let text = format!(
            "{} snapshot entries refer to an earlier snapshot that is missing",
            snapshots.unresolved
        );
        losses.push(Loss::new(LossKind::Damage, text));
    }
    let header = reader.header();
    let mut bundle = Bundle {
        file: FileInfo {
            len,
            frames: reader.frames().len(),
            created_ns: header.created_ns,
            id: header.id,
        },
        snapshots,
        trace,
        symbols,
        probes,
        losses,
        ..Bundle::default()
    };
    take_over(&mut bundle, records);
    bundle
}

fn take_over(bundle: &mut Bundle, records: Records) {
    let facts = records.facts.into_iter().flat_map(|table| table.facts);
    bundle.facts = facts.map(|fact| (fact.id, fact)).collect();
    bundle.failures = records
        .failures
        .into_iter()
        .flat_map(|part| part.rows)
        .collect();
    bundle.failures.sort_by_key(|failure| failure.time_ns);
    bundle.code = records
        .code
        .into_iter()
        .flat_map(|part| part.functions)
        .collect();
    bundle.code.sort_by_key(|function| function.address);
    bundle.ctl_entries = records
        .ctl_tables
        .into_iter()
        .flat_map(|part| part.entries)
        .collect();
    bundle.ctl_entries.sort_by_key(|entry| entry.data);
    bundle.fields = records
        .layouts
        .into_iter()
        .flat_map(|part| part.fields)
        .collect();
    bundle.zooms = records.zooms;
    bundle.zooms.sort_by_key(|zoom| zoom.number);
    bundle.counts = records.counts.map(|counts| counts.rows).unwrap_or_default();
    bundle.manifest = records.manifest;
    bundle.closing = records.closing;
}

/// Decodes the pages batch by batch, each with the formats that stand before it in the file.
fn decode_trace(
    reader: &Reader<'_>,
    frames: &[TraceFrame],
    probes: &[Probe],
    symbols: &SymbolTable,
    progress: &Progress,
    losses: &mut Vec<Loss>,
) -> Vec<TraceStream> {
    let by_event: HashMap<&str, &Probe> = probes
        .iter()
        .map(|probe| (probe.event.as_str(), probe))
        .collect();
    let address_of = |function: &str| {
        symbols
            .named(function)
            .next()
            .map_or(0, |found| found.address)
    };
    let mut layouts = Arc::new(Layouts::default());
    let mut jobs = Vec::new();
    for frame in frames {
        match frame {
            TraceFrame::Formats(formats) => {
                let mut next = (*layouts).clone();
                let problems = next.add(formats, &by_event, address_of);
                losses.extend(
                    problems
                        .into_iter()
                        .map(|text| Loss::new(LossKind::Damage, text)),
                );
                layouts = Arc::new(next);
            }
            TraceFrame::Pages(frame) => jobs.push((*frame, Arc::clone(&layouts))),
        }
    }
    let mut streams: Vec<TraceStream> = Vec::new();
    let mut events = 0;
    let mut unreadable = 0;
    for (batch_number, batch) in jobs.chunks(PAGE_BATCH).enumerate() {
        if events >= MAX_EVENTS {
            let left = jobs.len() - batch_number * PAGE_BATCH;
            let text =
                format!("stopped at {events} trace events: {left} frames of pages were left out");
            losses.push(Loss::new(LossKind::Bound, text));
            break;
        }
        let decoded: Vec<_> = batch
            .par_iter()
            .map(|(frame, layouts)| {
                let pages = reader.decode::<FtracePages>(frame);
                progress.decoded(frame);
                pages
                    .map(|pages| {
                        (
                            pages.session,
                            frame.header.stream,
                            trace::decode(&pages, layouts),
                        )
                    })
                    .map_err(|error| frames::unreadable(frame, &error))
            })
            .collect();
        for part in decoded {
            match part {
                Ok((session, stream, decoded)) => {
                    events += decoded.events.len();
                    unreadable += decoded.unreadable;
                    stream_of(&mut streams, session, stream).add(decoded);
                }
                Err(loss) => losses.push(loss),
            }
        }
    }
    if unreadable > 0 {
        let text = format!("{unreadable} sub-buffers of the trace could not be read");
        losses.push(Loss::new(LossKind::Damage, text));
    }
    streams.par_iter_mut().for_each(TraceStream::sort);
    streams.sort_by_key(|stream| (stream.session, stream.stream));
    losses.extend(streams.iter().filter_map(lost_events));
    streams
}

fn stream_of(streams: &mut Vec<TraceStream>, session: u32, stream: u32) -> &mut TraceStream {
    let known = streams
        .iter()
        .position(|known| (known.session, known.stream) == (session, stream));
    let index = known.unwrap_or_else(|| {
        streams.push(TraceStream {
            session,
            stream,
            ..TraceStream::default()
        });
        streams.len() - 1
    });
    &mut streams[index]
}

fn lost_events(stream: &TraceStream) -> Option<Loss> {
    let what = match (stream.lost_events, stream.lost_gaps) {
        (0, 0) => return None,
        (0, gaps) => format!("an unknown number of events, {gaps} times,"),
        (events, 0) => format!("{events} events"),
        (events, gaps) => format!("{events} events, and an unknown number {gaps} times,"),
    };
    let buffer = match stream.session {
        0 => "of the probes armed from the start".to_owned(),
        zoom => format!("of zoom {zoom}"),
    };
    let text = format!("{what} were overwritten in the ring buffer {buffer}");
    Some(Loss::new(LossKind::Dropped, text))
}
