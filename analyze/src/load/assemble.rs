//! Records to the model.

use format_spec::{Reader, record::Types};

use super::{
    Bundle, Loss, LossKind, Progress, Snapshots, SymbolTable,
    bundle::FileInfo,
    frames::{self, Records},
    losses, trace,
};

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
    let records = frames::decode(reader, progress, &mut losses);
    losses.extend(losses::of_manifest(records.manifest.as_ref()));
    losses.extend(losses::of_closing(records.closing.as_ref()));
    let Records {
        manifest,
        closing,
        counts,
        facts,
        failures,
        exits,
        snapshots,
        holes,
        probes,
        symbols,
        mut zooms,
        code,
        ctl_tables,
        layouts,
        types,
        trace: trace_frames,
    } = records;
    let symbols = SymbolTable::new(joined(symbols, |part| part.symbols));
    let probes = joined(probes, |part| part.probes);
    let trace = match trace {
        Trace::Decoded => trace::streams(
            reader,
            &trace_frames,
            &probes,
            &symbols,
            progress,
            &mut losses,
        ),
        Trace::LeftOut => Vec::new(),
    };
    let snapshots = Snapshots::new(snapshots, &holes);
    if snapshots.unresolved > 0 {
        let text = format!(
            "the content of {} snapshot entries is not known: it is that of an earlier frame, and frames are lost",
            snapshots.unresolved
        );
        losses.push(Loss::new(LossKind::Damage, text));
    }
    losses.extend(losses::of_io_uring(&snapshots));
    zooms.sort_by_key(|zoom| zoom.number);
    let facts = joined(facts, |table| table.facts);
    let mut failures = joined(failures, |part| part.rows);
    failures.sort_by_key(|failure| failure.time_ns);
    let mut exits = joined(exits, |part| part.rows);
    exits.sort_by_key(|exit| exit.time_ns);
    let mut code = joined(code, |part| part.functions);
    code.sort_by_key(|function| function.address);
    let mut ctl_entries = joined(ctl_tables, |part| part.entries);
    ctl_entries.sort_by_key(|entry| entry.data);
    let header = reader.header();
    Bundle {
        file: FileInfo {
            len,
            frames: reader.frames().len(),
            created_ns: header.created_ns,
            id: header.id,
        },
        manifest,
        // Of a repaired bundle the end is not the recording's.
        closing: closing.filter(|closing| !closing.is_cut()),
        counts: counts.into_rows(),
        facts: facts.into_iter().map(|fact| (fact.id, fact)).collect(),
        failures,
        exits,
        snapshots,
        zooms,
        probes,
        trace,
        symbols,
        code,
        ctl_entries,
        fields: joined(layouts, |part| part.fields),
        types: types.into_iter().fold(Types::default(), |mut all, part| {
            all.functions.extend(part.functions);
            all.pointers.extend(part.pointers);
            all
        }),
        losses,
    }
}

/// The rows of all parts of a record, in their order in the file.
fn joined<P, T>(parts: Vec<P>, rows: fn(P) -> Vec<T>) -> Vec<T> {
    parts.into_iter().flat_map(rows).collect()
}
