//! The guard: whatever happens to the recorder, the host's tracing is put back as it was.
//!
//! Every change to the host is written down here before it is made ([`Guard::before`]): in memory, in a child
//! process, and in a file under `/run`. [`Guard::rewind`] takes changes back, the newest first. When the recorder is
//! killed, its end of the pipe closes and the child takes back what is left. When both are killed, as by the OOM killer
//! of a control group, the next recorder does it from the file before it begins, or `capture cleanup`; what the file
//! does not tell is known by its name ([`orphans`]).

mod child;
mod hurry;
mod journal;
mod orphans;
mod step;
mod undo;

use std::{
    io::{self, Write},
    path::Path,
    process::Child,
};

pub(crate) use child::stand;
use journal::Journal;
pub(crate) use orphans::is_recorders;
use step::Step;
pub(crate) use undo::Undo;

use crate::error::Error;

/// The list of changes that are not yet taken back.
#[derive(Debug)]
pub(crate) struct Guard {
    steps: Vec<Step>,
    /// Those of [`Guard::rewind`] that could not be taken back, the newest first.
    left: Vec<Step>,
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
        let mut guard = Self {
            steps: Vec::new(),
            left: Vec::new(),
            child,
            journal: None,
        };
        let path = Journal::own_path();
        let told = guard.tell(&step::journal(&path));
        told.map_err(|error| Error::new("guard process", error))?;
        // Without it who comes later knows less, but the child knows all.
        guard.journal = Journal::create(&path).ok();
        Ok(guard)
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
            left: Vec::new(),
            child,
            journal: None,
        }
    }

    /// The child process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
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
        let line = step::added(&undo);
        self.tell(&line)?;
        self.write_down(&line);
        self.steps.push(Step::new(undo));
        Ok(())
    }

    /// Notes what the newest change has set: if the file reads otherwise later, someone else has changed it since, and
    /// it is left as it is.
    pub(crate) fn made(&mut self) {
        let Some(step) = self.steps.last_mut() else {
            return;
        };
        step.made = step.undo.fingerprint();
        if let Some(line) = step.made.map(step::made) {
            // A child that is gone takes nothing back.
            let _ = self.tell(&line);
            self.write_down(&line);
        }
    }

    /// Takes back all changes noted since `mark`, the newest first. Returns what could not be put back, in words.
    pub(crate) fn rewind(&mut self, mark: Mark) -> Vec<String> {
        let mut failed = Vec::new();
        while self.steps.len() > mark.0 {
            let Some(step) = self.steps.pop() else { break };
            if let Err(error) = step.run() {
                failed.push(format!("{}: {error}", step.undo));
                self.left.push(step);
            }
            // The file first: what the child still has to do, the file may lack, but not the other way round.
            self.write_down(step::TAKEN_BACK);
            // A child that is gone has nothing to take back either.
            let _ = self.tell(step::TAKEN_BACK);
        }
        failed
    }

    /// Takes back everything and lets the child go. Returns what could not be put back; `capture cleanup` tries that
    /// again.
    pub(crate) fn finish(&mut self) -> Vec<String> {
        let failed = self.rewind(Mark(0));
        if let Some(journal) = self.journal.take() {
            self.left.reverse();
            journal.settle(&self.left);
        }
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        failed
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        let pipe = self.child.stdin.as_mut();
        let told = pipe.map(|pipe| pipe.write_all(line.as_bytes()));
        match told {
            Some(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            Some(Ok(())) => Ok(()),
            _ => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the guard process is gone, nothing is armed without it",
            )),
        }
    }

    fn write_down(&mut self, line: &str) {
        let Some(mut journal) = self.journal.take() else {
            return;
        };
        match journal.append(line) {
            Ok(()) => self.journal = Some(journal),
            // With a part of the list missing, it would be misleading.
            Err(_) => journal.settle(&[]),
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

/// What killed recorders left, and what became of it.
#[derive(Debug, Default)]
struct Repair {
    /// How many recorders' changes were taken back.
    recorders: usize,
    /// What could not be put back, in words.
    failed: Vec<String>,
}

/// Takes back what killed recorders left: by their lists, then what is theirs by its name in tracefs, where that is there.
fn repair(tracefs: Option<&Path>) -> Result<Repair, Error> {
    let found = |error| Error::new(journal::FOLDER, error);
    let mut repair = Repair::default();
    for mut journal in journal::left_behind(Path::new(journal::FOLDER)).map_err(found)? {
        let mut steps = step::replay(&journal.text().map_err(found)?);
        repair.recorders += usize::from(!steps.is_empty());
        let failed = take_back(&mut steps, Some(&mut journal));
        repair.failed.extend(failed);
        journal.settle(&steps);
    }
    if let Some(tracefs) = tracefs {
        repair.recorders += orphans::remove(tracefs, orphans::runs);
    }
    Ok(repair)
}

/// Takes back what killed recorders left, before anything else is changed, and says so.
pub(crate) fn put_back(tracefs: Option<&Path>) {
    match repair(tracefs) {
        Ok(Repair { recorders, failed }) => {
            if recorders > 0 {
                eprintln!("capture: put back what {recorders} killed recorder(s) had left");
            }
            for line in failed {
                eprintln!("capture: left by a killed recorder, and could not be put back: {line}");
            }
        }
        Err(error) => eprintln!("capture: {error}"),
    }
}

/// The same, as an action of its own.
///
/// # Errors
/// When something cannot be put back.
pub(crate) fn cleanup(tracefs: Option<&Path>) -> Result<(), Error> {
    let Repair { recorders, failed } = repair(tracefs)?;
    match failed.first() {
        Some(first) => Err(Error::new("tracing could not be put back", first)
            .hint("capture check says who else uses it")),
        None if recorders == 0 => {
            println!("nothing was left behind");
            Ok(())
        }
        None => {
            println!("put back what {recorders} recorder(s) left behind");
            Ok(())
        }
    }
}

/// Takes back steps, the newest first, and leaves those that could not be put back. Returns why not, in words.
fn take_back(steps: &mut Vec<Step>, journal: Option<&mut Journal>) -> Vec<String> {
    let mut failed = Vec::new();
    if !steps.is_empty()
        && let Some(ordinary) = hurry::undo()
    {
        if let Some(journal) = journal {
            let _ = journal.append(&ordinary.lines());
        }
        // The oldest: it is taken back last.
        steps.insert(0, ordinary);
        hurry::begin();
    }
    let mut left = Vec::new();
    while let Some(step) = steps.pop() {
        if let Err(error) = step.run_patiently() {
            failed.push(format!("{}: {error}", step.undo));
            left.push(step);
        }
    }
    left.reverse();
    *steps = left;
    failed
}
