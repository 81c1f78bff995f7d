//! The table of what makes a failure stand out: `rules/incident/salience.toml`.

use std::{collections::HashSet, sync::LazyLock};

use serde::Deserialize;

use crate::names::errno_name;

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// Points from which on a kind may be the incident though its cause is not known.
    pub(super) least: i32,
    /// The same for kinds that programs live with as a rule.
    pub(super) least_doubtful: i32,
    pub(super) errno: Errnos,
    pub(super) call: Calls,
    pub(super) kind: Kinds,
}

/// What the errno points at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Errnos {
    pub(super) used_up: Listed,
    pub(super) refused: Listed,
    pub(super) other: Signal,
}

/// What the call is for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Calls {
    pub(super) looks: Listed,
    pub(super) wishes: Listed,
}

/// What else is known of the kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kinds {
    pub(super) doubtful: Signal,
    pub(super) searched: Signal,
    pub(super) succeeds: Signal,
    pub(super) survived: Signal,
    pub(super) repeated: Signal,
    pub(super) steady: Signal,
    pub(super) ended_badly: Signal,
    pub(super) ended_well: Signal,
}

/// What it adds when it holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signal {
    pub(super) points: i32,
    pub(super) why: String,
    /// The most that it adds, where it holds several times over.
    pub(super) most: Option<i32>,
}

/// A signal of certain errnos or syscalls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    points: i32,
    why: String,
    #[serde(default)]
    errno: HashSet<String>,
    #[serde(default)]
    syscall: HashSet<String>,
}

impl Listed {
    pub(super) fn signal(&self) -> Signal {
        Signal {
            points: self.points,
            why: self.why.clone(),
            most: None,
        }
    }

    /// Whether the errno of that name is in the list.
    pub(super) fn has_errno(&self, name: &str) -> bool {
        self.errno.contains(name)
    }

    /// Whether the syscall is in the list.
    pub(super) fn has_syscall(&self, name: &str) -> bool {
        self.syscall.contains(name)
    }
}

const SOURCE: &str = include_str!("../../rules/incident/salience.toml");

/// The table; a test reads it, so that what is shipped can be read.
pub(super) static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| toml::from_str(SOURCE).ok());

/// Whether `errno` says that something is used up or that someone said no: more than that a call did not work.
#[must_use]
pub fn is_telling(errno: u16) -> bool {
    let name = errno_name(errno);
    let table = TABLE.as_ref();
    table.is_some_and(|table| {
        table.errno.used_up.has_errno(&name) || table.errno.refused.has_errno(&name)
    })
}

#[cfg(test)]
mod tests {
    use format_spec::record::Architecture;

    use super::*;
    use crate::names::{errno_number, syscall_number};

    #[test]
    fn every_name_in_the_table_exists() {
        let table: Table = toml::from_str(SOURCE).unwrap();
        let Table { errno, call, .. } = &table;
        for name in errno.used_up.errno.union(&errno.refused.errno) {
            assert!(errno_number(name).is_some(), "{name}");
        }
        for name in call.looks.syscall.union(&call.wishes.syscall) {
            let known = [Architecture::Aarch64, Architecture::X86_64]
                .iter()
                .any(|&architecture| syscall_number(architecture, name).is_some());
            assert!(known, "{name}");
        }
        assert!(errno.used_up.errno.is_disjoint(&errno.refused.errno));
        assert!(call.looks.syscall.is_disjoint(&call.wishes.syscall));
    }
}
