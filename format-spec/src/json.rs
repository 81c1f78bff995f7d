//! A whole bundle as JSON, in the shape that `python/etz.py` prints too (feature `json`).
//!
//! Fields have the names that they have here. Bytes are a string when they are UTF-8, else `{"hex": "…"}`. An enum
//! is the name of its case, or `{"Case": content}`.

use serde::{Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use crate::{Damage, DecodeError, Frame, Reader, record::AnyRecord};

/// Everything in the bundle: `header`, `frames` (each with its `record` or its `error`) and `damage`.
#[must_use]
pub fn dump(reader: &Reader<'_>) -> Value {
    let header = reader.header();
    json!({
        "header": {
            "major": header.major,
            "minor": header.minor,
            "created_ns": header.created_ns,
            "id": hex(&header.id),
        },
        "frames": reader.frames().iter().map(|one| frame(reader, one)).collect::<Vec<_>>(),
        "damage": reader.damage().iter().map(damage).collect::<Vec<_>>(),
    })
}

fn frame(reader: &Reader<'_>, frame: &Frame) -> Value {
    let header = &frame.header;
    let mut value = json!({
        "offset": frame.offset,
        "type": header.frame_type,
        "version": header.layout.version,
        "revision": header.layout.revision,
        "flags": header.flags,
        "stream": header.stream,
        "sequence": header.sequence,
        "stored_len": header.stored_len,
        "raw_len": header.raw_len,
    });
    let (key, content) = match content(reader, frame) {
        Ok(record) => ("record", record),
        Err(error) => ("error", error_kind(&error).into()),
    };
    value[key] = content;
    value
}

/// The record in `frame`, in the shape that [`dump`] gives it.
///
/// # Errors
/// As [`AnyRecord::decode`].
pub fn content(reader: &Reader<'_>, frame: &Frame) -> Result<Value, DecodeError> {
    let record = AnyRecord::decode(reader, frame)?;
    serde_json::to_value(&record).map_err(|error| DecodeError::malformed(error.to_string()))
}

fn error_kind(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::Checksum => "checksum",
        DecodeError::Flags { .. } => "flags",
        DecodeError::Zstd(_) => "compression",
        DecodeError::Type { .. } => "type",
        DecodeError::Version { .. } => "version",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Bound { .. } => "bound",
    }
}

fn damage(damage: &Damage) -> Value {
    match damage {
        Damage::Cut { offset, len } => json!({"cut": {"offset": offset, "len": len}}),
        Damage::NotClosed => json!("not_closed"),
        Damage::Skipped { offset, len } => json!({"skipped": {"offset": offset, "len": len}}),
        Damage::Sequence {
            offset,
            expected,
            found,
        } => json!({"sequence": {"offset": offset, "expected": expected, "found": found}}),
        Damage::Repeated { offset, sequence } => {
            json!({"repeated": {"offset": offset, "sequence": sequence}})
        }
        Damage::TooMany { offset } => json!({"too_many": {"offset": offset}}),
        Damage::Index => json!("index"),
        Damage::Payload {
            offset,
            frame_type,
            error,
        } => {
            json!({"payload": {"offset": offset, "type": frame_type, "error": error_kind(error)}})
        }
        Damage::More { count } => json!({"more": {"count": count}}),
    }
}

pub(crate) fn bytes<S: Serializer>(value: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(text) = str::from_utf8(value) {
        return serializer.serialize_str(text);
    }
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("hex", &hex(value))?;
    map.end()
}

pub(crate) fn byte_strings<S: Serializer>(
    value: &[Vec<u8>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(value.iter().map(|one| match str::from_utf8(one) {
        Ok(text) => Value::from(text),
        Err(_) => Map::from_iter([("hex".to_owned(), hex(one).into())]).into(),
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
