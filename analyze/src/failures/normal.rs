//! Telling failures that healthy programs live with from suspicious ones: the table is `rules/normal.toml`.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use serde::Deserialize;

use super::{Group, exception::Exception};
use crate::{load::Bundle, names::errno_number, rules::ArgumentIs};

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
    /// The class of `errno` from `syscall`; `samples` are the arguments of the calls that were recorded whole.
    #[must_use]
    pub fn of(syscall: &str, errno: u16, samples: &[[u64; 6]]) -> Self {
        if TABLE.normal.lists(syscall, errno, samples) {
            Self::Normal
        } else if TABLE.doubtful.lists(syscall, errno, samples) {
            Self::Doubtful
        } else {
            Self::Suspicious
        }
    }

    /// The samples of `group`, normal as a whole, that are not: those for which an exception holds.
    pub(super) fn exceptions(bundle: &Bundle, group: &Group) -> Vec<usize> {
        let samples = group.samples.iter().copied();
        samples
            .filter(|&index| {
                let mut exceptions = TABLE.exception.iter();
                let failure = bundle.failures.get(index);
                failure.is_some_and(|failure| {
                    exceptions.any(|exception| exception.holds(bundle, group, failure))
                })
            })
            .collect()
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    normal: Vec<Entry>,
    doubtful: Vec<Entry>,
    exception: Vec<Exception>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "why")]
    _why: String,
    errno: Vec<String>,
    #[serde(default)]
    syscall: Vec<String>,
    #[serde(default)]
    argument: Vec<ArgumentIs>,
}

/// errno to the entries that have it.
#[derive(Default)]
struct List(HashMap<u16, Vec<Arc<Entry>>>);

#[derive(Default)]
struct Table {
    normal: List,
    doubtful: List,
    exception: Vec<Exception>,
}

impl List {
    fn new(entries: Vec<Entry>) -> Self {
        let mut list = Self::default();
        for entry in entries.into_iter().map(Arc::new) {
            for errno in entry.errno.iter().filter_map(|name| errno_number(name)) {
                list.0.entry(errno).or_default().push(Arc::clone(&entry));
            }
        }
        list
    }

    fn lists(&self, syscall: &str, errno: u16, samples: &[[u64; 6]]) -> bool {
        let mut entries = self.0.get(&errno).into_iter().flatten();
        entries.any(|entry| entry.is_about(syscall, samples))
    }
}

impl Entry {
    /// Whether it holds for this syscall, an entry without syscalls for all, and for all of the arguments.
    fn is_about(&self, syscall: &str, samples: &[[u64; 6]]) -> bool {
        let named = self.syscall.is_empty() || self.syscall.iter().any(|known| known == syscall);
        let holds = |is: &ArgumentIs, args: &[u64; 6]| {
            let value = args.get(is.index);
            value.is_some_and(|value| is.range().holds(value.cast_signed()))
        };
        let asked = || {
            samples
                .iter()
                .all(|args| self.argument.iter().all(|is| holds(is, args)))
        };
        named && (self.argument.is_empty() || !samples.is_empty() && asked())
    }
}

const SOURCE: &str = include_str!("../../rules/normal.toml");

/// The table; a test reads it, so that what is shipped can be read.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let Ok(file) = toml::from_str::<File>(SOURCE) else {
        return Table::default();
    };
    Table {
        normal: List::new(file.normal),
        doubtful: List::new(file.doubtful),
        exception: file.exception,
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
    }

    #[test]
    fn exceptions_are_of_what_is_normal() {
        let file: File = toml::from_str(SOURCE).unwrap();
        assert!(!file.exception.is_empty());
        for name in file.exception.iter().flat_map(|one| &one.errno) {
            let errno = errno_number(name).unwrap();
            assert!(TABLE.normal.0.contains_key(&errno), "{name}");
        }
    }

    #[test]
    fn the_syscall_decides() {
        assert_eq!(Class::of("openat", 2, &[]), Class::Normal);
        assert_eq!(Class::of("mount", 2, &[]), Class::Doubtful);
        assert_eq!(Class::of("mount", 28, &[]), Class::Suspicious);
        assert_eq!(Class::of("read", 11, &[]), Class::Normal);
        assert_eq!(Class::of("clone", 11, &[]), Class::Suspicious);
        assert_eq!(Class::of("anything", 4, &[]), Class::Normal);
    }

    #[test]
    fn arguments_decide_where_the_table_says_so() {
        let probe = [7, 0, 0, 0, 0, 0];
        let signal = [7, 15, 0, 0, 0, 0];
        assert_eq!(Class::of("kill", 1, &[probe, probe]), Class::Normal);
        assert_eq!(Class::of("kill", 1, &[probe, signal]), Class::Suspicious);
        assert_eq!(Class::of("kill", 1, &[]), Class::Suspicious);
    }
}
