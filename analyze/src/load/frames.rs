//! Frames to records, in parallel.

use std::collections::BTreeMap;

use format_spec::{
    Frame, Reader,
    record::{
        Closing, Code, Content, CountUpdates, Counts, CtlTables, EventFormats, Exits, FactTable,
        Failures, FtracePages, Manifest, Probes, Record, Snapshot, Symbols, TypeLayouts, Types,
        Zoom,
    },
};
use rayon::prelude::*;

use super::{Loss, LossKind, Progress, counts::CountRows};

/// Most bytes of records that are kept, pages not counted. A recording of a minute has a tenth of it.
const MOST_KEPT: usize = 96 << 20;

/// Most bytes of failures: a storm of them leaves room for the snapshots, the zooms and the symbols that come after it.
const MOST_FAILURES: usize = MOST_KEPT / 2;

/// Most bytes of payload, decompressed, that are decoded at one time, but for a single frame.
const BATCH_RAW_LEN: usize = 1 << 20;

/// Records by type, each type in file order. Pages stay undecoded: they are large, and need the formats first.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) manifest: Option<Manifest>,
    pub(super) closing: Option<Closing>,
    pub(super) counts: CountRows,
    pub(super) facts: Vec<FactTable>,
    pub(super) failures: Vec<Failures>,
    pub(super) exits: Vec<Exits>,
    /// With the sequence numbers of their frames.
    pub(super) snapshots: Vec<(u32, Snapshot)>,
    /// Rising sequence numbers of frames that are not there, the first one of each gap, and of snapshots that are left
    /// out or cannot be read.
    pub(super) holes: Vec<u32>,
    pub(super) probes: Vec<Probes>,
    pub(super) symbols: Vec<Symbols>,
    pub(super) zooms: Vec<Zoom>,
    pub(super) code: Vec<Code>,
    pub(super) ctl_tables: Vec<CtlTables>,
    pub(super) layouts: Vec<TypeLayouts>,
    pub(super) types: Vec<Types>,
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
    CountUpdates(CountUpdates),
    Facts(FactTable),
    Failures(Failures),
    Exits(Exits),
    Snapshot(Snapshot),
    Probes(Probes),
    Symbols(Symbols),
    Zoom(Zoom),
    Code(Code),
    CtlTables(CtlTables),
    Layouts(TypeLayouts),
    Types(Types),
    Trace(TraceFrame),
    Unknown(u16),
    Lost(Loss),
}

/// Decodes every frame but the pages, as far as memory goes.
pub(super) fn decode(reader: &Reader<'_>, progress: &Progress, losses: &mut Vec<Loss>) -> Records {
    let mut records = Records::default();
    let mut unknown = BTreeMap::new();
    let mut left = MOST_KEPT;
    let mut left_for_failures = MOST_FAILURES;
    let mut left_out = 0;
    let mut due = 0;
    let decode = |frame: &Frame| {
        let decoded = decode_one(reader, frame);
        if frame.header.frame_type != FtracePages::TYPE {
            progress.decoded(frame);
        }
        decoded
    };
    let batches = batches(reader.frames());
    let decoded = batches.flat_map(|batch| batch.par_iter().map(decode).collect::<Vec<_>>());
    for (record, frame) in decoded.zip(reader.frames()) {
        let sequence = frame.header.sequence;
        if sequence > due {
            records.holes.push(due);
        }
        due = sequence.saturating_add(1);
        let is_snapshot = frame.header.frame_type == Snapshot::TYPE;
        let kept = memory(&record);
        let room = match record {
            Decoded::Failures(_) => left.min(left_for_failures),
            _ => left,
        };
        if kept > room {
            left_out += 1;
            records.holes.extend(is_snapshot.then_some(sequence));
            continue;
        }
        left -= kept;
        if matches!(record, Decoded::Failures(_)) {
            left_for_failures -= kept;
        }
        match record {
            Decoded::Manifest(manifest) => records.manifest = records.manifest.or(Some(manifest)),
            Decoded::Closing(closing) => records.closing = Some(closing),
            Decoded::Counts(counts) => records.counts.replace(counts),
            Decoded::CountUpdates(updates) => records.counts.update(updates),
            Decoded::Facts(facts) => records.facts.push(facts),
            Decoded::Failures(failures) => records.failures.push(failures),
            Decoded::Exits(exits) => records.exits.push(exits),
            Decoded::Snapshot(snapshot) => records.snapshots.push((sequence, snapshot)),
            Decoded::Probes(probes) => records.probes.push(probes),
            Decoded::Symbols(symbols) => records.symbols.push(symbols),
            Decoded::Zoom(zoom) => records.zooms.push(zoom),
            Decoded::Code(code) => records.code.push(code),
            Decoded::CtlTables(tables) => records.ctl_tables.push(tables),
            Decoded::Layouts(layouts) => records.layouts.push(layouts),
            Decoded::Types(types) => records.types.push(types),
            Decoded::Trace(frame) => records.trace.push(frame),
            Decoded::Unknown(frame_type) => *unknown.entry(frame_type).or_insert(0usize) += 1,
            Decoded::Lost(loss) => {
                losses.push(loss);
                records.holes.extend(is_snapshot.then_some(sequence));
            }
        }
    }
    if left_out > 0 {
        let text = format!("{left_out} frames were left out: they would take too much memory");
        losses.push(Loss::new(LossKind::Bound, text));
    }
    losses.extend(unknown.into_iter().map(|(frame_type, count)| {
        let text = format!("{count} frames of unknown type {frame_type} were skipped");
        Loss::new(LossKind::Unknown, text)
    }));
    records
}

