//! Reading without surprises: bounded in length, never blocking, never following a link by accident.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

/// Longest sysctl: a list of all ports takes less.
const LONGEST: usize = 64 << 10;

/// Room for the first read: what most files have, and a page, which the kernel hands out at once.
const FIRST: usize = 4096;

/// Reads at most `most` bytes. Returns the bytes and whether there were more.
///
/// # Errors
/// The system's.
pub(super) fn read(path: &Path, most: usize) -> io::Result<(Vec<u8>, bool)> {
    // An empty one would first be filled with 32 bytes, and numbers of a sysctl are given at the first read alone.
    let mut bytes = Vec::with_capacity(FIRST);
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    open(path)?.take(limit).read_to_end(&mut bytes)?;
    let truncated = bytes.len() > most;
    bytes.truncate(most);
    Ok((bytes, truncated))
}

/// Reads a sysctl: one read, for most of them have nothing to say at a second one (`*ppos` in `do_proc_dointvec` and
/// `do_proc_large_bitmap`, `kernel/sysctl.c`).
///
/// # Errors
/// The system's.
pub(super) fn read_sysctl(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = vec![0; FIRST];
    let len = open(path)?.read(&mut bytes)?;
    if len < FIRST {
        bytes.truncate(len);
        return Ok((bytes, false));
    }
    // A long one is read again, with room for the longest.
    let mut bytes = vec![0; LONGEST];
    let len = open(path)?.read(&mut bytes)?;
    bytes.truncate(len);
    Ok((bytes, len == LONGEST))
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
    fn a_sysctl_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for len in [0, 7, FIRST - 1, FIRST, FIRST + 1, LONGEST] {
            std::fs::write(&path, vec![b'x'; len]).unwrap();
            let (bytes, truncated) = read_sysctl(&path).unwrap();
            assert_eq!((bytes.len(), truncated), (len, len == LONGEST));
        }
    }

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
