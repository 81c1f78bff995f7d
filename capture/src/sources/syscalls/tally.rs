//! How often calls failed: the kernel's table of (syscall, errno, process), what was taken out of it to make room, and
//! what never found room there.
//!
//! The table is for processes that may fail again: rows of those that are gone go into one row for each name and
//! control group, within bounds, and from there into one for each (syscall, errno), which are few. Whatever becomes of
//! processes, the rows of a (syscall, errno) add up to all its failures.

mod gone;
mod marks;

use std::{
    collections::{BTreeMap, HashMap as StdHashMap},
    fs,
    time::{Duration, Instant},
};

use aya::{
    Ebpf,
    maps::{Array, HashMap, MapData},
};
use capture_ebpf::{MAX_COUNTS, MAX_SYSCALLS, SLOTS, Uncounted, of_slot};
use format_spec::record::Count;
use rustix::process::{Pid, test_kill_process};

use super::{CountKeyWords, CountValueWords, decode, load::map};
use crate::{error::Error, preflight::monotonic_ns};
use gone::Gone;
use marks::{Key, Marks, key};

/// Rows of the kernel's table from which on room is made.
const CROWDED: usize = MAX_COUNTS as usize / 2;

/// Process numbers that the kernel may give out while room is made: those of processes that are gone, but may come
/// again that soon, are left alone.
const SOON: u32 = 4096;

/// At most one part in this many of the time goes into making room.
const SHARE: u32 = 20;

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
    pub(super) fn updates(&mut self) -> Vec<Count> {
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
        self.take_out();
        if is_full {
            self.was_full = true;
            let _ = self.full.set(0, 0, 0);
        }
        let ended = Instant::now();
        let rest = ((ended - begun) * SHARE).max(Duration::from_millis(20));
        self.rests_until = Some(ended + rest);
    }

    /// A process that is gone fails no more, and the row of one is nobody's until the kernel gives its number out
    /// anew: numbers go round, and the last one says how far.
    fn take_out(&mut self) {
        let rows = self.by_process();
        let Some(round) = Round::begin() else {
            return;
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
    }

    /// Rows of which a failure may have been lost when they were taken out.
    pub(super) fn doubtful(&self) -> u64 {
        self.doubtful
    }
}

fn is_alive(tgid: u32) -> bool {
    let pid = i32::try_from(tgid).ok().and_then(Pid::from_raw);
    pid.is_none_or(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// How far the kernel is in giving out process numbers: upwards, and from the lowest again behind the largest
/// (`idr_alloc_cyclic` in `alloc_pid`, `kernel/pid.c`, 4.15 to 7.2).
struct Round {
    begun_at: u32,
    len: u32,
}

impl Round {
    fn begin() -> Option<Self> {
        let len = fs::read_to_string("/proc/sys/kernel/pid_max").ok()?;
        Some(Self {
            begun_at: last_number()?,
            len: len.trim().parse().ok()?,
        })
    }

    fn distance(&self, number: u32) -> u32 {
        let len = self.len.max(1);
        (number % len + len - self.begun_at % len) % len
    }

    /// Whether that number is given out before long.
    fn may_reach(&self, number: u32) -> bool {
        (1..=SOON).contains(&self.distance(number))
    }

    /// Whether none was given out since the beginning but those that may be reached.
    fn is_near(&self) -> bool {
        last_number().is_some_and(|last| self.distance(last) < SOON)
    }
}

/// The process number that was given out last: the last field of /proc/loadavg (`fs/proc/loadavg.c`).
fn last_number() -> Option<u32> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_round() {
        let round = Round {
            begun_at: 32_000,
            len: 32_768,
        };
        for (number, may) in [
            (32_000, false),
            (32_001, true),
            (32_767, true),
            (300, true),
            (3_328, true),
            (3_329, false),
            (31_999, false),
        ] {
            assert_eq!(round.may_reach(number), may, "{number}");
        }
    }

    #[test]
    fn the_last_number_is_that_of_a_new_process() {
        let before = last_number().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let round = Round {
            begun_at: before,
            len: 1 << 22,
        };
        assert!(is_alive(child.id()) && round.may_reach(child.id()));
        child.wait().unwrap();
        assert!(!is_alive(child.id()));
    }
}
