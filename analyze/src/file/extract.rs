//! One stream's records, or one file of a snapshot.

use format_spec::{
    Reader,
    record::{AnyRecord, Content, Phase, type_name},
};
use serde::Serialize;

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

/// One record and the frame that it is in. It is written as it stands: as a tree of JSON values it would take many
/// times the memory.
#[derive(Debug, Serialize)]
pub struct StreamRecord {
    /// Offset of the frame in the file, in bytes.
    pub offset: usize,
    /// Stream of the frame.
    pub stream: u32,
    /// Sequence number of the frame.
    pub sequence: u32,
    /// The record; none where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<AnyRecord>,
    /// What keeps it from being read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The records of one type, by its name in SPEC.md or its number. They are decoded one by one. `None` when there is no
/// such type.
#[must_use]
pub fn stream<'r>(
    reader: &'r Reader<'_>,
    wanted: &str,
) -> Option<impl Iterator<Item = StreamRecord> + use<'r>> {
    let wanted = wanted.replace(['-', '_'], " ");
    let is_wanted = |frame_type: &u16| {
        type_name(*frame_type) == Some(&wanted) || wanted.parse() == Ok(*frame_type)
    };
    let frame_type = (0..=u16::MAX).find(is_wanted)?;
    let frames = reader.frames().iter();
    let frames = frames.filter(move |frame| frame.header.frame_type == frame_type);
    Some(frames.map(|frame| {
        let (record, error) = match AnyRecord::decode(reader, frame) {
            Ok(record) => (Some(record), None),
            Err(error) => (None, Some(error.to_string())),
        };
        StreamRecord {
            offset: frame.offset,
            stream: frame.header.stream,
            sequence: frame.header.sequence,
            record,
            error,
        }
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
