//! What must be put back, and how: written down before each change to the host.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

/// How to take back one change. Steps run in reverse order of the changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undo {
    /// Write `text` to a file of tracefs in one write(2).
    Write {
        /// The file.
        path: PathBuf,
        /// The bytes.
        text: Vec<u8>,
        /// Whether to append (`O_APPEND`) rather than truncate: `kprobe_events` and the filters need it.
        append: bool,
    },
    /// Remove a directory: an instance of tracefs.
    RemoveDirectory {
        /// The directory.
        path: PathBuf,
    },
}

impl Undo {
    /// Takes the change back. What is already gone counts as done.
    ///
    /// # Errors
    /// The system's, for example EBUSY.
    pub(super) fn run(&self) -> io::Result<()> {
        let result = match self {
            Self::Write { path, text, append } => OpenOptions::new()
                .write(true)
                .append(*append)
                .truncate(!*append)
                .open(path)
                .and_then(|mut file| file.write_all(text)),
            Self::RemoveDirectory { path } => fs::remove_dir(path),
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Fingerprint of what the file reads now; `None` for what cannot be read.
    pub(super) fn fingerprint(&self) -> Option<u64> {
        match self {
            Self::Write { path, .. } => fs::read(path).ok().map(|bytes| fnv1a(&bytes)),
            Self::RemoveDirectory { .. } => None,
        }
    }

    /// Whether the file reads now as it did before the change.
    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::Write { path, text, .. } => {
                fs::read(path).is_ok_and(|bytes| bytes.trim_ascii() == text.trim_ascii())
            }
            Self::RemoveDirectory { path } => !path.exists(),
        }
    }
}

/// FNV-1a with 64 bits: the same in every build, as `capture cleanup` may be another one than the recorder.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl fmt::Display for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { path, text, .. } => {
                write!(f, "write \"{}\" to {}", text.escape_ascii(), path.display())
            }
            Self::RemoveDirectory { path } => write!(f, "remove {}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_every_build() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn writes_appends_and_removes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "armed").unwrap();
        let write = |text: &[u8], append| Undo::Write {
            path: path.clone(),
            text: text.to_vec(),
            append,
        };
        write(b"nop", false).run().unwrap();
        write(b"+", true).run().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"nop+");
        let inner = folder.path().join("instance");
        fs::create_dir(&inner).unwrap();
        let remove = Undo::RemoveDirectory { path: inner };
        remove.run().unwrap();
        remove.run().unwrap();
    }
}
