//! How often calls failed: the kernel's table of (syscall, errno, process), what was taken out of it to make room, and
//! what never found room there.
//!
//! The table is for processes that may fail again: rows of those that are gone go into one row for each name and
//! control group, within bounds, and from there into one for each (syscall, errno), which are few. Whatever becomes of
//! processes, the rows of a (syscall, errno) add up to all its failures.

mod gone;
mod marks;
mod numbers;

use std::{
    collections::{BTreeMap, HashMap as StdHashMap},
    time::{Duration, Instant},
};

use aya::{
    Ebpf,
    maps::{Array, HashMap, MapData},
};
use capture_ebpf::{MAX_COUNTS, MAX_SYSCALLS, SLOTS, Uncounted, of_slot};
use format_spec::record::Count;

use super::{CountKeyWords, CountValueWords, decode, load::map};
use crate::{clock::monotonic_ns, error::Error};
use gone::Gone;
use marks::{Key, Marks, key};
use numbers::{Round, is_alive};

/// Rows of the kernel's table from which on room is made.
const CROWDED: usize = MAX_COUNTS as usize / 2;

/// At most one part in this many of the time goes into making room, and into telling what changed: a full table takes
/// tens of milliseconds to read.
const SHARE: u32 = 20;
const UPDATES_SHARE: u32 = 100;

/// Longest time between two attempts to make room where hardly any process goes.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// The counts of all failures.
pub(super) struct Tally {
    counts: HashMap<MapData, CountKeyWords, CountValueWords>,
    full: Array<MapData, u32>,
    uncounted: Array<MapData, Uncounted>,
    gone: Gone,
    tick_ns: u64,
    begun_ns: u64,
    /// Whether some processes found no room.
    was_full: bool,
    /// Rows of the table when it was read last.
    rows: usize,
    /// Before this no room is made.
    rests_until: Option<Instant>,
    /// How long the rest was after the last attempt that made hardly any room.
    rest: Duration,
    /// Before this no updates are told.
    updates_at: Option<Instant>,
    /// Rows taken out while the numbers of their processes may have come again.
    doubtful: u64,
    /// What was told so far: see [`Tally::updates`].
    told: StdHashMap<Key, u64>,
    /// What the counts were, of which only what came since is told.
    marks: Marks,
}

impl Tally {
    /// Takes the maps. `tick_ns` is the length of a timer tick.
    pub(super) fn new(ebpf: &mut Ebpf, tick_ns: u64) -> Result<Self, Error> {
        Ok(Self {
            counts: map(ebpf, "COUNTS")?.try_into()?,
            full: map(ebpf, "COUNTS_FULL")?.try_into()?,
            uncounted: map(ebpf, "UNCOUNTED")?.try_into()?,
            gone: Gone::default(),
            tick_ns,
            begun_ns: monotonic_ns(),
            was_full: false,
            rows: 0,
            rests_until: None,
            rest: Duration::ZERO,
            updates_at: None,
            doubtful: 0,
            told: StdHashMap::new(),
            marks: Marks::default(),
        })
    }

    /// All rows, in the order of their first failures.
    pub(super) fn rows(&mut self) -> Vec<Count> {
        let mut rows = self.by_process();
        rows.extend(self.gone.rows());
        rows.extend(self.others());
        let mut rows = self.marks.since_first(rows);
        rows.sort_by(|a, b| (a.first_ns, a.key()).cmp(&(b.first_ns, b.key())));
        rows
    }

    /// Of what came before the last `time` nothing is told from now on: to be called again and again.
    pub(super) fn forget_before(&mut self, time: Duration) {
        let now_ns = monotonic_ns();
        if self.marks.is_due(now_ns, time) {
            let mut rows = self.by_process();
            rows.extend(self.gone.rows());
            rows.extend(self.others());
            self.marks.set(now_ns, &rows, time);
        }
    }

    /// All rows but, while there was room for all processes, those that tell none apart: they take a millisecond.
    pub(super) fn rows_in_short(&mut self) -> Vec<Count> {
        if self.was_full {
            return self.rows();
        }
        let mut rows = self.by_process();
        rows.extend(self.gone.rows());
        self.marks.since_first(rows)
    }

