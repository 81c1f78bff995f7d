//! The list of changes as text: one line for each change, for what it set, and for each that was taken back.

use std::{
    ffi::OsString,
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::Undo;

/// The line that says that the newest change was taken back.
pub(super) const TAKEN_BACK: &str = "-\n";

/// How often a step is tried when something is still busy, and how long to wait in between: the files that a killed
/// recorder had open are closed a moment after its pipe.
const TRIES: u32 = 150;
const WAIT: Duration = Duration::from_millis(20);

/// One change, and how to take it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// How.
    pub(super) undo: Undo,
    /// Fingerprint of the setting as it read once it was made: what reads otherwise, someone else has changed.
    pub(super) made: Option<u64>,
}

impl Step {
    /// A change that is about to be made.
    pub(super) fn new(undo: Undo) -> Self {
        Self { undo, made: None }
    }

    /// Takes the change back, unless someone else has changed the same setting since.
    ///
    /// # Errors
    /// The system's, for example EBUSY.
    pub(super) fn run(&self) -> io::Result<()> {
        if let (Some(made), Some(now)) = (self.made, self.undo.fingerprint())
            && made != now
        {
            if !self.undo.is_done() {
                eprintln!(
                    "capture: left as it is, as someone else has changed it since: {}",
                    self.undo
                );
            }
            return Ok(());
        }
        self.undo.run()
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

    /// Its lines, with what it set.
    pub(super) fn lines(&self) -> String {
        added(&self.undo) + &self.made.map(made).unwrap_or_default()
    }
}

/// The line of a change; paths and texts in hexadecimal.
pub(super) fn added(undo: &Undo) -> String {
    match undo {
        Undo::Write { path, text, append } => {
            let kind = if *append { "append" } else { "write" };
            format!(
                "{kind} {} {}\n",
                hex(path.as_os_str().as_bytes()),
                hex(text)
            )
        }
        Undo::RemoveDirectory { path } => {
            format!("remove {}\n", hex(path.as_os_str().as_bytes()))
        }
    }
}

/// The line that says what the newest change has set.
pub(super) fn made(fingerprint: u64) -> String {
    format!("made {fingerprint:016x}\n")
}

/// The first line of the list: where the recorder's journal will be.
pub(super) fn journal(path: &Path) -> String {
    format!("journal {}\n", hex(path.as_os_str().as_bytes()))
}

/// The path in a line of [`journal`].
pub(super) fn journal_path(line: &str) -> Option<PathBuf> {
    let hex = line.strip_prefix("journal ")?;
    Some(PathBuf::from(OsString::from_vec(unhex(hex)?)))
}

/// The changes that are left after all lines of `text`; a last line without its end was never acted on.
pub(super) fn replay(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
    {
        if line == TAKEN_BACK {
            steps.pop();
        } else if let Some(fingerprint) = line.strip_prefix("made ") {
            if let Some(step) = steps.last_mut() {
                step.made = u64::from_str_radix(fingerprint.trim_end(), 16).ok();
            }
        } else {
            steps.extend(parse(line.trim_end_matches('\n')).map(Step::new));
        }
    }
    steps
}

fn parse(line: &str) -> Option<Undo> {
    let mut words = line.split(' ');
    let kind = words.next()?;
    let path = PathBuf::from(OsString::from_vec(unhex(words.next()?)?));
    match kind {
        "write" | "append" => Some(Undo::Write {
            path,
            text: unhex(words.next()?)?,
            append: kind == "append",
        }),
        "remove" => Some(Undo::RemoveDirectory { path }),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_back_is_not_taken_back_again() {
        let write = Undo::Write {
            path: "/t/current tracer".into(),
            text: b"nop\n".to_vec(),
            append: false,
        };
        let empty = Undo::Write {
            path: "/t/set_ftrace_pid".into(),
            text: Vec::new(),
            append: true,
        };
        let remove = Undo::RemoveDirectory {
            path: "/t/instances/x".into(),
        };
        let write = Step {
            undo: write,
            made: Some(7),
        };
        let text = write.lines() + &added(&remove) + TAKEN_BACK + &added(&empty);
        assert_eq!(replay(&text), [write, Step::new(empty)]);
    }

    #[test]
    fn what_someone_else_has_changed_since_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace_clock");
        let undo = Undo::Write {
            path: path.clone(),
            text: b"local".to_vec(),
            append: false,
        };
        std::fs::write(&path, "mono").unwrap();
        let made = undo.fingerprint();
        let step = Step { undo, made };
        std::fs::write(&path, "x86-tsc").unwrap();
        step.run().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"x86-tsc");
        std::fs::write(&path, "mono").unwrap();
        step.run().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"local");
    }

    #[test]
    fn a_cut_line_is_passed_over() {
        let line = journal(Path::new("/run/x 1"));
        assert_eq!(journal_path(line.trim_end()), Some("/run/x 1".into()));
        assert_eq!(replay(&line), []);
        assert_eq!(replay("remove 2f6"), []);
        assert_eq!(replay("remove 2f6\nnonsense\nmade 12\n-\n"), []);
    }
}
