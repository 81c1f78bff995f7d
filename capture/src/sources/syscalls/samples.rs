//! The ring buffer of samples, which is emptied whatever else the recorder does.
//!
//! Arming a graph and a snapshot take seconds on a slow host. So a thread of its own takes samples out whenever the
//! kernel programs wake it up: at first failures, and when a quarter of the ring buffer is in use. It keeps them as
//! they came, in at most as much memory again; what finds no room there waits in the ring buffer, whose program counts
//! what finds none there either.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use aya::maps::{MapData, RingBuf};
use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    io::{Errno, read, write},
};

/// How long the thread leaves alone what it has no room for.
const REST: Duration = Duration::from_millis(20);

/// The samples.
#[derive(Debug)]
pub(super) struct Samples {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    held: Mutex<Held>,
    /// The ring buffer: readable when it holds samples.
    ring: OwnedFd,
    /// An eventfd that is readable when the thread has taken samples out.
    ready: OwnedFd,
    /// The same, when the thread is to end.
    end: OwnedFd,
}

/// The ring buffer, and what was taken out of it.
struct Held {
    ring: RingBuf<MapData>,
    taken: Taken,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.taken.fmt(f)
    }
}

impl Held {
    /// Takes samples out of the ring buffer. Returns whether there was room for all.
    fn fill(&mut self) -> bool {
        let ring = &mut self.ring;
        self.taken
            .fill(|| ring.next().map(|sample| sample.as_ref().into()))
    }
}

/// Samples, as many as there is room for.
#[derive(Debug)]
struct Taken {
    samples: Vec<Box<[u8]>>,
    bytes: usize,
    most: usize,
}

impl Taken {
    /// Takes what `next` gives, until there is no more, which returns true, or no room.
    fn fill(&mut self, mut next: impl FnMut() -> Option<Box<[u8]>>) -> bool {
        while self.bytes < self.most {
            let Some(sample) = next() else {
                return true;
            };
            self.bytes += sample.len();
            self.samples.push(sample);
        }
        false
    }

    fn drain(&mut self) -> impl Iterator<Item = Box<[u8]>> {
        self.bytes = 0;
        self.samples.drain(..)
    }
}

impl Samples {
    /// Starts the thread; it keeps `most` bytes at most.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn new(ring: RingBuf<MapData>, most: usize) -> io::Result<Self> {
        let event = || eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let shared = Arc::new(Shared {
            ring: ring.as_fd().try_clone_to_owned()?,
            ready: event()?,
            end: event()?,
            held: Mutex::new(Held {
                ring,
                taken: Taken {
                    samples: Vec::new(),
                    bytes: 0,
                    most,
                },
            }),
        });
        let reader = Arc::clone(&shared);
        let thread = thread::Builder::new().name("samples".into());
        let thread = thread.spawn(move || reader.read())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Hands all samples that came so far to `each`, in their order.
    pub(super) fn take(&self, mut each: impl FnMut(&[u8])) {
        let mut taken = [0; 8];
        let _ = read(&self.shared.ready, &mut taken);
        let mut held = self.shared.held();
        loop {
            let all = held.fill();
            held.taken.drain().for_each(|sample| each(&sample));
            if all {
                return;
            }
        }
    }
}

impl AsFd for Samples {
    /// Readable when samples came that are urgent.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.ready.as_fd()
    }
}

impl Drop for Samples {
    fn drop(&mut self) {
        let _ = write(&self.shared.end, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// A thread that panicked left whole samples.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: until it is told to end.
    fn read(&self) {
        let mut rest = None;
        loop {
            // What it has no room for would wake it up again at once.
            let most = rest.take().map(|rest: Duration| Timespec {
                tv_sec: 0,
                tv_nsec: rest.subsec_nanos().into(),
            });
            let wanted = PollFlags::IN;
            let mut both = [
                PollFd::new(&self.end, wanted),
                PollFd::new(&self.ring, wanted),
            ];
            let watched = if most.is_some() { 1 } else { 2 };
            match poll(&mut both[..watched], most.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            if !both[0].revents().is_empty() {
                return;
            }
            let (all, some) = {
                let mut held = self.held();
                (held.fill(), !held.taken.samples.is_empty())
            };
            if some {
                // It is full only after 2^64 - 1 of them.
                let _ = write(&self.ready, &1u64.to_ne_bytes());
            }
            if !all {
                rest = Some(REST);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_stays_where_it_is() {
        let mut ring = (0..10u8).map(|sample| Box::from([sample; 100]));
        let mut taken = Taken {
            samples: Vec::new(),
            bytes: 0,
            most: 350,
        };
        assert!(!taken.fill(|| ring.next()));
        assert!(!taken.fill(|| ring.next()), "still full");
        let first: Vec<u8> = taken.drain().map(|sample| sample[0]).collect();
        assert_eq!(first, [0, 1, 2, 3]);
        assert_eq!(ring.len(), 6);
        taken.most = 1000;
        assert!(taken.fill(|| ring.next()));
        assert_eq!(taken.drain().count(), 6);
    }
}
