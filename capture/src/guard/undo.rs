//! What must be put back, and how: written down before each change to the host.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::PathBuf,
    thread,
    time::Duration,
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

/// How often a step is tried when something is still busy, and how long to wait in between: the files that a killed
/// recorder had open are closed a moment after its pipe.
const TRIES: u32 = 20;
const WAIT: Duration = Duration::from_millis(100);

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

    /// Takes the change back, and waits while something is still busy.
    pub(super) fn run_patiently(&self) -> io::Result<()> {
        for _ in 1..TRIES {
            match self.run() {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => thread::sleep(WAIT),
                result => return result,
            }
        }
        self.run()
    }
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
