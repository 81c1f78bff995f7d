//! Reading without surprises: bounded in length, never blocking, never following a link by accident.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

/// Reads at most `most` bytes. Returns the bytes and whether there were more.
///
/// # Errors
/// The system's.
pub(super) fn read(path: &Path, most: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    open(path)?.take(limit).read_to_end(&mut bytes)?;
    let truncated = bytes.len() > most;
    bytes.truncate(most);
    Ok((bytes, truncated))
}

/// The bytes of a short file, at most 64 KiB; empty when it cannot be read.
pub(super) fn bytes(path: &Path) -> Vec<u8> {
    read(path, 64 << 10).map_or_else(|_| Vec::new(), |(bytes, _)| bytes)
}

/// The text of a short file, at most 64 KiB; empty when it cannot be read.
pub(super) fn text(path: &Path) -> String {
    String::from_utf8_lossy(&bytes(path)).into_owned()
}

fn open(path: &Path) -> io::Result<File> {
    // A FIFO or a device must not hold the recorder up.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits();
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), (b"12345".to_vec(), false));
        assert_eq!(read(&path, 4).unwrap(), (b"1234".to_vec(), true));
        assert!(read(&folder.path().join("b"), 4).is_err());
    }
}
