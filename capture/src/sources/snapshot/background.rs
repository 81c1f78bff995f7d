//! Snapshots in a thread of their own: they take seconds on a slow host, and failures are to be traced meanwhile.

use std::{
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use format_spec::record::{Phase, Snapshot};

use super::{Extent, Involved, Snapshots};
use crate::error::Error;

/// Most parts, of about 256 KiB each, that wait to be written: the thread goes on when there is room.
const MAX_WAITING: usize = 8;

#[derive(Debug)]
struct Request {
    phase: Phase,
    extent: Extent,
    involved: Involved,
    time: Duration,
}

#[derive(Debug)]
enum Answer {
    Part(Snapshot),
    /// A request was answered in full; so many things were left out so far.
    Done(u64),
}

/// The thread that takes snapshots, one after the other.
#[derive(Debug)]
pub(crate) struct Background {
    /// `None` when the thread is to end.
    requests: Option<Sender<Request>>,
    answers: Receiver<Answer>,
    /// Requests that were not answered in full yet.
    open: usize,
    left_out: u64,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start() -> Result<Self, Error> {
        let (requests, asked) = channel();
        let (answer, answers) = sync_channel(MAX_WAITING);
        let thread = thread::Builder::new().name("snapshots".into());
        let thread = thread
            .spawn(move || serve(&asked, &answer))
            .map_err(|error| Error::new("thread for snapshots", error))?;
        Ok(Self {
            requests: Some(requests),
            answers,
            open: 0,
            left_out: 0,
            thread: Some(thread),
        })
    }

    /// Asks for a snapshot, which begins when those before are taken; `time` is how long it may take.
    pub(crate) fn ask(&mut self, phase: Phase, extent: Extent, involved: Involved, time: Duration) {
        let request = Request {
            phase,
            extent,
            involved,
            time,
        };
        let asked = self.requests.as_ref();
        self.open += usize::from(asked.is_some_and(|to| to.send(request).is_ok()));
    }

    /// A part that is there by now.
    pub(crate) fn ready(&mut self) -> Option<Snapshot> {
        while let Ok(answer) = self.answers.try_recv() {
            if let Some(part) = self.note(answer) {
                return Some(part);
            }
        }
        None
    }

    /// The next part of what was asked for, as soon as it is there; `None` after the last one.
    pub(crate) fn next(&mut self) -> Option<Snapshot> {
        while self.open > 0 {
            let Ok(answer) = self.answers.recv() else {
                self.open = 0;
                return None;
            };
            if let Some(part) = self.note(answer) {
                return Some(part);
            }
        }
        None
    }

    /// How many things were left out of the snapshots so far.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    fn note(&mut self, answer: Answer) -> Option<Snapshot> {
        match answer {
            Answer::Part(part) => Some(part),
            Answer::Done(left_out) => {
                self.open -= 1;
                self.left_out = left_out;
                None
            }
        }
    }
}

impl Drop for Background {
    /// A snapshot under way ends within its time.
    fn drop(&mut self) {
        self.requests = None;
        while self.next().is_some() {}
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Until nobody asks any more.
fn serve(requests: &Receiver<Request>, answers: &SyncSender<Answer>) {
    let mut snapshots = Snapshots::default();
    while let Ok(request) = requests.recv() {
        let Request {
            phase,
            extent,
            involved,
            time,
        } = request;
        snapshots.take(phase, extent, &involved, time, &mut |part| {
            let _ = answers.send(Answer::Part(part));
        });
        let _ = answers.send(Answer::Done(snapshots.left_out()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_come_in_the_order_of_the_requests() {
        let mut background = Background::start().unwrap();
        let time = Duration::from_secs(10);
        for phase in [Phase::Start, Phase::Failure] {
            background.ask(phase, Extent::Involved, Involved::default(), time);
        }
        let mut phases = Vec::new();
        while let Some(part) = background.next() {
            phases.push((part.number, part.phase));
        }
        phases.dedup();
        assert_eq!(phases, [(0, Phase::Start), (1, Phase::Failure)]);
        assert!(background.ready().is_none() && background.next().is_none());
    }
}
