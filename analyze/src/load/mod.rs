//! From the bytes of a bundle to one [`Bundle`]: frames decoded in parallel, what is missing listed as losses.
//!
//! Nothing here fails because of damage behind the file header: what can be read is read.

mod assemble;
mod bundle;
mod counts;
mod frames;
mod losses;
mod progress;
mod snapshots;
mod symbols;
mod trace;

#[cfg(test)]
mod tests;

pub use bundle::{Bundle, FileInfo};
pub(crate) use counts::CountRows;
pub use losses::{Loss, LossKind};
pub use progress::Progress;
pub use snapshots::{SnapshotView, Snapshots};
pub use symbols::SymbolTable;
pub use trace::{Event, EventKind, TraceStream};

use format_spec::{ReadError, Reader};

/// Reads a whole bundle.
///
/// # Errors
/// When `file` is no bundle, its header is damaged, or its format is too new.
pub fn load(file: &[u8]) -> Result<Bundle, ReadError> {
    load_watched(file, &Progress::default())
}

/// Reads a whole bundle, and tells `progress` how far it has come.
///
/// # Errors
/// As [`load`].
pub fn load_watched(file: &[u8], progress: &Progress) -> Result<Bundle, ReadError> {
    let reader = Reader::new(file)?;
    let whole = assemble::Trace::Decoded;
    Ok(assemble::assemble(&reader, file.len(), progress, whole))
}

/// Reads all of a bundle but its trace, which is most of it, and takes most of the time: `trace` stays empty.
///
/// # Errors
/// As [`load`].
pub fn load_without_trace(file: &[u8], progress: &Progress) -> Result<Bundle, ReadError> {
    let reader = Reader::new(file)?;
    let part = assemble::Trace::LeftOut;
    Ok(assemble::assemble(&reader, file.len(), progress, part))
}
