//! A limit with its use, for the task that failed.

use crate::text;

/// A limit and how much of it is used, in the scope of the failing task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitUse {
    /// Culprit id, `class:name`.
    pub id: String,
    /// What it holds for, in words: `mount namespace 4026531841`.
    pub scope: String,
    /// What is counted, in the plural: `mounts`, `bytes`.
    pub unit: String,
    /// How much is used.
    pub usage: u64,
    /// The limit; `None` for none.
    pub limit: Option<u64>,
    /// Whether there is one, from which the failing task is free.
    pub spared: bool,
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
    /// At it, or beyond, or so near that one more does not fit.
    At,
}

/// Share of the limit from which it is near, in percent.
const NEAR_PERCENT: u64 = 90;

impl LimitUse {
    /// Use and limit in words: `31 of 31 mounts in mount namespace 4026531841`.
    #[must_use]
    pub fn text(&self, wanted: u64) -> String {
        let number = |value: u64| match self.unit.as_str() {
            "bytes" => text::bytes(value),
            _ => value.to_string(),
        };
        let unit = if self.unit == "bytes" {
            ""
        } else {
            self.unit.as_str()
        };
        let of = match self.limit {
            Some(limit) => format!("{} of {}", number(self.usage), number(limit)),
            None => format!("{} of unlimited", number(self.usage)),
        };
        let mut words = vec![of, unit.to_owned()];
        if !self.scope.is_empty() {
            words.push(format!("in {}", self.scope));
        }
        words.retain(|word| !word.is_empty());
        let text = words.join(" ");
        if wanted > 1 {
            format!("{text}, and {} more asked for", number(wanted))
        } else {
            text
        }
    }

    /// How near to the limit the use is when `wanted` more is asked for. What asks for nothing is far from any limit.
    #[must_use]
    pub fn nearness(&self, wanted: u64) -> Nearness {
        let Some(limit) = self.limit.filter(|_| wanted > 0) else {
            return Nearness::Far;
        };
        if self.usage.saturating_add(wanted) > limit {
            return Nearness::At;
        }
        let scaled = u128::from(self.usage) * 100;
        if scaled >= u128::from(limit) * u128::from(NEAR_PERCENT) {
            Nearness::Near
        } else {
            Nearness::Far
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearness_counts_what_is_asked_for() {
        let used = |usage, limit| LimitUse {
            id: "sysctl:fs.mount-max".into(),
            scope: String::new(),
            unit: "mounts".into(),
            usage,
            limit,
            at_failure: true,
            spared: false,
            source: String::new(),
        };
        assert_eq!(used(31, Some(31)).text(1), "31 of 31 mounts");
        assert_eq!(used(31, Some(31)).nearness(1), Nearness::At);
        assert_eq!(used(30, Some(31)).nearness(1), Nearness::Near);
        assert_eq!(used(10, Some(31)).nearness(1), Nearness::Far);
        assert_eq!(used(10, Some(31)).nearness(25), Nearness::At);
        assert_eq!(used(0, Some(0)).nearness(1), Nearness::At);
        assert_eq!(used(u64::MAX, None).nearness(1), Nearness::Far);
        assert_eq!(used(31, Some(31)).nearness(0), Nearness::Far);
    }
}
