//! One stream's records, or one file of a snapshot.

use format_spec::{
    Reader, json,
    record::{Content, Phase, type_name},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::load::Snapshots;

/// One thing of a snapshot.
#[derive(Debug, Serialize)]
pub struct Extracted {
    /// Its path.
    pub path: String,
    /// Number of the snapshot.
    pub snapshot: u32,
    /// Why the snapshot was taken.
    pub phase: Phase,
    /// What was there.
    pub content: Content,
}

/// The records of one type, by its name in SPEC.md or its number, in JSON; each with offset, stream and sequence
/// number, and what keeps it from being read where that is so. They are decoded one by one. `None` when there is no such
/// type.
#[must_use]
pub fn stream<'r>(
    reader: &'r Reader<'_>,
    wanted: &str,
) -> Option<impl Iterator<Item = Value> + use<'r>> {
    let wanted = wanted.replace(['-', '_'], " ");
    let is_wanted = |frame_type: &u16| {
        type_name(*frame_type) == Some(&wanted) || wanted.parse() == Ok(*frame_type)
    };
    let frame_type = (0..=u16::MAX).find(is_wanted)?;
    let frames = reader.frames().iter();
    let frames = frames.filter(move |frame| frame.header.frame_type == frame_type);
    Some(frames.map(|frame| {
        let header = &frame.header;
        let (key, content) = match json::content(reader, frame) {
            Ok(record) => ("record", record),
            Err(error) => ("error", error.to_string().into()),
        };
        json!({
            "offset": frame.offset,
            "stream": header.stream,
            "sequence": header.sequence,
            key: content,
        })
    }))
}

/// What was at `path` in snapshot `number`, or in the last snapshot that has it.
#[must_use]
pub fn snapshot_entry(snapshots: &Snapshots, path: &str, number: Option<u32>) -> Option<Extracted> {
    let views = snapshots.all().iter().rev();
    let mut views = views.filter(|view| number.is_none_or(|number| view.number == number));
    views.find_map(|view| {
        Some(Extracted {
            path: path.to_owned(),
            snapshot: view.number,
            phase: view.phase,
            content: view.content(path)?.clone(),
        })
    })
}
