//! What the counts were some while ago: a flight recorder tells what failed in the time before its trigger, not in all
//! the days that it waited.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use format_spec::record::Count;

/// What tells rows apart.
pub(super) type Key = (u32, u16, u32, Vec<u8>, u64);

pub(super) fn key(row: &Count) -> Key {
    let (syscall, errno, tgid, comm, cgroup) = row.key();
    (syscall, errno, tgid, comm.to_vec(), cgroup)
}

/// Counts of moments that are not long past, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marks: VecDeque<Mark>,
}

#[derive(Debug)]
struct Mark {
    time_ns: u64,
    counts: HashMap<Key, u64>,
}

impl Marks {
    /// Whether half of `time` is over since the last mark.
    pub(super) fn is_due(&self, now_ns: u64, time: Duration) -> bool {
        let last = self.marks.back();
        let half = time.as_nanos() / 2;
        last.is_none_or(|last| u128::from(now_ns.saturating_sub(last.time_ns)) >= half)
    }

    /// Remembers the counts of now, and forgets those that are not needed to tell what failed in the last `time`.
    pub(super) fn set(&mut self, now_ns: u64, rows: &[Count], time: Duration) {
        let counts = rows.iter().map(|row| (key(row), row.count)).collect();
        self.marks.push_back(Mark {
            time_ns: now_ns,
            counts,
        });
        let is_old =
            |mark: &Mark| u128::from(now_ns.saturating_sub(mark.time_ns)) >= time.as_nanos();
        while self.marks.get(1).is_some_and(is_old) {
            self.marks.pop_front();
        }
    }

    /// A row was added to another one.
    pub(super) fn moved(&mut self, from: &Count, to: &Key) {
        let from = key(from);
        for mark in &mut self.marks {
            if let Some(count) = mark.counts.remove(&from) {
                *mark.counts.entry(to.clone()).or_default() += count;
            }
        }
    }

    /// What the rows have more than at the first mark.
    pub(super) fn since_first(&self, rows: Vec<Count>) -> Vec<Count> {
        let Some(first) = self.marks.front() else {
            return rows;
        };
        let more = rows.into_iter().filter_map(|mut row| {
            let before = first.counts.get(&key(&row)).copied().unwrap_or(0);
            row.count = row.count.saturating_sub(before);
            if before > 0 {
                row.first_ns = row.first_ns.max(first.time_ns);
                row.last_ns = row.last_ns.max(row.first_ns);
            }
            (row.count > 0).then_some(row)
        });
        more.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tgid: u32, count: u64) -> Count {
        Count {
            syscall: 40,
            errno: 28,
            tgid,
            comm: b"mount".into(),
            count,
            first_ns: 1,
            last_ns: 2,
            ..Count::default()
        }
    }

    #[test]
    fn only_what_failed_since_is_told() {
        let time = Duration::from_nanos(100);
        let mut marks = Marks::default();
        assert!(marks.is_due(0, time));
        for (now_ns, count) in [(0, 5), (50, 10), (100, 20), (150, 40)] {
            marks.set(now_ns, &[row(7, count), row(8, 1)], time);
        }
        assert!(!marks.is_due(199, time) && marks.is_due(200, time));
        // That of 50 is the last one that is 100 old.
        let rows = marks.since_first(vec![row(7, 50), row(8, 1), row(9, 3)]);
        let told: Vec<_> = rows.iter().map(|row| (row.tgid, row.count)).collect();
        assert_eq!(told, [(7, 40), (9, 3)]);
        assert_eq!((rows[0].first_ns, rows[1].first_ns), (50, 1));
    }

    #[test]
    fn what_moved_is_not_told_twice() {
        let mut marks = Marks::default();
        marks.set(0, &[row(7, 5), row(0, 2)], Duration::from_secs(1));
        marks.moved(&row(7, 6), &key(&row(0, 0)));
        let rows = marks.since_first(vec![row(0, 8)]);
        assert_eq!(rows[0].count, 1);
    }
}
