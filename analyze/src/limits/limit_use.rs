//! A limit with its use, for the task that failed.

use super::{Asked, Comparison, Relation, Unit, check::Check};
use crate::names::is_named;

/// A limit and how much of it is used, in one scope of the failing task.
#[derive(Debug, Clone)]
pub struct LimitUse {
    /// Culprit id, `class:name`.
    pub id: String,
    /// What it holds for, in words: `mount namespace 4026531841`.
    pub scope: String,
    /// What the kernel compares.
    pub comparison: Comparison,
    /// Whether the failing call asks for any of it.
    pub is_asked: bool,
    /// Where the kernel compares it.
    pub checks: &'static [Check],
    /// Why the failing task is free from it, if it is.
    pub spared: Option<&'static str>,
    /// Whether it was read at the failure itself, and not from a snapshot before or after.
    pub at_failure: bool,
    /// Where the numbers come from.
    pub source: String,
}

/// How near to its limit something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Far from it.
    Far,
    /// From 90 % on.
    Near,
    /// The kernel refuses with these numbers.
    At,
}

/// Share of the limit from which it is near, in percent.
const NEAR_PERCENT: u64 = 90;

impl LimitUse {
    /// A limit that the kernel refuses to go over, of which one more is asked for, read from a snapshot.
    #[must_use]
    pub fn new(id: impl Into<String>, unit: Unit, used: u64, limit: Option<u64>) -> Self {
        let id = id.into();
        Self {
            scope: String::new(),
            comparison: Comparison {
                function: None,
                unit,
                used: used.into(),
                pending: None,
                asked: Some(Asked::AtLeast(1)),
                relation: Relation::Above,
                limit: limit.map(Into::into),
                setting: setting(&id),
            },
            id,
            is_asked: true,
            checks: &[],
            spared: None,
            at_failure: false,
            source: SNAPSHOT.into(),
        }
    }

    /// How much is used, with what is counted beside it.
    #[must_use]
    pub fn used(&self) -> u64 {
        let Comparison { used, pending, .. } = &self.comparison;
        let pending = pending.as_ref().map_or(0, |pending| pending.value);
        used.value.saturating_add(pending)
    }

    /// The limit; `None` for none, and for a task that is free from it.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        let limit = self.comparison.limit.as_ref();
        limit
            .filter(|_| self.spared.is_none())
            .map(|limit| limit.value)
    }

    /// What is counted.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.comparison.unit
    }

    /// Whether the kernel function of that name compares it, or asks who does, and returns `errno` when it refuses.
    #[must_use]
    pub fn is_checked_by(&self, function: &str, errno: u16) -> bool {
        let named = |check: &Check| check.functions.iter().any(|name| is_named(function, name));
        let mut checks = self.checks.iter();
        checks.any(|check| check.errno == errno && named(check))
    }

    /// What is compared in words: `31 mounts + 1 asked for > 31 (fs.mount-max) in mount namespace 4026531841`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = match self.comparison.limit.as_ref().filter(|_| !self.is_asked) {
            Some(limit) => {
                let unit = self.unit();
                let (used, limit) = (unit.number(self.used()), unit.amount(limit.value));
                format!("{used} of {limit} ({})", self.comparison.setting)
            }
            None => self.comparison.text(),
        };
        if !self.scope.is_empty() {
            text += &format!(" in {}", self.scope);
        }
        if !self.is_asked {
            text += ", of which the call asks for none";
        }
        if let Some(why) = self.spared {
            text += &format!(": the failing task is free from this limit ({why})");
        }
        text
    }

    /// How near to the limit the use is. What the call asks nothing of, or the task is free from, is far from it.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        let Some(limit) = self.limit().filter(|_| self.is_asked) else {
            return Nearness::Far;
        };
        if self.comparison.refuses() {
            return Nearness::At;
        }
        if u128::from(self.used()) * 100 >= u128::from(limit) * u128::from(NEAR_PERCENT) {
            Nearness::Near
        } else {
            Nearness::Far
        }
    }
}

/// Where numbers come from that were not read at the failure.
pub(super) const SNAPSHOT: &str = "read in the snapshot nearest to the failure";

/// What sets the limit of an id, in the words of who can change it: `fs.mount-max`, `RLIMIT_NOFILE`, `pids.max`.
pub(super) fn setting(id: &str) -> String {
    match id.split_once(':') {
        Some(("sysctl" | "cgroup", name)) => name.to_owned(),
        Some(("rlimit", name)) => format!("RLIMIT_{name}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(used: u64, limit: Option<u64>, asked: Asked) -> LimitUse {
        let mut found = LimitUse::new("sysctl:fs.mount-max", Unit::Each("mounts"), used, limit);
        found.comparison.asked = Some(asked);
        found
    }

    #[test]
    fn nearness_counts_what_is_asked_for() {
        let near = |used, limit, asked| mounts(used, limit, Asked::Exactly(asked)).nearness();
        assert_eq!(near(31, Some(31), 1), Nearness::At);
        assert_eq!(near(30, Some(31), 1), Nearness::Near);
        assert_eq!(near(10, Some(31), 1), Nearness::Far);
        assert_eq!(near(10, Some(31), 25), Nearness::At);
        assert_eq!(near(0, Some(0), 1), Nearness::At);
        assert_eq!(near(u64::MAX, None, 1), Nearness::Far);
    }

    #[test]
    fn who_asks_for_nothing_or_is_free_is_far_from_any_limit() {
        let full = mounts(31, Some(31), Asked::Exactly(1));
        assert_eq!(full.text(), "31 mounts + 1 asked for > 31 (fs.mount-max)");
        let unasked = LimitUse {
            is_asked: false,
            ..full.clone()
        };
        assert_eq!(unasked.nearness(), Nearness::Far);
        let spared = LimitUse {
            spared: Some("CAP_SYS_ADMIN"),
            ..full
        };
        assert_eq!((spared.nearness(), spared.limit()), (Nearness::Far, None));
        assert!(spared.text().ends_with("(CAP_SYS_ADMIN)"));
    }
}
