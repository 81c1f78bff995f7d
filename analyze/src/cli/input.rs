//! The bytes of a bundle, from a file or from standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Largest bundle that is read, in bytes; recorders stop far below.
const MAX_LEN: u64 = 4 << 30;

/// Reads `file`, or standard input for `-`.
pub(super) fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        io::stdin()
            .lock()
            .take(MAX_LEN + 1)
            .read_to_end(&mut bytes)?
    } else {
        let file = File::open(file)?;
        let len = file.metadata()?.len().min(MAX_LEN);
        bytes.reserve_exact(usize::try_from(len).unwrap_or(0));
        file.take(MAX_LEN + 1).read_to_end(&mut bytes)?
    };
    if read as u64 > MAX_LEN {
        return Err(io::Error::other(format!(
            "larger than {} GiB",
            MAX_LEN >> 30
        )));
    }
    Ok(bytes)
}
