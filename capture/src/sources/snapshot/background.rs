//! Snapshots beside all else: they take seconds on a slow host, and failures are to be traced meanwhile.
//!
//! A thread hands requests to the [child], one after the other, and its answers on. It never waits for a
//! child that sleeps: one that says nothing for a while is killed, left to itself if it cannot die yet, and replaced.

use std::{
    io::{self, Write},
    process::Child,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use format_spec::record::{Phase, Snapshot};

use super::{
    Extent, Involved,
    child::{self, Peer},
    connection::{Connection, PATIENCE, Patience},
    wire::{Answer, Done, Request},
};
use crate::error::Error;

/// Most parts, of about 256 KiB each, that wait to be written: the thread goes on when there is room.
const MAX_WAITING: usize = 8;

/// Most children of one recording: each may be left behind, asleep in the kernel.
const MAX_CHILDREN: u32 = 4;

#[derive(Debug)]
enum News {
    Part(Snapshot),
    /// A request was answered; or not in full.
    Done(Option<Done>),
}

/// What all snapshots so far took and left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Things that were left out.
    pub(crate) left_out: u64,
    /// Snapshots that were given up, as their process hung.
    pub(crate) given_up: u64,
    /// Processor time, in nanoseconds.
    pub(crate) user_ns: u64,
    /// Likewise in kernel mode.
    pub(crate) system_ns: u64,
    /// Peak memory, in bytes.
    pub(crate) peak_memory_bytes: u64,
    /// Where file systems are mounted that did not answer.
    pub(crate) silent: Vec<Vec<u8>>,
}

/// The thread that has snapshots taken, one after the other.
#[derive(Debug)]
pub(crate) struct Background {
    /// `None` when the thread is to end.
    requests: Option<Sender<Request>>,
    news: Receiver<News>,
    /// Number of the next snapshot.
    number: u32,
    /// Requests that were not answered yet.
    open: usize,
    account: Account,
    thread: Option<JoinHandle<()>>,
    pid: u32,
}

impl Background {
    /// Starts the child and the thread. `replaced` is told the process id of each further child.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start(replaced: impl FnMut(u32) + Send + 'static) -> Result<Self, Error> {
        Self::with(child::spawn, replaced, PATIENCE)
    }

    fn with(
        spawn: impl FnMut() -> io::Result<Peer> + Send + 'static,
        replaced: impl FnMut(u32) + Send + 'static,
        patience: Patience,
    ) -> Result<Self, Error> {
        let mut asker = Asker {
            spawn: Box::new(spawn),
            replaced: Box::new(replaced),
            patience,
            started: 0,
            connection: None,
        };
        let first = asker.connect();
        let pid = first.map_err(|error| Error::new("process for snapshots", error))?;
        let (requests, asked) = channel();
        let (tell, news) = sync_channel(MAX_WAITING);
        let thread = thread::Builder::new().name("snapshots".into());
        let thread = thread
            .spawn(move || asker.serve(&asked, &tell))
            .map_err(|error| Error::new("thread for snapshots", error))?;
        Ok(Self {
            requests: Some(requests),
            news,
            number: 0,
            open: 0,
            account: Account::default(),
            thread: Some(thread),
            pid,
        })
    }

    /// The first child's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Asks for a snapshot, which begins when those before are taken; `time` is how long it may take.
    pub(crate) fn ask(&mut self, phase: Phase, extent: Extent, involved: Involved, time: Duration) {
        let request = Request {
            number: self.number,
            phase,
            extent,
            time,
            involved,
        };
        self.number += 1;
        let asked = self.requests.as_ref();
        self.open += usize::from(asked.is_some_and(|to| to.send(request).is_ok()));
    }

    /// A part that is there by now.
    pub(crate) fn ready(&mut self) -> Option<Snapshot> {
        while let Ok(news) = self.news.try_recv() {
            if let Some(part) = self.note(news) {
                return Some(part);
            }
        }
        None
    }

    /// The next part of what was asked for, as soon as it is there; `None` after the last one.
    pub(crate) fn next(&mut self) -> Option<Snapshot> {
        while self.open > 0 {
            let Ok(news) = self.news.recv() else {
                self.open = 0;
                return None;
            };
            if let Some(part) = self.note(news) {
                return Some(part);
            }
        }
        None
    }

    /// What all so far took and left.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    fn note(&mut self, news: News) -> Option<Snapshot> {
        let done = match news {
            News::Part(part) => return Some(part),
            News::Done(done) => done,
        };
        self.open -= 1;
        let account = &mut self.account;
        match done {
            Some(done) => {
                account.left_out += done.left_out;
                account.user_ns = done.user_ns;
                account.system_ns = done.system_ns;
                account.peak_memory_bytes = account.peak_memory_bytes.max(done.peak_memory_bytes);
                account.silent = done.silent;
            }
            None => account.given_up += 1,
        }
        None
    }
}

impl Drop for Background {
    /// A snapshot under way is given up: its thread ends with the process, or finds nobody who takes its news.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take().filter(|_| self.open == 0) {
            let _ = thread.join();
        }
    }
}

