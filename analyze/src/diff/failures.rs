//! Which kinds of failures are gone, new, more or fewer: by rate, as recordings differ in length.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Recorded;
use crate::{failures::Class, names::syscall_name, text::plain};

/// How a kind of failure changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It failed before and does no more.
    Gone,
    /// It did not fail before.
    New,
    /// It fails at least twice as often.
    More,
    /// It fails at most half as often.
    Fewer,
    /// It fails about as often.
    Same,
}

/// One kind of failure in both recordings.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FailureChange {
    /// How it changed.
    pub change: Change,
    /// Syscall.
    pub syscall: String,
    /// errno.
    pub errno: String,
    /// Name of the program.
    pub comm: String,
    /// `suspicious`, `doubtful` or `normal`.
    pub class: &'static str,
    /// How often it failed before.
    pub before: u64,
    /// How often it failed after.
    pub after: u64,
    /// Failures a second before.
    pub before_per_second: f64,
    /// Failures a second after.
    pub after_per_second: f64,
}

/// Factor from which a rate is another.
const FACTOR: f64 = 2.0;

/// Fewest failures that the longer or busier recording must have for a change of rate to mean something.
const LEAST: f64 = 4.0;

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate needs no more than 53 bits of a count"
)]
pub(super) fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

/// How `before` failures in so many seconds compare with `after`. What would have failed less than once in the shorter
/// recording, at the rate of the longer, is no change.
pub(super) fn change(before: (u64, f64), after: (u64, f64)) -> Change {
    let (old, new) = (per_second(before.0, before.1), per_second(after.0, after.1));
    match (before.0, after.0) {
        (0, _) if new * before.1 >= 1.0 => Change::New,
        (_, 0) if old * after.1 >= 1.0 => Change::Gone,
        (0, _) | (_, 0) => Change::Same,
        _ if new >= old * FACTOR && new * before.1 >= LEAST => Change::More,
        _ if old >= new * FACTOR && old * after.1 >= LEAST => Change::Fewer,
        _ => Change::Same,
    }
}

/// All kinds of failures: suspicious ones first, of those what changed.
pub(super) fn changes(before: &Recorded<'_>, after: &Recorded<'_>) -> Vec<FailureChange> {
    type Key = (String, String, Vec<u8>);
    let mut kinds: BTreeMap<Key, (Class, u64, u64)> = BTreeMap::new();
    for (recorded, is_after) in [(before, false), (after, true)] {
        let architecture = recorded.bundle.architecture();
        for group in &recorded.diagnosis.failures {
            let syscall = syscall_name(architecture, group.syscall);
            let key = (syscall, group.errno_name(), group.comm.clone());
            let kind = kinds.entry(key).or_insert((group.class, 0, 0));
            kind.0 = kind.0.min(group.class);
            if is_after {
                kind.2 += group.count;
            } else {
                kind.1 += group.count;
            }
        }
    }
    let mut changes: Vec<(Class, FailureChange)> = kinds
        .into_iter()
        .map(|((syscall, errno, comm), (class, old, new))| {
            let row = FailureChange {
                change: change((old, before.seconds), (new, after.seconds)),
                syscall,
                errno,
                comm: plain(&comm),
                class: class.name(),
                before: old,
                after: new,
                before_per_second: per_second(old, before.seconds),
                after_per_second: per_second(new, after.seconds),
            };
            (class, row)
        })
        .collect();
    changes.sort_by(|(class, a), (other, b)| {
        let most = |row: &FailureChange| row.before_per_second.max(row.after_per_second);
        let key = (class, a.change);
        key.cmp(&(other, b.change))
            .then(most(b).total_cmp(&most(a)))
    });
    changes.into_iter().map(|(_, row)| row).collect()
}
