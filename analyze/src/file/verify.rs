//! Whether every byte of a bundle is as it was written.

use std::fmt;

use format_spec::{DecodeError, Reader, record::AnyRecord};
use rayon::prelude::*;
use serde::Serialize;

use super::{digest, name};

/// What was found.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// Whether nothing is missing or damaged.
    pub whole: bool,
    /// BLAKE3 digest of the whole file, in hex.
    pub blake3: String,
    /// Whole frames.
    pub frames: usize,
    /// Frames of types that this version does not know: their checksums are right, no more can be said.
    pub unknown: usize,
    /// What is missing or damaged.
    pub problems: Vec<Problem>,
}

/// Something that is not as it was written.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// Offset of the frame in the file, in bytes; none for the file as a whole.
    pub offset: Option<usize>,
    /// In one sentence.
    pub text: String,
}

/// Checks structure, checksums, compression and the layout of every record.
#[must_use]
pub fn verify(file: &[u8], reader: &Reader<'_>) -> Verdict {
    let structure = reader.damage().iter().map(|damage| Problem {
        offset: None,
        text: damage.to_string(),
    });
    let mut problems: Vec<Problem> = structure.collect();
    let checked: Vec<_> = reader
        .frames()
        .par_iter()
        .map(|frame| (frame, AnyRecord::decode(reader, frame).map(drop)))
        .collect();
    let mut unknown = 0;
    for (frame, result) in checked {
        let result = match result {
            Err(DecodeError::Type { .. } | DecodeError::Version { .. }) => {
                unknown += 1;
                reader.payload(frame).map(drop)
            }
            result => result,
        };
        if let Err(error) = result {
            let text = format!(
                "{} at byte {}: {error}",
                name(frame.header.frame_type),
                frame.offset
            );
            problems.push(Problem {
                offset: Some(frame.offset),
                text,
            });
        }
    }
    Verdict {
        whole: problems.is_empty(),
        blake3: digest(file),
        frames: reader.frames().len(),
        unknown,
        problems,
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{}", problem.text)?;
        }
        let state = if self.whole { "whole" } else { "damaged" };
        write!(f, "{state}: {} frames, blake3 {}", self.frames, self.blake3)?;
        if self.unknown > 0 {
            write!(f, "; {} frames need a newer analyze", self.unknown)?;
        }
        writeln!(f)
    }
}
