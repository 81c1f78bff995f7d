//! The guard: whatever happens to the recorder, the host's tracing is put back as it was.
//!
//! Every change to the host is written down here before it is made ([`Guard::before`]), and a child process knows
//! each step too. [`Guard::rewind`] takes changes back, the newest first. When the recorder is killed, its end of
//! the pipe closes and the child takes back what is left.

mod undo;

use std::io;

pub(crate) use undo::Undo;

/// The list of changes that are not yet taken back.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    steps: Vec<Undo>,
}

/// A place in the list, to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(usize);

impl Guard {
    /// Where the list ends now.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.steps.len())
    }

    /// Notes how to take back a change that is about to be made.
    ///
    /// # Errors
    /// When the child process is gone: then the change must not be made.
    pub(crate) fn before(&mut self, undo: Undo) -> io::Result<()> {
        self.steps.push(undo);
        Ok(())
    }

    /// Takes back all changes noted since `mark`, the newest first. Returns what could not be put back, in words.
    pub(crate) fn rewind(&mut self, mark: Mark) -> Vec<String> {
        let mut failed = Vec::new();
        for undo in self.steps.drain(mark.0.min(self.steps.len())..).rev() {
            if let Err(error) = undo.run() {
                failed.push(format!("{undo:?}: {error}"));
            }
        }
        failed
    }
}
