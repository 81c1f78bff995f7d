//! The guard: whatever happens to the recorder, the host's tracing is put back as it was.
//!
//! Every change to the host is written down here before it is made ([`Guard::before`]): in memory, in a child
//! process, and in a file under `/run`. [`Guard::rewind`] takes changes back, the newest first. When the recorder is
//! killed, its end of the pipe closes and the child takes back what is left. When both are killed,
//! `capture cleanup` does it from the file.

mod child;
mod journal;
mod step;
mod undo;

use std::{
    io::{self, Write},
    process::Child,
};

pub(crate) use child::stand;
use journal::Journal;
pub(crate) use undo::Undo;

use crate::error::Error;

/// The list of changes that are not yet taken back.
#[derive(Debug)]
pub(crate) struct Guard {
    steps: Vec<Undo>,
    child: Child,
    journal: Option<Journal>,
}

/// A place in the list, to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(usize);

impl Guard {
    /// Starts the child process.
    ///
    /// # Errors
    /// When it cannot be started: then nothing may be changed.
    pub(crate) fn start() -> Result<Self, Error> {
        let child = child::spawn().map_err(|error| Error::new("guard process", error))?;
        Ok(Self {
            steps: Vec::new(),
            child,
            // Without it `capture cleanup` knows nothing, but the child does.
            journal: Journal::create().ok(),
        })
    }

    /// A guard whose child does nothing and that leaves no file, for tests.
    #[cfg(test)]
    pub(crate) fn idle() -> Self {
        let mut nothing = std::process::Command::new("cat");
        let child = nothing
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("cat is there");
        Self {
            steps: Vec::new(),
            child,
            journal: None,
        }
    }

    /// Where the list ends now.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.steps.len())
    }

    /// Notes how to take back a change that is about to be made.
    ///
    /// # Errors
    /// When the child process is gone: then the change must not be made.
    pub(crate) fn before(&mut self, undo: Undo) -> io::Result<()> {
        self.tell(&step::added(&undo))?;
        self.steps.push(undo);
        Ok(())
    }

    /// Takes back all changes noted since `mark`, the newest first. Returns what could not be put back, in words.
    pub(crate) fn rewind(&mut self, mark: Mark) -> Vec<String> {
        let mut failed = Vec::new();
        while self.steps.len() > mark.0 {
            let Some(undo) = self.steps.pop() else { break };
            if let Err(error) = undo.run() {
                failed.push(format!("{undo}: {error}"));
            }
            // A child that is gone has nothing to take back either.
            let _ = self.tell(step::TAKEN_BACK);
        }
        failed
    }

    /// Takes back everything and lets the child go. Returns what could not be put back.
    pub(crate) fn finish(&mut self) -> Vec<String> {
        let failed = self.rewind(Mark(0));
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        if let Some(journal) = self.journal.take() {
            journal.remove();
        }
        failed
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.append(line)?;
        }
        match &mut self.child.stdin {
            Some(pipe) => pipe.write_all(line.as_bytes()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.child.stdin.is_some() {
            for line in self.finish() {
                eprintln!("capture: could not be put back: {line}");
            }
        }
    }
}

/// Takes back what killed recorders left.
///
/// # Errors
/// When something cannot be put back.
pub(crate) fn cleanup() -> Result<(), Error> {
    let left = journal::left_behind().map_err(|error| Error::new(journal::FOLDER, error))?;
    let mut failed = Vec::new();
    for (path, text) in &left {
        let before = failed.len();
        failed.extend(take_back(step::replay(text)));
        if failed.len() == before {
            let _ = std::fs::remove_file(path);
        }
    }
    match failed.first() {
        Some(first) => Err(Error::new("tracing could not be put back", first)
            .hint("capture check says who else uses it")),
        None if left.is_empty() => {
            println!("nothing was left behind");
            Ok(())
        }
        None => {
            println!("put back what {} recorder(s) left behind", left.len());
            Ok(())
        }
    }
}

/// Takes back steps, the newest first. Returns what could not be put back.
fn take_back(steps: Vec<Undo>) -> Vec<String> {
    let mut failed = Vec::new();
    for undo in steps.into_iter().rev() {
        if let Err(error) = undo.run_patiently() {
            failed.push(format!("{undo}: {error}"));
        }
    }
    failed
}