    /// Rows that are new, or other than they were when they were told last; those that are no more, with a count of 0.
    /// None when the last ones were told a short while ago, and took long.
    pub(super) fn updates(&mut self) -> Vec<Count> {
        let begun = Instant::now();
        if self.updates_at.is_some_and(|at| begun < at) {
            return Vec::new();
        }
        let updates = self.changes();
        let ended = Instant::now();
        self.updates_at = Some(ended + (ended - begun) * UPDATES_SHARE);
        updates
    }

    fn changes(&mut self) -> Vec<Count> {
        let mut told = StdHashMap::new();
        let mut updates = Vec::new();
        for row in self.rows_in_short() {
            let key = key(&row);
            let before = self.told.remove(&key);
            told.insert(key, row.count);
            if before != Some(row.count) {
                updates.push(row);
            }
        }
        let ended = std::mem::replace(&mut self.told, told);
        let ended = ended.into_keys();
        updates.extend(ended.map(|(syscall, errno, tgid, comm, cgroup)| Count {
            syscall,
            errno,
            tgid,
            comm,
            cgroup,
            ..Count::default()
        }));
        updates
    }

    /// The rows of the kernel's table.
    fn by_process(&mut self) -> Vec<Count> {
        let rows = self.counts.iter().filter_map(Result::ok);
        let rows = rows.map(|(key, value)| decode::count(&key, &value, self.tick_ns));
        let rows: Vec<Count> = rows.collect();
        self.rows = rows.len();
        rows
    }

    /// The rows of processes that are not told apart.
    fn others(&self) -> Vec<Count> {
        let mut all: BTreeMap<(u32, u16), u64> = self.gone.others();
        for syscall in 0..MAX_SYSCALLS {
            let Ok(counters) = self.uncounted.get(&syscall, 0) else {
                continue;
            };
            for slot in (0..SLOTS).filter(|&slot| counters[slot] > 0) {
                *all.entry((syscall, of_slot(slot))).or_default() += counters[slot];
            }
        }
        let others = all.into_iter().map(|((syscall, errno), count)| Count {
            syscall,
            errno,
            count,
            first_ns: self.begun_ns,
            last_ns: monotonic_ns(),
            ..Count::default()
        });
        others.collect()
    }

    /// Takes the rows of processes that are gone out of the table, when it fills up.
    pub(super) fn make_room(&mut self) {
        let is_full = matches!(self.full.get(&0, 0), Ok(1));
        let begun = Instant::now();
        if !is_full && self.rows < CROWDED || self.rests_until.is_some_and(|until| begun < until) {
            return;
        }
        let (rows, taken) = self.take_out();
        if is_full {
            self.was_full = true;
            let _ = self.full.set(0, 0, 0);
        }
        let ended = Instant::now();
        // Where the processes stay, another attempt would only cost time.
        self.rest = match taken < rows / 8 {
            true => (self.rest * 2).clamp(Duration::from_millis(500), LONGEST_REST),
            false => Duration::ZERO,
        };
        self.rests_until = Some(ended + self.rest.max((ended - begun) * SHARE));
    }

    /// A process that is gone fails no more, and the row of one is nobody's until the kernel gives its number out
    /// anew: numbers go round, and the last one says how far. Returns how many rows there were, and how many were taken.
    fn take_out(&mut self) -> (usize, usize) {
        let rows = self.by_process();
        let all = rows.len();
        let Some(round) = Round::begin() else {
            return (all, 0);
        };
        let mut is_gone = StdHashMap::new();
        let mut taken = 0;
        for row in rows {
            let tgid = row.tgid;
            let may_go = is_gone
                .entry(tgid)
                .or_insert_with(|| !round.may_reach(tgid) && !is_alive(tgid));
            let key: CountKeyWords = [row.syscall, tgid, row.errno.into()];
            // Read anew: it may have failed once more before it went.
            if *may_go
                && let Ok(value) = self.counts.get(&key, 0)
                && self.counts.remove(&key).is_ok()
            {
                let row = decode::count(&key, &value, self.tick_ns);
                self.marks.moved(&row, &self.gone.key(&row));
                self.gone.take(row);
                taken += 1;
            }
        }
        self.rows -= taken.min(self.rows);
        if !round.is_near() {
            self.doubtful += taken as u64;
        }
        (all, taken)
    }

    /// Rows of which a failure may have been lost when they were taken out.
    pub(super) fn doubtful(&self) -> u64 {
        self.doubtful
    }
}
