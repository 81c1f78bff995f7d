//! Frames to records, in parallel.

use std::collections::BTreeMap;

use format_spec::{
    Frame, Reader,
    record::{
        Closing, Code, Counts, CtlTables, EventFormats, FactTable, Failures, FtracePages, Manifest,
        Probes, Record, Snapshot, Symbols, TypeLayouts, Zoom,
    },
};
use rayon::prelude::*;

use super::{Loss, LossKind, Progress};

/// Records by type, each type in file order. Pages stay undecoded: they are large, and need the formats first.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) manifest: Option<Manifest>,
    pub(super) closing: Option<Closing>,
    pub(super) counts: Option<Counts>,
    pub(super) facts: Vec<FactTable>,
    pub(super) failures: Vec<Failures>,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) probes: Vec<Probes>,
    pub(super) symbols: Vec<Symbols>,
    pub(super) zooms: Vec<Zoom>,
    pub(super) code: Vec<Code>,
    pub(super) ctl_tables: Vec<CtlTables>,
    pub(super) layouts: Vec<TypeLayouts>,
    /// Formats and page frames in file order: a page's formats are those that stand before it.
    pub(super) trace: Vec<TraceFrame>,
}

/// A frame of the trace.
#[derive(Debug)]
pub(super) enum TraceFrame {
    Formats(EventFormats),
    Pages(Frame),
}

enum Decoded {
    Manifest(Manifest),
    Closing(Closing),
    Counts(Counts),
    Facts(FactTable),
    Failures(Failures),
    Snapshot(Snapshot),
    Probes(Probes),
    Symbols(Symbols),
    Zoom(Zoom),
    Code(Code),
    CtlTables(CtlTables),
    Layouts(TypeLayouts),
    Trace(TraceFrame),
    Unknown(u16),
    Lost(Loss),
}

/// Decodes every frame but the pages.
pub(super) fn decode(reader: &Reader<'_>, progress: &Progress, losses: &mut Vec<Loss>) -> Records {
    let decoded: Vec<Decoded> = reader
        .frames()
        .par_iter()
        .map(|frame| {
            let decoded = decode_one(reader, frame);
            if frame.header.frame_type != FtracePages::TYPE {
                progress.decoded(frame);
            }
            decoded
        })
        .collect();
    let mut records = Records::default();
    let mut unknown = BTreeMap::new();
    for record in decoded {
        match record {
            Decoded::Manifest(manifest) => records.manifest = records.manifest.or(Some(manifest)),
            Decoded::Closing(closing) => records.closing = Some(closing),
            Decoded::Counts(counts) => records.counts = Some(counts),
            Decoded::Facts(facts) => records.facts.push(facts),
            Decoded::Failures(failures) => records.failures.push(failures),
            Decoded::Snapshot(snapshot) => records.snapshots.push(snapshot),
            Decoded::Probes(probes) => records.probes.push(probes),
            Decoded::Symbols(symbols) => records.symbols.push(symbols),
            Decoded::Zoom(zoom) => records.zooms.push(zoom),
            Decoded::Code(code) => records.code.push(code),
            Decoded::CtlTables(tables) => records.ctl_tables.push(tables),
            Decoded::Layouts(layouts) => records.layouts.push(layouts),
            Decoded::Trace(frame) => records.trace.push(frame),
            Decoded::Unknown(frame_type) => *unknown.entry(frame_type).or_insert(0usize) += 1,
            Decoded::Lost(loss) => losses.push(loss),
        }
    }
    losses.extend(unknown.into_iter().map(|(frame_type, count)| {
        let text = format!("{count} frames of unknown type {frame_type} were skipped");
        Loss::new(LossKind::Unknown, text)
    }));
    records
}

fn decode_one(reader: &Reader<'_>, frame: &Frame) -> Decoded {
    fn read<R: Record>(reader: &Reader<'_>, frame: &Frame, wrap: fn(R) -> Decoded) -> Decoded {
        match reader.decode::<R>(frame) {
            Ok(record) => wrap(record),
            Err(error) => Decoded::Lost(unreadable(frame, &error)),
        }
    }
    match frame.header.frame_type {
        Manifest::TYPE => read(reader, frame, Decoded::Manifest),
        Closing::TYPE => read(reader, frame, Decoded::Closing),
        Counts::TYPE => read(reader, frame, Decoded::Counts),
        FactTable::TYPE => read(reader, frame, Decoded::Facts),
        Failures::TYPE => read(reader, frame, Decoded::Failures),
        Snapshot::TYPE => read(reader, frame, Decoded::Snapshot),
        Probes::TYPE => read(reader, frame, Decoded::Probes),
        Symbols::TYPE => read(reader, frame, Decoded::Symbols),
        Zoom::TYPE => read(reader, frame, Decoded::Zoom),
        Code::TYPE => read(reader, frame, Decoded::Code),
        CtlTables::TYPE => read(reader, frame, Decoded::CtlTables),
        TypeLayouts::TYPE => read(reader, frame, Decoded::Layouts),
        EventFormats::TYPE => read(reader, frame, |formats| {
            Decoded::Trace(TraceFrame::Formats(formats))
        }),
        FtracePages::TYPE => Decoded::Trace(TraceFrame::Pages(*frame)),
        frame_type => Decoded::Unknown(frame_type),
    }
}

/// The loss of a frame whose payload is damaged.
pub(super) fn unreadable(frame: &Frame, error: &format_spec::DecodeError) -> Loss {
    let text = format!(
        "frame of type {} at byte {}: {error}",
        frame.header.frame_type, frame.offset
    );
    Loss::new(LossKind::Damage, text)
}
