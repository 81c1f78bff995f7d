//! What the kernel compared, in the numbers of one failure: the one place that words it.

use super::Unit;

/// How the kernel compares what is on the left with what is on the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Relation {
    /// As C writes it.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::Unequal => "!=",
        }
    }

    /// What is true when this is not.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Above => Self::AtMost,
            Self::AtLeast => Self::Below,
            Self::Below => Self::AtLeast,
            Self::AtMost => Self::Above,
            Self::Equal => Self::Unequal,
            Self::Unequal => Self::Equal,
        }
    }

    /// Whether it is true of two unsigned numbers.
    #[must_use]
    pub const fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Self::Above => left > right,
            Self::AtLeast => left >= right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
        }
    }
}

/// A number of a comparison, and what the kernel calls it where that is known: `12 (mnt_ns->nr_mounts)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operand {
    /// The number.
    pub value: u64,
    /// The variable, the field or the word for it.
    pub name: Option<String>,
}

impl Operand {
    /// With the kernel's name.
    #[must_use]
    pub fn named(value: u64, name: impl Into<String>) -> Self {
        Self {
            value,
            name: Some(name.into()),
        }
    }

    fn text(&self) -> String {
        match &self.name {
            Some(name) => format!("{} ({name})", self.value),
            None => self.value.to_string(),
        }
    }
}

impl From<u64> for Operand {
    fn from(value: u64) -> Self {
        Self { value, name: None }
    }
}

/// What one call adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// So much.
    Exactly(u64),
    /// So much, or more: the call's arguments do not say.
    AtLeast(u64),
}

impl Asked {
    /// So much at least.
    #[must_use]
    pub const fn least(self) -> u64 {
        match self {
            Self::Exactly(amount) | Self::AtLeast(amount) => amount,
        }
    }
}

/// What a kernel function compared: `used + pending + asked RELATION limit`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// The function that compares, where that is known.
    pub function: Option<String>,
    /// What is counted.
    pub unit: Unit,
    /// What is used already.
    pub used: Operand,
    /// What is counted beside it though it is not used yet.
    pub pending: Option<Operand>,
    /// What the call asks for; `None` where the kernel compares before it adds.
    pub asked: Option<Asked>,
    /// How both are compared where the kernel refuses.
    pub relation: Relation,
    /// The limit; `None` for none.
    pub limit: Option<Operand>,
    /// What sets the limit, in the words of who can change it: `fs.mount-max`; empty for nothing.
    pub setting: String,
}

impl Comparison {
    /// The left side.
    #[must_use]
    pub fn sum(&self) -> u64 {
        let pending = self.pending.as_ref().map_or(0, |pending| pending.value);
        let asked = self.asked.map_or(0, Asked::least);
        self.used
            .value
            .saturating_add(pending)
            .saturating_add(asked)
    }