/// The thread's side.
struct Asker {
    spawn: Box<dyn FnMut() -> io::Result<Peer> + Send>,
    replaced: Box<dyn FnMut(u32) + Send>,
    patience: Patience,
    /// Children so far.
    started: u32,
    connection: Option<Connection>,
}

impl Asker {
    /// Until nobody asks any more.
    fn serve(mut self, requests: &Receiver<Request>, news: &SyncSender<News>) {
        while let Ok(request) = requests.recv() {
            let done = self.answer(&request, news);
            if done.is_none() {
                self.connection = None;
            }
            if news.send(News::Done(done)).is_err() {
                return;
            }
        }
    }

    /// Starts a child. Returns its process id.
    fn connect(&mut self) -> io::Result<u32> {
        self.started += 1;
        let peer = (self.spawn)()?;
        let pid = peer.child.as_ref().map_or(0, Child::id);
        self.connection = Some(Connection::new(peer, self.patience)?);
        Ok(pid)
    }

    /// Has one snapshot taken; `None` when it was given up.
    fn answer(&mut self, request: &Request, news: &SyncSender<News>) -> Option<Done> {
        if self.connection.is_none() {
            if self.started >= MAX_CHILDREN {
                return None;
            }
            let pid = self.connect().ok()?;
            (self.replaced)(pid);
        }
        let connection = self.connection.as_mut()?;
        connection.write_all(&request.message()).ok()?;
        loop {
            match Answer::read(connection).ok()? {
                Answer::Beat => {}
                Answer::Part(part) => news.send(News::Part(part)).ok()?,
                Answer::Done(done) => return Some(done),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const TIME: Duration = Duration::from_secs(10);

    /// A peer that is a thread of this process.
    fn peer(serve: impl FnOnce(io::PipeReader, io::PipeWriter) + Send + 'static) -> Peer {
        let (requests, to) = io::pipe().unwrap();
        let (from, answers) = io::pipe().unwrap();
        thread::spawn(move || serve(requests, answers));
        Peer {
            to: to.into(),
            from: from.into(),
            child: None,
        }
    }

    fn phases(background: &mut Background) -> Vec<(u32, Phase)> {
        let mut phases = Vec::new();
        while let Some(part) = background.next() {
            phases.push((part.number, part.phase));
        }
        phases.dedup();
        phases
    }

    #[test]
    fn all_parts_come_in_the_order_of_the_requests() {
        let spawn = || Ok(peer(child::serve));
        let mut background = Background::with(spawn, |_| {}, PATIENCE).unwrap();
        for phase in [Phase::Start, Phase::Failure] {
            background.ask(phase, Extent::Involved, Involved::default(), TIME);
        }
        let expected = [(0, Phase::Start), (1, Phase::Failure)];
        assert_eq!(phases(&mut background), expected);
        assert!(background.ready().is_none() && background.next().is_none());
        assert!(background.account().peak_memory_bytes > 0);
    }

    #[test]
    fn a_child_that_hangs_is_given_up_and_replaced() {
        let hung = Arc::new(Mutex::new(Vec::new()));
        let (keep, mut first) = (Arc::clone(&hung), true);
        let spawn = move || {
            let keep = Arc::clone(&keep);
            Ok(match std::mem::take(&mut first) {
                // It never says a word, nor hangs up.
                true => peer(move |requests, answers| {
                    keep.lock().unwrap().push((requests, answers));
                }),
                false => peer(child::serve),
            })
        };
        let patience = Patience {
            asleep: Duration::from_millis(50),
            running: TIME,
        };
        let replaced = Arc::new(Mutex::new(0));
        let count = Arc::clone(&replaced);
        let mut background =
            Background::with(spawn, move |_| *count.lock().unwrap() += 1, patience).unwrap();
        background.ask(Phase::Start, Extent::Involved, Involved::default(), TIME);
        assert_eq!(phases(&mut background), []);
        assert_eq!(background.account().given_up, 1);
        background.ask(Phase::End, Extent::Involved, Involved::default(), TIME);
        assert_eq!(phases(&mut background), [(1, Phase::End)]);
        assert_eq!(*replaced.lock().unwrap(), 1);
    }

    #[test]
    fn no_more_than_a_few_children_are_started() {
        let started = Arc::new(Mutex::new(0));
        let count = Arc::clone(&started);
        let spawn = move || {
            *count.lock().unwrap() += 1;
            // It hangs up at once.
            Ok(peer(|_, _| {}))
        };
        let mut background = Background::with(spawn, |_| {}, PATIENCE).unwrap();
        for _ in 0..2 * MAX_CHILDREN {
            background.ask(Phase::Failure, Extent::Involved, Involved::default(), TIME);
        }
        assert_eq!(phases(&mut background), []);
        assert_eq!(*started.lock().unwrap(), MAX_CHILDREN);
        let given_up = u64::from(2 * MAX_CHILDREN);
        assert_eq!(background.account().given_up, given_up);
    }
}