/// Frames that are decoded at one time: what they hold may be many times what they take in the file.
fn batches(frames: &[Frame]) -> impl Iterator<Item = &[Frame]> {
    let mut rest = frames;
    std::iter::from_fn(move || {
        let mut raw_len = 0;
        let fits = |frame: &&Frame| {
            raw_len += frame.header.raw_len as usize;
            frame.header.frame_type == FtracePages::TYPE || raw_len <= BATCH_RAW_LEN
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (batch, left) = rest.split_at_checked(count)?;
        rest = left;
        Some(batch)
    })
}

/// Bytes that a record takes while it is kept, about.
fn memory(record: &Decoded) -> usize {
    /// A value in a list or map, with what the allocator and the tables made of it take.
    const EACH: usize = 192;
    let text = |len: usize| 56 + len;
    match record {
        Decoded::Failures(part) => sum(&part.rows, |row| {
            let paths = sum(&row.paths, |path| text(path.bytes.len()));
            EACH + text(row.comm.len()) + paths + 16 * row.facts.len()
        }),
        Decoded::Exits(part) => size_of_val(&part.rows[..]),
        Decoded::Snapshot(part) => sum(&part.entries, |entry| {
            let content = match &entry.content {
                Content::File { bytes, .. } => text(bytes.len()),
                Content::Link(target) => text(target.len()),
                Content::Directory(names) => sum(names, |name| text(name.len())),
                _ => 0,
            };
            EACH + text(entry.path.len()) + content
        }),
        Decoded::Symbols(part) => sum(&part.symbols, |symbol| {
            let module = symbol
                .module
                .as_ref()
                .map_or(0, |module| text(module.len()));
            EACH + 2 * text(symbol.name.len()) + module
        }),
        Decoded::Code(part) => sum(&part.functions, |function| EACH + function.bytes.len()),
        Decoded::CtlTables(part) => sum(&part.entries, |entry| {
            let symbol = entry
                .symbol
                .as_ref()
                .map_or(0, |(name, _)| text(name.len()));
            EACH + symbol + sum(&entry.paths, |path| 2 * text(path.len()))
        }),
        Decoded::Layouts(part) => sum(&part.fields, |field| {
            EACH + field.structure.len() + field.field.len()
        }),
        Decoded::Types(part) => {
            let functions = sum(&part.functions, |function| {
                let parameters = sum(&function.parameters, |parameter| {
                    EACH + parameter.name.len() + parameter.to.len()
                });
                EACH + parameters + function.returns_to.len()
            });
            let pointers = sum(&part.pointers, |pointer| {
                EACH + pointer.structure.len() + pointer.to.len()
            });
            functions + pointers
        }
        Decoded::Probes(part) => sum(&part.probes, |probe| {
            EACH + probe.event.len() + probe.function.len()
        }),
        Decoded::Facts(part) => sum(&part.facts, |fact| EACH + fact.name.len() + fact.path.len()),
        Decoded::Zoom(zoom) => {
            let functions = sum(&zoom.functions, |name| text(name.len()));
            EACH + functions + 4 * zoom.pids.len() + text(zoom.tier.len())
        }
        Decoded::Trace(TraceFrame::Formats(formats)) => sum(&formats.events, |event| {
            EACH + event.system.len() + event.name.len() + event.text.len()
        }),
        // One of each is kept, or nothing.
        Decoded::Manifest(_)
        | Decoded::Closing(_)
        | Decoded::Counts(_)
        | Decoded::CountUpdates(_)
        | Decoded::Trace(TraceFrame::Pages(_))
        | Decoded::Unknown(_)
        | Decoded::Lost(_) => 0,
    }
}

fn sum<T>(list: &[T], len: impl Fn(&T) -> usize) -> usize {
    list.iter().map(len).sum()
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
        CountUpdates::TYPE => read(reader, frame, Decoded::CountUpdates),
        FactTable::TYPE => read(reader, frame, Decoded::Facts),
        Failures::TYPE => read(reader, frame, Decoded::Failures),
        Exits::TYPE => read(reader, frame, Decoded::Exits),
        Snapshot::TYPE => read(reader, frame, Decoded::Snapshot),
        Probes::TYPE => read(reader, frame, Decoded::Probes),
        Symbols::TYPE => read(reader, frame, Decoded::Symbols),
        Zoom::TYPE => read(reader, frame, Decoded::Zoom),
        Code::TYPE => read(reader, frame, Decoded::Code),
        CtlTables::TYPE => read(reader, frame, Decoded::CtlTables),
        TypeLayouts::TYPE => read(reader, frame, Decoded::Layouts),
        Types::TYPE => read(reader, frame, Decoded::Types),
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

#[cfg(test)]
mod tests {
    use format_spec::{
        Writer,
        record::{Entry, Failure, PathArgument, Phase},
    };

    use super::*;

    #[test]
    fn a_storm_of_failures_leaves_room_for_the_snapshot_behind_it() {
        let path = PathArgument {
            bytes: vec![b'/'; 8_000_000],
            ..PathArgument::default()
        };
        let row = Failure {
            paths: vec![path],
            ..Failure::default()
        };
        let end = Snapshot {
            number: 1,
            phase: Phase::End,
            started_ns: 0,
            ended_ns: 0,
            entries: vec![Entry {
                path: b"/proc/mounts".to_vec(),
                content: Content::File {
                    bytes: vec![0; 8_000_000],
                    truncated: false,
                },
            }],
        };
        let mut writer = Writer::new(Vec::new(), [0; 16], 0).unwrap();
        let rows = vec![row];
        let storm = Failures { rows };
        for _ in 0..=MOST_KEPT / 8_000_000 {
            writer.write(0, &storm).unwrap();
        }
        writer.write(0, &end).unwrap();
        let file = writer.finish().unwrap();
        let reader = Reader::new(&file).unwrap();
        let records = decode(&reader, &Progress::default(), &mut Vec::new());
        assert_eq!(records.failures.len(), MOST_FAILURES / 8_000_000);
        assert_eq!(records.snapshots.len(), 1);
        assert!(records.holes.is_empty());
    }

    /// A few kilobytes that stand for 160 MB.
    #[test]
    fn a_bundle_that_would_fill_the_memory_is_read_in_part() {
        let content = Content::File {
            bytes: vec![0; 8_000_000],
            truncated: false,
        };
        let entry = Entry {
            path: b"/proc/bomb".to_vec(),
            content,
        };
        let mut writer = Writer::new(Vec::new(), [0; 16], 0).unwrap();
        for number in 0..20 {
            let snapshot = Snapshot {
                number,
                phase: Phase::Failure,
                started_ns: 0,
                ended_ns: 0,
                entries: vec![entry.clone()],
            };
            writer.write(0, &snapshot).unwrap();
        }
        let file = writer.finish().unwrap();
        assert!(file.len() < 100_000);
        let reader = Reader::new(&file).unwrap();
        let mut losses = Vec::new();
        let records = decode(&reader, &Progress::default(), &mut losses);
        assert_eq!(records.snapshots.len(), MOST_KEPT / 8_000_000);
        let holes: Vec<u32> = (12..20).collect();
        assert_eq!(records.holes, holes);
        assert_eq!(losses[0].kind, LossKind::Bound, "{}", losses[0].text);
    }
}
