//! Totals by (syscall, errno, name): sums over the kernel's table of processes, which is read anew only now and then.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How old totals get at least.
const AGE: Duration = Duration::from_millis(20);

/// At most one part in this many of the time goes into summing up: a full table takes tens of milliseconds.
const SHARE: u32 = 20;

/// What is summed up: syscall, errno, name of the thread that failed first in a process; none for failures of processes
/// for which the table had no room.
pub(super) type Key = (u32, u16, Vec<u8>);

/// The totals of a moment ago: of 20 ms, or of 20 times as long as it takes to sum them up.
#[derive(Debug, Default)]
pub(super) struct Totals {
    sums: BTreeMap<Key, u64>,
    next: Option<Instant>,
}

impl Totals {
    /// Sums up when it is time to.
    pub(super) fn refresh(&mut self, sum: impl FnOnce() -> BTreeMap<Key, u64>) {
        let begun = Instant::now();
        if self.next.is_none_or(|next| begun >= next) {
            self.sums = sum();
            let ended = Instant::now();
            self.next = Some(ended + AGE.max((ended - begun) * SHARE));
        }
    }

    /// The total of one (syscall, errno) in threads of that name; in all where no process is known by it: it may be the
    /// name of another thread.
    pub(super) fn of(&self, syscall: u32, errno: u16, comm: &[u8]) -> u64 {
        let from = (syscall, errno, Vec::new());
        let all = self.sums.range(from..);
        let all = all.take_while(|((call, error, _), _)| (*call, *error) == (syscall, errno));
        let named = all.clone().find(|((.., name), _)| name == comm);
        named.map_or_else(|| all.map(|(_, sum)| sum).sum(), |(_, sum)| *sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_look_is_free() {
        let mut totals = Totals::default();
        totals.refresh(|| [((1, 2, b"a".to_vec()), 3), ((1, 2, b"b".to_vec()), 4)].into());
        totals.next = Some(Instant::now() + Duration::from_secs(60));
        totals.refresh(|| unreachable!("it is not time yet"));
        assert_eq!((totals.of(1, 2, b"a"), totals.of(1, 3, b"a")), (3, 0));
        assert_eq!(totals.of(1, 2, b"of another thread"), 7);
        totals.next = Some(Instant::now());
        totals.refresh(BTreeMap::new);
        assert_eq!(totals.of(1, 2, b"a"), 0);
    }
}
