//! The recorder's end of the pipes to the [child](super::child): nothing waits for one that does not go on.

use std::{
    fs,
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
};

use super::child::Peer;

/// How long a child may sleep without a word, and how long it may run: under load, or emulated, it is only slow.
pub(super) const PATIENCE: Patience = Patience {
    asleep: Duration::from_secs(3),
    running: Duration::from_secs(20),
};

/// How long a killed child is waited for.
const DYING: Duration = Duration::from_millis(100);

/// How long a child is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Without a word.
    pub(super) asleep: Duration,
    /// In all.
    pub(super) running: Duration,
}

/// The pipes to a child. Reading and writing fail when it does not go on.
pub(super) struct Connection {
    peer: Peer,
    patience: Patience,
}

impl Connection {
    /// Takes the pipes over.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn new(peer: Peer, patience: Patience) -> io::Result<Self> {
        for pipe in [&peer.to, &peer.from] {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        Ok(Self { peer, patience })
    }

    /// Waits until a pipe is ready.
    fn wait(&self, pipe: BorrowedFd<'_>, flags: PollFlags) -> io::Result<()> {
        let begun = Instant::now();
        let step = self.patience.asleep.min(Duration::from_millis(500));
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: step.subsec_nanos().into(),
        };
        let mut awake = begun;
        while begun.elapsed() < self.patience.running {
            let mut polled = [PollFd::from_borrowed_fd(pipe, flags)];
            match poll(&mut polled, Some(&timeout)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            if self.runs() {
                awake = Instant::now();
            } else if awake.elapsed() >= self.patience.asleep {
                break;
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Whether the child has a processor or waits for one: the letter of field 3 of proc_pid_stat(5).
    fn runs(&self) -> bool {
        let Some(child) = &self.peer.child else {
            return false;
        };
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()));
        let stat = stat.unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('R'))
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::io::read(&self.peer.from, &mut *buffer) {
                Err(rustix::io::Errno::AGAIN) => {
                    self.wait(self.peer.from.as_fd(), PollFlags::IN)?;
                }
                read => return Ok(read?),
            }
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.peer.to, bytes) {
                Err(rustix::io::Errno::AGAIN) => {
                    self.wait(self.peer.to.as_fd(), PollFlags::OUT)?;
                }
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Connection {
    /// A child that sleeps in the kernel dies when it wakes up; nobody waits for that.
    fn drop(&mut self) {
        let Some(child) = &mut self.peer.child else {
            return;
        };
        let _ = child.kill();
        let begun = Instant::now();
        while begun.elapsed() < DYING && !matches!(child.try_wait(), Ok(Some(_))) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}
