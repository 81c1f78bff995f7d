//! Totals by (syscall, errno): sums over the kernel's table of processes, which is read anew only now and then.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How old totals get at least.
const AGE: Duration = Duration::from_millis(20);

/// At most one part in this many of the time goes into summing up: a full table takes tens of milliseconds.
const SHARE: u32 = 20;

/// The totals of a moment ago: of 20 ms, or of 20 times as long as it takes to sum them up.
#[derive(Debug, Default)]
pub(super) struct Totals {
    sums: BTreeMap<(u32, u16), u64>,
    next: Option<Instant>,
}

impl Totals {
    /// Sums up when it is time to.
    pub(super) fn refresh(&mut self, sum: impl FnOnce() -> BTreeMap<(u32, u16), u64>) {
        let begun = Instant::now();
        if self.next.is_none_or(|next| begun >= next) {
            self.sums = sum();
            let ended = Instant::now();
            self.next = Some(ended + AGE.max((ended - begun) * SHARE));
        }
    }

    /// The total of one (syscall, errno).
    pub(super) fn of(&self, kind: (u32, u16)) -> u64 {
        self.sums.get(&kind).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_look_is_free() {
        let mut totals = Totals::default();
        totals.refresh(|| [((1, 2), 3)].into());
        totals.next = Some(Instant::now() + Duration::from_secs(60));
        totals.refresh(|| unreachable!("it is not time yet"));
        assert_eq!((totals.of((1, 2)), totals.of((1, 3))), (3, 0));
        totals.next = Some(Instant::now());
        totals.refresh(BTreeMap::new);
        assert_eq!(totals.of((1, 2)), 0);
    }
}
