//! A bundle with pseudonyms in place of what names a host, its users and its work.

use std::io::Write;

use format_spec::{
    DecodeError, Frame, Reader, WriteError, Writer,
    record::{AnyRecord, Manifest, Record},
    redact::Redactor,
};
use serde::Serialize;

use super::name;

/// What was replaced, and what was left out.
#[derive(Debug, Serialize)]
pub struct Redaction {
    /// Kinds of what was replaced.
    pub replaced: Vec<Replaced>,
    /// Frames that could not be read, and are not in the new bundle: they may hold anything.
    pub left_out: Vec<String>,
}

/// How much of one kind was replaced.
#[derive(Debug, Serialize)]
pub struct Replaced {
    /// The kind.
    pub kind: &'static str,
    /// How many different strings.
    pub strings: usize,
    /// How often.
    pub times: u64,
}

/// Writes a bundle with pseudonyms of `key` to `out`, under the id `id`.
///
/// # Errors
/// The output's.
pub fn redact(
    reader: &Reader<'_>,
    key: [u8; 32],
    id: [u8; 16],
    out: impl Write,
) -> Result<Redaction, WriteError> {
    let mut redactor = Redactor::new(key);
    let mut writer = Writer::new(out, id, reader.header().created_ns)?;
    let mut left_out = Vec::new();
    // The manifest tells the name of the host.
    let is_manifest = |frame: &&Frame| frame.header.frame_type == Manifest::TYPE;
    let (first, rest): (Vec<_>, Vec<_>) = reader.frames().iter().partition(is_manifest);
    for frame in first.into_iter().chain(rest) {
        let written = match AnyRecord::decode(reader, frame) {
            Ok(mut record) => {
                record.redact(&mut redactor);
                record.write(&mut writer, frame.header.stream).map(drop)
            }
            Err(error) => {
                left_out.push(unreadable(frame, &error));
                continue;
            }
        };
        match written {
            Err(error @ WriteError::TooLarge { .. }) => {
                left_out.push(format!("{}: {error}", name(frame.header.frame_type)))
            }
            written => written?,
        }
    }
    writer.finish()?.flush()?;
    let replaced = redactor.report().into_iter();
    let replaced = replaced.map(|(kind, strings, times)| Replaced {
        kind: kind.name(),
        strings,
        times,
    });
    Ok(Redaction {
        replaced: replaced.collect(),
        left_out,
    })
}

fn unreadable(frame: &Frame, error: &DecodeError) -> String {
    format!(
        "{} at byte {}: {error}",
        name(frame.header.frame_type),
        frame.offset
    )
}
