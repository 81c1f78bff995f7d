//! A bundle as a file: what is in it, whether it is whole, and new files made of it.
//!
//! Nothing here diagnoses: these work on frames and records, for files that [`crate::load`] cannot make sense of too.

mod extract;
mod info;
mod pages;
mod pointers;
mod redact;
mod repair;
mod verify;

pub use extract::{Extracted, StreamRecord, snapshot_entry, stream};
pub use info::{Info, StreamInfo, info};
pub use pages::{PageFile, Place, TooMany, pages};
pub use redact::{Redaction, Replaced, redact};
pub use repair::{Repair, repair};
pub use verify::{Problem, Verdict, verify};

use format_spec::record::type_name;

/// The BLAKE3 digest of the file, in hex, as b3sum prints it: the same file has the same digest, and no other has.
#[must_use]
pub fn digest(file: &[u8]) -> String {
    blake3::hash(file).to_hex().to_string()
}

/// The name of a frame type, or its number.
fn name(frame_type: u16) -> String {
    type_name(frame_type).map_or_else(|| format!("type {frame_type}"), str::to_owned)
}
