//! Conditions on the capabilities of the failing task.

use serde::Deserialize;

use super::Answer;
use crate::{case::Case, names::capability};

/// What capabilities the failing task has in effect; all that is listed must be so.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapabilityIs {
    /// It has none of these.
    #[serde(default)]
    pub lacks: Vec<Capability>,
    /// It has these, wherever they count.
    #[serde(default)]
    pub holds: Vec<Capability>,
    /// It has these, but only in a user namespace below the initial one: for what belongs to the host they do not count
    /// (`ns_capable`, `kernel/capability.c`).
    #[serde(default)]
    pub holds_in_own_namespace: Vec<Capability>,
}

/// A capability by name, `CAP_SYS_ADMIN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Capability(u64);

impl Capability {
    /// The mask of `cap_effective`.
    #[must_use]
    pub fn bit(self) -> u64 {
        1 << self.0
    }

    fn name(self) -> &'static str {
        capability::name(self.0).unwrap_or("?")
    }
}

impl TryFrom<String> for Capability {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let number = capability::number(&name);
        number
            .map(Self)
            .ok_or_else(|| format!("no capability is called {name}"))
    }
}

impl CapabilityIs {
    /// Whether it is so.
    pub(crate) fn answer(&self, case: &Case<'_>) -> Answer {
        let Some(held) = case.fact("cred.cap_effective") else {
            return Answer::Unknown;
        };
        let has = |one: &Capability| held & one.bit() != 0;
        let of_all = !self.lacks.iter().any(has)
            && self.holds.iter().all(has)
            && self.holds_in_own_namespace.iter().all(has);
        let level = || Answer::of(case.fact("user_ns.level").map(|level| level > 0));
        match self.holds_in_own_namespace.is_empty() {
            true => Answer::of(Some(of_all)),
            false => Answer::of(Some(of_all)).and(level()),
        }
    }

    /// How many capabilities it is about.
    pub(crate) fn count(&self) -> usize {
        self.lacks.len() + self.holds.len() + self.holds_in_own_namespace.len()
    }

    /// In words.
    pub(super) fn text(&self) -> String {
        let list = |all: &[Capability], with: &str| {
            let names: Vec<&str> = all.iter().map(|one| one.name()).collect();
            names.join(with)
        };
        let parts = [
            (&self.lacks, "the task lacks ", " and ", ""),
            (&self.holds, "the task has ", " and ", ""),
            (
                &self.holds_in_own_namespace,
                "the task has ",
                " and ",
                " only in its own user namespace",
            ),
        ];
        let parts = parts.into_iter().filter(|(all, ..)| !all.is_empty());
        let parts: Vec<String> = parts
            .map(|(all, before, with, after)| format!("{before}{}{after}", list(all, with)))
            .collect();
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{failures::groups, testing::Recording};

    fn condition(text: &str) -> CapabilityIs {
        toml::from_str(text).unwrap()
    }

    fn answer(text: &str, facts: &[(&str, u64)]) -> Answer {
        let mut recording = Recording::new();
        recording.fail(40, 1, "program", 50);
        for &(name, value) in facts {
            recording.fact(name, value);
        }
        let bundle = recording.load();
        let groups = groups(&bundle);
        condition(text).answer(&Case::new(&bundle, &groups[0]))
    }

    #[test]
    fn a_capability_counts_where_the_task_has_it() {
        let admin = 1 << 21;
        let lacks = "lacks = ['CAP_SYS_ADMIN', 'CAP_BPF']";
        assert_eq!(answer(lacks, &[("cred.cap_effective", 0)]), Answer::Holds);
        assert_eq!(
            answer(lacks, &[("cred.cap_effective", 1 << 39)]),
            Answer::Fails
        );
        assert_eq!(answer(lacks, &[]), Answer::Unknown);
        let own = "holds_in_own_namespace = ['CAP_SYS_ADMIN']";
        let of = |effective, level| {
            answer(
                own,
                &[("cred.cap_effective", effective), ("user_ns.level", level)],
            )
        };
        assert_eq!(of(admin, 1), Answer::Holds);
        assert_eq!(of(admin, 0), Answer::Fails);
        assert_eq!(of(0, 1), Answer::Fails);
        assert_eq!(
            answer(own, &[("cred.cap_effective", admin)]),
            Answer::Unknown
        );
    }

    #[test]
    fn it_is_worded_by_name() {
        let text = condition("lacks = ['CAP_BPF', 'CAP_SYS_ADMIN']").text();
        assert_eq!(text, "the task lacks CAP_BPF and CAP_SYS_ADMIN");
        assert!(toml::from_str::<CapabilityIs>("lacks = ['CAP_ADMIN']").is_err());
    }
}
