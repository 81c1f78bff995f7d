//! Frames of pages to streams of events.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use format_spec::{Frame, Reader, record::Probe};
use rayon::prelude::*;

use super::{Layouts, MAX_EVENTS, Part, TraceStream};
use crate::load::{
    Loss, LossKind, Progress, SymbolTable,
    frames::{TraceFrame, unreadable},
};

/// Page frames that are in memory at one time, undecoded and decoded.
const PAGE_BATCH: usize = 32;

/// Most layouts that are kept; one of an event counts again with each frame of formats behind it. About 24 bytes each.
const MAX_LAYOUTS: usize = 1 << 20;

/// Decodes the pages batch by batch, each with the formats that stand before it in the file.
pub(in crate::load) fn streams(
    reader: &Reader<'_>,
    frames: &[TraceFrame],
    probes: &[Probe],
    symbols: &SymbolTable,
    progress: &Progress,
    losses: &mut Vec<Loss>,
) -> Vec<TraceStream> {
    let jobs = jobs(frames, probes, symbols, losses);
    let mut streams: BTreeMap<(u32, u32), TraceStream> = BTreeMap::new();
    let mut events = 0;
    let mut unread = 0;
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
                let part = Part::read(reader, frame, layouts);
                progress.decoded(frame);
                part
            })
            .collect();
        for (part, (frame, _)) in decoded.into_iter().zip(batch) {
            match part {
                Ok(found) => {
                    events += found.part.len;
                    unread += found.unreadable;
                    let (session, stream) = (found.session, frame.header.stream);
                    let known = streams.entry((session, stream));
                    known
                        .or_insert_with(|| TraceStream::new(session, stream))
                        .add(found);
                }
                Err(error) => losses.push(unreadable(frame, &error)),
            }
        }
    }
    if unread > 0 {
        let text = format!("{unread} sub-buffers of the trace could not be read");
        losses.push(Loss::new(LossKind::Damage, text));
    }
    let mut streams: Vec<_> = streams.into_values().collect();
    for stream in &mut streams {
        stream.sort();
    }
    losses.extend(streams.iter().filter_map(lost_events));
    streams
}

/// The frames of pages, each with the layouts of the events in it.
fn jobs(
    frames: &[TraceFrame],
    probes: &[Probe],
    symbols: &SymbolTable,
    losses: &mut Vec<Loss>,
) -> Vec<(Frame, Arc<Layouts>)> {
    let by_event: HashMap<&str, &Probe> = probes
        .iter()
        .map(|probe| (probe.event.as_str(), probe))
        .collect();
    let address_of = |function: &str| {
        let mut named = symbols.named(function);
        named.next().map_or(0, |found| found.address)
    };
    let mut layouts = Arc::new(Layouts::default());
    let mut jobs = Vec::new();
    let mut room = MAX_LAYOUTS;
    let mut left_out = 0;
    for frame in frames {
        match frame {
            TraceFrame::Formats(formats) => {
                let Some(rest) = room.checked_sub(layouts.len() + formats.events.len()) else {
                    left_out += 1;
                    continue;
                };
                room = rest;
                let mut next = (*layouts).clone();
                let problems = next.add(formats, &by_event, address_of).into_iter();
                losses.extend(problems.map(|text| Loss::new(LossKind::Damage, text)));
                layouts = Arc::new(next);
            }
            TraceFrame::Pages(frame) => jobs.push((*frame, Arc::clone(&layouts))),
        }
    }
    if left_out > 0 {
        let text = format!("{left_out} frames of event formats were left out: they are too many");
        losses.push(Loss::new(LossKind::Bound, text));
    }
    jobs
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
