//! The line on a terminal that shows how far a recording is.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// Time between two changes of the line.
const PERIOD: Duration = Duration::from_millis(500);

/// The progress line; nothing when standard error is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    shown: bool,
    next: Option<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            shown: false,
            next: io::stderr().is_terminal().then(Instant::now),
        }
    }

    /// Shows a new line if it is time for one.
    pub(super) fn show(&mut self, line: impl FnOnce() -> String) {
        if let Some(next) = self.next
            && Instant::now() >= next
        {
            let mut stderr = io::stderr();
            // Back to the first column; clear to the end of the line.
            let _ = write!(stderr, "\r{}\x1b[K", line());
            let _ = stderr.flush();
            self.shown = true;
            self.next = Some(Instant::now() + PERIOD);
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