    /// Whether the numbers are those with which the kernel refuses; nothing is refused without a limit.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.limit
            .as_ref()
            .is_some_and(|limit| self.relation.holds(self.sum(), limit.value))
    }

    /// What is true of the numbers: the relation, or its contrary.
    #[must_use]
    pub fn found(&self) -> Relation {
        if self.refuses() {
            self.relation
        } else {
            self.relation.negated()
        }
    }

    /// In words for who reads a report: `12 mounts + 2 asked for > 12 (fs.mount-max)`.
    #[must_use]
    pub fn text(&self) -> String {
        let numbers = self.numbers();
        match self.setting.as_str() {
            "" => numbers,
            setting => format!("{numbers} ({setting})"),
        }
    }

    /// The same without what sets the limit: `12 mounts + 2 asked for > 12`.
    #[must_use]
    pub fn numbers(&self) -> String {
        let unit = self.unit;
        let mut text = unit.amount(self.used.value);
        if let Some(pending) = self.pending.as_ref().filter(|pending| pending.value > 0) {
            let word = pending.name.as_deref().unwrap_or("pending");
            text += &format!(" + {} {word}", unit.number(pending.value));
        }
        let more = match self.asked {
            Some(Asked::AtLeast(amount)) if unit.is_counted_singly() => {
                format!("{} or more asked for", unit.number(amount))
            }
            Some(Asked::AtLeast(_)) => "what was asked for".into(),
            Some(Asked::Exactly(amount)) => format!("{} asked for", unit.number(amount)),
            None => String::new(),
        };
        let plus = if more.is_empty() { "" } else { " + " };
        match &self.limit {
            // How much was asked for is not known, so neither is on which side of the limit the sum is.
            Some(limit) if matches!(self.asked, Some(Asked::AtLeast(_))) && !self.refuses() => {
                format!("{text} of {}, and {more}", unit.number(limit.value))
            }
            Some(limit) => {
                let number = unit.number(limit.value);
                format!("{text}{plus}{more} {} {number}", self.found().sign())
            }
            None => format!("{text}{plus}{more}, unlimited"),
        }
    }

    /// In the kernel's own terms: `count_mounts: 12 (mnt_ns->nr_mounts) + 2 (asked) > 12 (sysctl_mount_max)`.
    #[must_use]
    pub fn kernel_text(&self) -> String {
        let mut terms = vec![self.used.text()];
        terms.extend(self.pending.iter().map(Operand::text));
        terms.extend(self.asked.map(|asked| match asked {
            Asked::Exactly(amount) => format!("{amount} (asked)"),
            Asked::AtLeast(amount) => format!("{amount} or more (asked)"),
        }));
        let left = terms.join(" + ");
        let function = self.function.as_ref();
        let function = function.map_or_else(String::new, |function| format!("{function}: "));
        let limit = self.limit.as_ref();
        let limit = limit.map_or_else(|| "no limit".into(), Operand::text);
        format!("{function}{left} {} {limit}", self.found().sign())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mounts(used: u64, asked: Option<Asked>, relation: Relation, limit: u64) -> Comparison {
        Comparison {
            function: Some("count_mounts".into()),
            unit: Unit::Each("mounts"),
            used: Operand::named(used, "mnt_ns->nr_mounts"),
            pending: None,
            asked,
            relation,
            limit: Some(Operand::named(limit, "sysctl_mount_max")),
            setting: "fs.mount-max".into(),
        }
    }

    #[test]
    fn it_says_what_is_true() {
        let two = Some(Asked::Exactly(2));
        let refused = mounts(12, two, Relation::Above, 12);
        assert!(refused.refuses());
        assert_eq!(
            refused.text(),
            "12 mounts + 2 asked for > 12 (fs.mount-max)"
        );
        assert_eq!(
            refused.kernel_text(),
            "count_mounts: 12 (mnt_ns->nr_mounts) + 2 (asked) > 12 (sysctl_mount_max)"
        );
        let granted = mounts(10, two, Relation::Above, 12);
        assert!(!granted.refuses());
        assert_eq!(
            granted.text(),
            "10 mounts + 2 asked for <= 12 (fs.mount-max)"
        );
        let before = mounts(12, None, Relation::AtLeast, 12);
        assert_eq!(before.text(), "12 mounts >= 12 (fs.mount-max)");
        let more = mounts(12, Some(Asked::AtLeast(1)), Relation::Above, 12);
        assert_eq!(
            more.text(),
            "12 mounts + 1 or more asked for > 12 (fs.mount-max)"
        );
        let unclear = mounts(10, Some(Asked::AtLeast(1)), Relation::Above, 12);
        assert_eq!(
            unclear.numbers(),
            "10 mounts of 12, and 1 or more asked for"
        );
    }

    #[test]
    fn what_is_pending_counts() {
        let comparison = Comparison {
            pending: Some(Operand::named(1, "pending")),
            ..mounts(11, Some(Asked::Exactly(1)), Relation::Above, 12)
        };
        assert!(comparison.refuses());
        assert_eq!(
            comparison.text(),
            "11 mounts + 1 pending + 1 asked for > 12 (fs.mount-max)"
        );
    }

    #[test]
    fn without_a_limit_nothing_is_refused() {
        let comparison = Comparison {
            limit: None,
            ..mounts(u64::MAX, Some(Asked::Exactly(1)), Relation::Above, 0)
        };
        assert!(!comparison.refuses());
        let text = format!(
            "{} mounts + 1 asked for, unlimited (fs.mount-max)",
            u64::MAX
        );
        assert_eq!(comparison.text(), text);
    }

    proptest! {
        #[test]
        fn a_relation_or_its_contrary_holds(left: u64, right: u64, which in 0_usize..6) {
            use Relation::{Above, AtLeast, AtMost, Below, Equal, Unequal};
            let relation = [Above, AtLeast, Below, AtMost, Equal, Unequal][which];
            prop_assert_ne!(relation.holds(left, right), relation.negated().holds(left, right));
            prop_assert_eq!(relation.negated().negated(), relation);
        }
    }
}
