//! Looks that may never come back: a file system may be on a server that is gone.
//!
//! Each look runs in a thread, and who asked goes on without it after a while: no list of file systems that may hang is
//! needed. A thread in uninterruptible sleep cannot be ended, so this is for a process that nobody waits for
//! ([`super::child`]). A file system that did not answer is not asked again, and of a type of which several did not,
//! none is asked any more.

use std::{
    collections::BTreeSet,
    fs,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::thread::gettid;

use super::{
    collector::Collector,
    mount_table::Mounted,
    silent::{Avoided, Silent},
};

/// How long a look may sleep between two findings, and how long it may run: under load, or emulated, it is only slow.
const PATIENCE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(3);

/// Most threads that do not come back. Then nothing is looked at any more.
const MAX_STUCK: usize = 8;

/// Most threads of one snapshot that do not come back.
const MAX_STUCK_AT_ONCE: usize = 4;

/// File systems of one type that did not answer, from which on others of the type are not asked.
const SILENT_OF_A_TYPE: usize = 3;

/// Most file systems that are told to be silent.
const MAX_TOLD: usize = 1000;

type Job = Box<dyn FnOnce() + Send>;

/// What a look found.
#[derive(Debug)]
pub(super) struct Found<T> {
    /// Its findings so far, in their order.
    pub(super) items: Vec<T>,
    /// Whether it came back.
    pub(super) whole: bool,
}

impl<T> Found<T> {
    /// The finding of a look that has but one.
    pub(super) fn one(mut self) -> Option<T> {
        self.items.pop()
    }
}

/// Makes looks, and remembers what did not answer.
#[derive(Debug)]
pub(super) struct Looks {
    patience: Duration,
    worker: Option<Worker>,
    stuck: usize,
    stuck_now: usize,
    silent: BTreeSet<Silent>,
    /// Those that were passed over in this snapshot for what others of their type did.
    passed_over: BTreeSet<Silent>,
    /// Further ones.
    untold: u64,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            worker: None,
            stuck: 0,
            stuck_now: 0,
            silent: BTreeSet::new(),
            passed_over: BTreeSet::new(),
            untold: 0,
        }
    }
}

impl Looks {
    /// Makes one look, which sends what it finds.
    pub(super) fn look<T: Send + 'static>(
        &mut self,
        look: impl FnOnce(&Sender<T>) + Send + 'static,
    ) -> Found<T> {
        let nothing = Found {
            items: Vec::new(),
            whole: false,
        };
        if self.is_exhausted() {
            return nothing;
        }
        let (to, findings) = channel();
        let mut job: Job = Box::new(move || look(&to));
        for _ in 0..2 {
            let Some(worker) = self.worker.take().or_else(Worker::start) else {
                return nothing;
            };
            match worker.jobs.send(job) {
                Ok(()) => {
                    self.worker = Some(worker);
                    return self.wait(&findings);
                }
                // It is gone: with another one.
                Err(error) => job = error.0,
            }
        }
        nothing
    }

    /// Makes one look, which finds one thing or nothing.
    pub(super) fn at<T: Send + 'static>(
        &mut self,
        look: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Found<T> {
        self.look(move |send| {
            if let Some(found) = look() {
                let _ = send.send(found);
            }
        })
    }

    /// What comes, until the look is done or does not go on.
    fn wait<T>(&mut self, findings: &Receiver<T>) -> Found<T> {
        let mut items = Vec::new();
        let mut since = Instant::now();
        loop {
            match findings.recv_timeout(self.patience) {
                Ok(item) => {
                    items.push(item);
                    since = Instant::now();
                }
                Err(RecvTimeoutError::Disconnected) => return Found { items, whole: true },
                Err(RecvTimeoutError::Timeout) => {
                    let runs = self.worker.as_ref().is_some_and(Worker::runs);
                    if !runs || since.elapsed() >= LONGEST {
                        break;
                    }
                }
            }
        }
        self.worker = None;
        self.stuck += 1;
        self.stuck_now += 1;
        Found {
            items,
            whole: false,
        }
    }

    /// Whether nothing is looked at any more.
    pub(super) fn is_exhausted(&self) -> bool {
        self.stuck >= MAX_STUCK || self.stuck_now >= MAX_STUCK_AT_ONCE
    }

    /// The file system of a mount did not answer.
    pub(super) fn is_silent(&mut self, mount: &Mounted) {
        self.silent.insert(mount.into());
    }

    /// Whether that file system must not be asked: it did not answer, or several of its type did not.
    pub(super) fn avoids(&mut self, mount: &Mounted) -> bool {
        let avoided = self.is_exhausted() || self.avoided().has(mount);
        if avoided && self.silent.iter().all(|one| one.device != mount.device) {
            let silent = Silent::from(mount);
            if self.passed_over.len() < MAX_TOLD || self.passed_over.contains(&silent) {
                self.passed_over.insert(silent);
            } else {
                self.untold += 1;
            }
        }
        avoided
    }

    /// What must not be asked, for a look that finds out where it leads.
    pub(super) fn avoided(&self) -> Avoided {
        let devices = self.silent.iter().map(|one| one.device.clone()).collect();
        let types: BTreeSet<&str> = self.silent.iter().map(|one| &*one.fs_type).collect();
        let of_type = |name: &&str| {
            let alike = self.silent.iter().filter(|one| one.fs_type == *name);
            alike.count() >= SILENT_OF_A_TYPE
        };
        let types = types.into_iter().filter(of_type).map(str::to_owned);
        Avoided {
            devices,
            types: types.collect(),
        }
    }

    /// Begins a snapshot.
    pub(super) fn begin(&mut self) {
        self.stuck_now = 0;
        self.passed_over.clear();
        self.untold = 0;
    }

    /// Takes the table of the file systems that did not answer, and of those that were not asked therefore.
    pub(super) fn tell(&self, collector: &mut Collector<'_>) {
        if self.silent.is_empty() && self.passed_over.is_empty() {
            return;
        }
        let silent = self.silent.iter().map(|one| one.row(true));
        let passed_over = self.passed_over.iter().map(|one| one.row(false));
        let rows: String = silent.chain(passed_over).collect();
        collector.table("etz:unanswered", format!("device type asked path\n{rows}"));
        for _ in 0..self.silent.len() + self.passed_over.len() {
            collector.leave_out("file systems that did not answer, or are like one that did not");
        }
        for _ in 0..self.untold {
            collector.leave_out("further file systems like one that did not answer");
        }
    }

    /// Where file systems are mounted that did not answer.
    pub(super) fn silent_points(&self) -> impl Iterator<Item = &[u8]> {
        self.silent.iter().map(|one| one.point.as_slice())
    }
}

