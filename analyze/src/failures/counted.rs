//! Whose failures the rows of the counts are.
//!
//! A row is of one process; or of those of one name and control group that have ended; or of processes that found no
//! room in the recorder's table, and are not told apart. The last kind is shared out by what was recorded whole.

use std::collections::{BTreeMap, HashMap};

use format_spec::record::{Count, Failure};

use crate::load::Bundle;

/// Syscall and errno.
type Kind = (u32, u16);

/// `ERESTARTSYS` to `ERESTART_RESTARTBLOCK` (`include/linux/errno.h`): the call was interrupted. User space sees EINTR, or
/// nothing when the kernel restarts it.
const RESTARTS: [u16; 4] = [512, 513, 514, 516];

/// Whether a row is of calls that were interrupted: no failures.
#[must_use]
pub(crate) fn is_restart(errno: u16) -> bool {
    RESTARTS.contains(&errno)
}

/// The names by which failures are counted.
#[derive(Debug, Default)]
pub(super) struct Counted<'b> {
    of_process: HashMap<(Kind, u32), &'b [u8]>,
    ended: HashMap<Kind, Vec<&'b Count>>,
    apart: BTreeMap<Kind, u64>,
}

impl<'b> Counted<'b> {
    pub(super) fn new(bundle: &'b Bundle) -> Self {
        let mut counted = Self::default();
        for row in bundle.counts.iter().filter(|row| !is_restart(row.errno)) {
            let kind = (row.syscall, row.errno);
            if row.tgid != 0 {
                counted
                    .of_process
                    .insert((kind, row.tgid), row.comm.as_slice());
            } else if row.processes != 0 {
                counted.ended.entry(kind).or_default().push(row);
            } else {
                let sum = counted.apart.entry(kind).or_default();
                *sum = sum.saturating_add(row.count);
            }
        }
        counted
    }

    /// The name that a failure is counted by; `None` when no row is known to be its own. Counts carry the name of the
    /// process's first failing thread: its other threads go with it.
    pub(super) fn name(&self, failure: &Failure) -> Option<&'b [u8]> {
        let kind = (failure.syscall, failure.errno);
        if let Some(name) = self.of_process.get(&(kind, failure.tgid)) {
            return Some(name);
        }
        let rows = self.ended.get(&kind)?;
        let named = rows.iter().find(|row| row.comm == failure.comm);
        let neighbour = || rows.iter().find(|row| row.cgroup == failure.cgroup);
        let found = named.or_else(neighbour).or_else(|| rows.first());
        found.map(|row| row.comm.as_slice())
    }

    /// Failures of processes that are not told apart.
    pub(super) fn apart(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.apart.iter().map(|(&kind, &count)| (kind, count))
    }

    /// Whether some of a kind are not told apart.
    pub(super) fn has_apart(&self, syscall: u32, errno: u16) -> bool {
        self.apart.contains_key(&(syscall, errno))
    }
}

/// Shares `count` out by weight: the shares add up to it. Nothing to weigh by gives nothing.
pub(super) fn shares(count: u64, weights: &[u64]) -> Vec<u64> {
    let all: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    // The weights may add up to more than 64 bits, whose product with a count does not fit.
    let shift = 64u32.saturating_sub(all.leading_zeros());
    let mut done = (0u128, 0u64);
    let share = |&weight: &u64| {
        done.0 += u128::from(weight);
        let up_to = (u128::from(count) * (done.0 >> shift))
            .checked_div(all >> shift)
            .unwrap_or(0);
        let up_to = u64::try_from(up_to).unwrap_or(count);
        let share = up_to - done.1;
        done.1 = up_to;
        share
    };
    weights.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        assert_eq!(shares(10, &[1, 1, 1]), [3, 3, 4]);
        assert_eq!(shares(7, &[0, 5]), [0, 7]);
        assert_eq!(
            shares(u64::MAX, &[u64::MAX, u64::MAX]).iter().sum::<u64>(),
            u64::MAX
        );
        assert_eq!(shares(5, &[]), [0; 0]);
        assert_eq!(shares(5, &[0]), [0]);
    }
}
