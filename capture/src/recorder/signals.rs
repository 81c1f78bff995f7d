//! Signals that end a recording, cleanly, however often they come; and SIGUSR1, a trigger of the flight recorder.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1},
    flag,
};

/// The signals that came.
#[derive(Debug)]
pub(crate) struct Signals {
    ending: Arc<AtomicUsize>,
    asking: Arc<AtomicBool>,
}

impl Signals {
    /// Catches the signals from now on.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn catch() -> io::Result<Self> {
        let ending = Arc::new(AtomicUsize::new(0));
        let asking = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            flag::register_usize(signal, Arc::clone(&ending), signal.unsigned_abs() as usize)?;
        }
        flag::register(SIGUSR1, Arc::clone(&asking))?;
        Ok(Self { ending, asking })
    }

    /// Whether SIGUSR1 came since this was asked last.
    pub(crate) fn asked(&self) -> bool {
        self.asking.swap(false, Ordering::Relaxed)
    }

    /// Number of the last signal that ends the recording.
    pub(crate) fn caught(&self) -> Option<i32> {
        let signal = self.ending.load(Ordering::Relaxed);
        i32::try_from(signal).ok().filter(|&signal| signal != 0)
    }
}
