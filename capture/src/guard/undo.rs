//! What must be put back, and how: written down before each change to the host.

use std::{
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
    pub(crate) fn run(&self) -> io::Result<()> {
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
}
