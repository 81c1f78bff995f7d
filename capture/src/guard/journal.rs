//! The list of changes in a file, for `capture cleanup` after recorder and guard were both killed.
//!
//! Whoever works on the list holds the file's lock: the recorder while it lives, then its guard or `capture cleanup`.
//! The file is removed with the lock held, so who waited for it sees that the work is done.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use super::step::Step;

/// Where the files are, one for each recorder, named by its process id; gone after a reboot, as tracing is.
pub(super) const FOLDER: &str = "/run/etz-capture";

/// One recorder's file, locked.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Where this process keeps its own.
    pub(super) fn own_path() -> PathBuf {
        Path::new(FOLDER).join(std::process::id().to_string())
    }

    /// Creates an empty one. What a recorder of the same process id left there is not replaced: process ids are
    /// reused, and it has not been cleaned up yet.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).open(path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(Self {
            path: path.into(),
            file,
        })
    }

    /// Opens one that a recorder left; `None` when it is gone, or has been dealt with meanwhile. Waits for its lock,
    /// or with `wait` false takes it for that of a living recorder and returns `None` too.
    pub(super) fn take_over(path: &Path, wait: bool) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        let file = match options.read(true).append(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let operation = match wait {
            true => FlockOperation::LockExclusive,
            false => FlockOperation::NonBlockingLockExclusive,
        };
        match flock(&file, operation) {
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            locked => locked?,
        }
        let path = path.into();
        Ok((file.metadata()?.nlink() > 0).then_some(Self { path, file }))
    }

    /// What it holds.
    pub(super) fn text(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        self.file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(line.as_bytes())
    }

    /// Leaves only what could not be taken back, the oldest first; with none, removes the file, and after the last
    /// recorder's the folder.
    pub(super) fn settle(mut self, left: &[Step]) {
        if left.is_empty() {
            let _ = fs::remove_file(&self.path);
            if let Some(folder) = self.path.parent() {
                let _ = fs::remove_dir(folder);
            }
        } else if self.file.set_len(0).is_ok() {
            let lines: String = left.iter().map(Step::lines).collect();
            let _ = self.append(&lines);
        }
    }
}

/// The files of recorders that no longer run.
pub(super) fn left_behind(folder: &Path) -> io::Result<Vec<Journal>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut left = Vec::new();
    for entry in entries {
        left.extend(Journal::take_over(&entry?.path(), false)?);
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{Undo, step::replay};

    #[test]
    fn a_living_recorders_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etz/1");
        let journal = Journal::create(&path).unwrap();
        assert!(Journal::create(&path).is_err());
        assert!(left_behind(path.parent().unwrap()).unwrap().is_empty());
        drop(journal);
        assert_eq!(left_behind(path.parent().unwrap()).unwrap().len(), 1);
    }

    #[test]
    fn who_waited_sees_that_the_work_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etz/1");
        let journal = Journal::create(&path).unwrap();
        let waiting = {
            let path = path.clone();
            std::thread::spawn(move || Journal::take_over(&path, true).unwrap().is_none())
        };
        journal.settle(&[]);
        assert!(waiting.join().unwrap());
        assert!(!path.parent().unwrap().exists());
    }

    #[test]
    fn what_could_not_be_taken_back_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1");
        let mut journal = Journal::create(&path).unwrap();
        journal.append("remove 2f61\nremove 2f62\n").unwrap();
        let undo = Undo::RemoveDirectory { path: "/b".into() };
        let left = [Step::new(undo)];
        journal.settle(&left);
        let mut again = Journal::take_over(&path, true).unwrap().unwrap();
        assert_eq!(replay(&again.text().unwrap()), left);
    }
}