/// The thread that looks.
#[derive(Debug)]
struct Worker {
    jobs: Sender<Job>,
    tid: i32,
}

impl Worker {
    /// `None` when the system gives no thread.
    fn start() -> Option<Self> {
        let (jobs, asked) = channel::<Job>();
        let (tell, told) = channel();
        let thread = thread::Builder::new().name("looks".into());
        let thread = thread.spawn(move || {
            let _ = tell.send(gettid().as_raw_nonzero().get());
            for job in asked {
                job();
            }
        });
        thread.ok()?;
        Some(Self {
            jobs,
            tid: told.recv().ok()?,
        })
    }

    /// Whether the thread has a processor or waits for one: the letter of field 3 of proc_pid_stat(5).
    fn runs(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/self/task/{}/stat", self.tid));
        let stat = stat.unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('R'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounted(device: &str, fs_type: &str) -> Mounted {
        Mounted {
            id: 1,
            device: device.into(),
            fs_type: fs_type.into(),
            point: format!("/mnt/{device}").into(),
        }
    }

    #[test]
    fn who_asks_goes_on_without_an_answer_and_keeps_what_came_before() {
        let mut looks = Looks::default();
        let (_never, forever) = channel::<()>();
        let began = Instant::now();
        let found = looks.look(move |send| {
            let _ = send.send(1);
            let _ = forever.recv();
            let _ = send.send(2);
        });
        assert_eq!((found.items, found.whole), (vec![1], false));
        assert!(began.elapsed() < LONGEST);
        let found = looks.look(|send| send.send(3).unwrap());
        assert_eq!((found.items, found.whole), (vec![3], true));
    }

    #[test]
    fn threads_that_do_not_come_back_are_bounded() {
        let mut looks = Looks {
            patience: Duration::from_millis(20),
            ..Looks::default()
        };
        let mut ends = Vec::new();
        for _ in 0..MAX_STUCK + 4 {
            let (end, forever) = channel::<()>();
            ends.push(end);
            looks.look::<()>(move |_| {
                let _ = forever.recv();
            });
            if looks.stuck_now >= MAX_STUCK_AT_ONCE {
                assert!(!looks.look(|send| send.send(1).unwrap()).whole);
                looks.begin();
            }
        }
        assert_eq!(looks.stuck, MAX_STUCK);
        assert!(!looks.look(|send| send.send(1).unwrap()).whole);
    }

    #[test]
    fn a_look_that_panics_takes_no_other_along() {
        let mut looks = Looks::default();
        looks.look::<()>(|_| panic!("as a test"));
        assert!(looks.look(|send| send.send(1).unwrap()).whole);
    }

    #[test]
    fn a_silent_file_system_is_not_asked_again_and_a_silent_type_is_left_alone() {
        let mut looks = Looks::default();
        let all: Vec<_> = (1..5)
            .map(|n| mounted(&format!("0:{n}"), "fuse.x"))
            .collect();
        looks.is_silent(&all[0]);
        assert!(looks.avoids(&all[0]) && !looks.avoids(&all[1]));
        looks.is_silent(&all[1]);
        assert!(!looks.avoids(&all[2]));
        looks.is_silent(&all[2]);
        assert!(looks.avoids(&all[3]));
        assert!(!looks.avoids(&mounted("8:1", "ext4")));
        assert_eq!(looks.silent_points().count(), 3);
    }
}
