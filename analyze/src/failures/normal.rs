//! Telling failures that healthy programs live with from suspicious ones: the table is `rules/normal.toml`.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use crate::names::errno_number;

/// How suspicious a kind of failure is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Healthy programs do not see it as a rule.
    Suspicious,
    /// Normal as a rule, but not always.
    Doubtful,
    /// Healthy programs live with it: never blamed.
    Normal,
}

impl Class {
    /// The class of `errno` from `syscall`.
    #[must_use]
    pub fn of(syscall: &str, errno: u16) -> Self {
        if TABLE.normal.lists(syscall, errno) {
            Self::Normal
        } else if TABLE.doubtful.lists(syscall, errno) {
            Self::Doubtful
        } else {
            Self::Suspicious
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspicious => "suspicious",
            Self::Doubtful => "doubtful",
            Self::Normal => "normal",
        }
    }
}

/// How much `errno` points at a limit or a policy: 3 something is used up, 2 someone said no, 1 the rest.
pub(super) fn weight(errno: u16) -> u32 {
    TABLE.weight.get(&errno).copied().unwrap_or(1)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    normal: Vec<Entry>,
    doubtful: Vec<Entry>,
    weight: Vec<Weight>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "why")]
    _why: String,
    errno: Vec<String>,
    #[serde(default)]
    syscall: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weight {
    weight: u32,
    errno: Vec<String>,
}

/// errno to the syscalls of which it is in the list; none for all.
#[derive(Default)]
struct List(HashMap<u16, Vec<Vec<String>>>);

#[derive(Default)]
struct Table {
    normal: List,
    doubtful: List,
    weight: HashMap<u16, u32>,
}

impl List {
    fn new(entries: Vec<Entry>) -> Self {
        let mut list = Self::default();
        for entry in entries {
            for errno in entry.errno.iter().filter_map(|name| errno_number(name)) {
                list.0.entry(errno).or_default().push(entry.syscall.clone());
            }
        }
        list
    }

    fn lists(&self, syscall: &str, errno: u16) -> bool {
        let rows = self.0.get(&errno).map_or(&[][..], Vec::as_slice);
        rows.iter()
            .any(|row| row.is_empty() || row.iter().any(|known| known == syscall))
    }
}

const SOURCE: &str = include_str!("../../rules/normal.toml");

/// The table; a test reads it, so that what is shipped can be read.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let Ok(file) = toml::from_str::<File>(SOURCE) else {
        return Table::default();
    };
    let weights = file.weight.into_iter().flat_map(|entry| {
        let numbers = entry
            .errno
            .into_iter()
            .filter_map(|name| errno_number(&name));
        numbers.map(move |errno| (errno, entry.weight))
    });
    Table {
        normal: List::new(file.normal),
        doubtful: List::new(file.doubtful),
        weight: weights.collect(),
    }
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::syscall_number;
    use format_spec::record::Architecture;

    #[test]
    fn every_name_in_the_table_exists() {
        let file: File = toml::from_str(SOURCE).unwrap();
        let entries = file.normal.iter().chain(&file.doubtful);
        for (errno, syscalls) in entries.map(|entry| (&entry.errno, &entry.syscall)) {
            for name in errno {
                assert!(errno_number(name).is_some(), "{name}");
            }
            for name in syscalls {
                let known = [Architecture::Aarch64, Architecture::X86_64]
                    .iter()
                    .any(|&architecture| syscall_number(architecture, name).is_some());
                assert!(known, "{name}");
            }
        }
        for name in file.weight.iter().flat_map(|entry| &entry.errno) {
            assert!(errno_number(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_syscall_decides() {
        assert_eq!(Class::of("openat", 2), Class::Normal);
        assert_eq!(Class::of("mount", 2), Class::Doubtful);
        assert_eq!(Class::of("mount", 28), Class::Suspicious);
        assert_eq!(Class::of("read", 11), Class::Normal);
        assert_eq!(Class::of("clone", 11), Class::Suspicious);
        assert_eq!(Class::of("anything", 4), Class::Normal);
        assert_eq!((weight(28), weight(1), weight(2)), (3, 2, 1));
    }
}
