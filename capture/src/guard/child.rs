//! The child process: this program again, which waits for the end of a pipe.

use std::{
    io::{self, Read},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::AtomicBool},
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    flag,
};

use super::{journal::Journal, step, take_back};
use crate::error::Error;

/// The action of the command line that the child runs with.
const ACTION: &str = "guard";

/// Starts it, in a process group of its own: Ctrl-C is not for it.
pub(super) fn spawn() -> io::Result<Child> {
    Command::new("/proc/self/exe")
        .arg0("capture")
        .arg(ACTION)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
}

/// What the child does: reads the list until the recorder closes the pipe, then takes back what is left.
///
/// # Errors
/// When something cannot be put back.
pub(crate) fn stand() -> Result<(), Error> {
    // It ends with the recorder, and not before.
    let ignored = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        flag::register(signal, Arc::clone(&ignored))
            .map_err(|error| Error::new("signals", error))?;
    }
    let mut text = Vec::new();
    io::stdin()
        .read_to_end(&mut text)
        .map_err(|error| Error::new("guard pipe", error))?;
    let text = String::from_utf8_lossy(&text);
    let mut steps = step::replay(&text);
    // Not there when the recorder ended well, or could not make one.
    let path = text.lines().next().and_then(step::journal_path);
    let mut journal = path.and_then(|path| Journal::take_over(&path, true).ok().flatten());
    let begun = !steps.is_empty();
    let failed = take_back(&mut steps, journal.as_mut());
    if let Some(mut journal) = journal
        // What the recorder itself could not put back is kept for `capture cleanup`.
        && (begun || journal.text().is_ok_and(|text| step::replay(&text).is_empty()))
    {
        journal.settle(&steps);
    }
    match failed.first() {
        None => Ok(()),
        Some(first) => Err(Error::new("tracing could not be put back", first)),
    }
}
