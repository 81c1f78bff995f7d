//! A bundle by its name, whole or without its trace.

use std::path::Path;

use format_spec::ReadError;

use super::{error::Error, foreign, input, progress};
use crate::load::{Bundle, Progress, load_watched, load_without_trace};

/// Reads all of a bundle.
pub(super) fn read(file: &Path) -> Result<Bundle, Error> {
    read_with(file, load_watched)
}

/// Reads all of a bundle but its trace.
pub(super) fn read_without_trace(file: &Path) -> Result<Bundle, Error> {
    read_with(file, load_without_trace)
}

fn read_with(
    file: &Path,
    load: fn(&[u8], &Progress) -> Result<Bundle, ReadError>,
) -> Result<Bundle, Error> {
    let name = || crate::text::plain(file.as_os_str().as_encoded_bytes());
    let bytes = input::read(file).map_err(|source| Error::Input {
        file: name(),
        source,
    })?;
    let loaded = progress::watched("reading the bundle", |seen| load(&bytes, seen));
    loaded.map_err(|error| Error::Bundle {
        file: name(),
        why: foreign::explain(&error, &bytes),
    })
}
