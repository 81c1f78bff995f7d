//! A clean bundle of what is whole in a damaged one.

use std::io::Write;

use format_spec::{
    Frame, Reader, WriteError, Writer,
    record::{CUT, Closing, Cost, Drop, EndReason, Failures, Manifest, Record, Snapshot, Zoom},
    redact::Redact as _,
};
use serde::Serialize;

use super::{name, pointers::Pointers};

/// What was kept and what was not.
#[derive(Debug, Serialize)]
pub struct Repair {
    /// Frames that were copied.
    pub kept: usize,
    /// Bytes of the damaged file that are not in the new one: no frame, or a frame whose checksum is wrong.
    pub lost_bytes: usize,
    /// What is missing or damaged, in sentences.
    pub lost: Vec<String>,
    /// Whether a closing record had to be made.
    pub closed: bool,
    /// Records in which early recorders left where the kernel was: kernel addresses in /proc/modules, which are zeros now,
    /// and pointers that functions returned or were given, which are all the same now.
    pub hidden: usize,
}

/// Writes the frames whose checksums are right to `out`, with the file's id and time, and closes it.
///
/// What was lost is written into the closing record, so that the new file, although clean, does not pass for a
/// whole recording: it counts the bytes, and says that the recording was cut where it has no end of its own. Kernel
/// addresses that an early recorder left in texts become zeros, and pointers in trace pages one constant.
///
/// # Errors
/// The output's.
pub fn repair(file: &[u8], reader: &Reader<'_>, out: impl Write) -> Result<Repair, WriteError> {
    let header = reader.header();
    let mut lost: Vec<String> = reader.damage().iter().map(ToString::to_string).collect();
    let mut kept = header.len as usize;
    let mut writer = Writer::new(out, header.id, header.created_ns)?;
    let mut closing = None;
    let mut frames = 0;
    let mut hidden = 0;
    let mut pointers = Pointers::default();
    for frame in reader.frames() {
        match reader.stored(frame) {
            Ok(stored) => {
                kept += frame.len();
                frames += 1;
                if let Some(record) = closing_in(reader, frame) {
                    closing = Some(record);
                } else if let Some(snapshot) = without_addresses(reader, frame) {
                    hidden += 1;
                    writer.write(frame.header.stream, &snapshot)?;
                } else if let Some(pages) = pointers.hidden_in(reader, frame) {
                    hidden += 1;
                    writer.write(frame.header.stream, &pages)?;
                } else {
                    writer.copy(&frame.header, stored)?;
                }
            }
            Err(error) => {
                let name = name(frame.header.frame_type);
                lost.push(format!("{name} at byte {}: {error}", frame.offset));
            }
        }
    }
    // Index and trailer are made anew.
    let is_closed = closing.is_some();
    let lost_bytes = if lost.is_empty() {
        0
    } else {
        file.len().saturating_sub(kept)
    };
    let mut closing = closing.unwrap_or_else(|| cut(reader));
    if !lost.is_empty() {
        closing.drops.push(Drop {
            what: "bytes of the file".to_owned(),
            why: "cut or damaged, and left out by analyze repair".to_owned(),
            count: lost_bytes as u64,
        });
    }
    writer.write(0, &closing)?;
    writer.finish()?.flush()?;
    Ok(Repair {
        kept: frames,
        lost_bytes,
        lost,
        closed: !is_closed,
        hidden,
    })
}

/// The snapshot in a frame without the kernel addresses in its texts, if it has any.
fn without_addresses(reader: &Reader<'_>, frame: &Frame) -> Option<Snapshot> {
    let is_snapshot = frame.header.frame_type == Snapshot::TYPE;
    let snapshot = is_snapshot.then(|| reader.decode::<Snapshot>(frame).ok())??;
    snapshot.without_secrets()
}

fn closing_in(reader: &Reader<'_>, frame: &Frame) -> Option<Closing> {
    let is_closing = frame.header.frame_type == Closing::TYPE;
    is_closing.then(|| reader.decode(frame).ok()).flatten()
}

/// The end of a recording that has none: its last known moment, and no cost.
fn cut(reader: &Reader<'_>) -> Closing {
    fn times<R: Record>(reader: &Reader<'_>, time: fn(R) -> Option<u64>) -> u64 {
        let frames = reader.frames_of::<R>();
        let records = frames.filter_map(|frame| reader.decode(frame).ok());
        records.filter_map(time).max().unwrap_or(0)
    }
    let known = [
        times::<Manifest>(reader, |manifest| Some(manifest.clocks.monotonic_ns)),
        times::<Failures>(reader, |failures| {
            failures.rows.iter().map(|row| row.time_ns).max()
        }),
        times::<Snapshot>(reader, |snapshot| Some(snapshot.ended_ns)),
        times::<Zoom>(reader, |zoom| Some(zoom.ended_ns)),
    ];
    Closing {
        ended_ns: known.into_iter().max().unwrap_or(0),
        reason: EndReason::Error(CUT.to_owned()),
        command_status: None,
        cost: Cost::default(),
        drops: Vec::new(),
        not_restored: Vec::new(),
    }
}
