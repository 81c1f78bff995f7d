//! What the arguments of syscalls are, and the names of their flags: `tables.txt`, generated from the kernel's headers.

use std::{collections::HashMap, sync::LazyLock};

use format_spec::record::Architecture;

/// What an argument is, and so how it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file descriptor.
    Descriptor,
    /// A folder's file descriptor, or `AT_FDCWD`.
    Folder,
    /// An address, or a string that was recorded.
    Pointer,
    /// Bits of a file's mode.
    Octal,
    /// A number that is read as bits.
    Hex,
    /// `int`.
    Int,
    /// `unsigned int`.
    Unsigned,
    /// `long`.
    Long,
    /// `unsigned long`.
    UnsignedLong,
    /// Flags, of one set or of several one after the other.
    Names(Vec<&'static str>),
}

/// A set of names.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    /// Whether a value is one of them, and not several.
    pub(super) one: bool,
    /// Names and values, in the header's order.
    pub(super) members: Vec<(&'static str, u64)>,
}

#[derive(Default)]
struct Tables {
    syscalls: HashMap<&'static str, Vec<Kind>>,
    sets: HashMap<&'static str, Set>,
}

/// The arguments of `syscall`; `None` when its prototype is not known.
pub(super) fn arguments(syscall: &str) -> Option<&'static [Kind]> {
    TABLES.syscalls.get(syscall).map(Vec::as_slice)
}

/// The set `name`, with the values that `architecture` has.
pub(super) fn set(name: &str, architecture: Architecture) -> Set {
    let mut set = TABLES.sets.get(name).cloned().unwrap_or_default();
    let own = match architecture {
        Architecture::Aarch64 => TABLES.sets.get(format!("{name}@arm64").as_str()),
        Architecture::X86_64 => None,
    };
    for (member, value) in own.iter().flat_map(|own| &own.members) {
        if let Some(known) = set.members.iter_mut().find(|(known, _)| known == member) {
            known.1 = *value;
        }
    }
    set
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables::default();
    for line in include_str!("tables.txt").lines() {
        let mut words = line.split(' ');
        match (words.next(), words.next()) {
            (Some("syscall"), Some(name)) => {
                tables.syscalls.insert(name, words.map(kind).collect());
            }
            (Some("set"), Some(name)) => {
                let members = words.filter_map(|word| {
                    let (member, value) = word.split_once('=')?;
                    let value = u64::from_str_radix(value.strip_prefix("0x")?, 16).ok()?;
                    Some((member, value))
                });
                let set = Set {
                    one: name.ends_with('='),
                    members: members.collect(),
                };
                tables.sets.insert(name, set);
            }
            _ => {}
        }
    }
    tables
});

fn kind(word: &'static str) -> Kind {
    match word {
        "fd" => Kind::Descriptor,
        "dirfd" => Kind::Folder,
        "ptr" => Kind::Pointer,
        "octal" => Kind::Octal,
        "hex" => Kind::Hex,
        "int" => Kind::Int,
        "uint" => Kind::Unsigned,
        "long" => Kind::Long,
        "ulong" => Kind::UnsignedLong,
        sets => Kind::Names(sets.split('+').collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::syscall_name;

    #[test]
    fn every_set_that_is_used_exists() {
        for (syscall, kinds) in &TABLES.syscalls {
            assert!(kinds.len() <= 6, "{syscall}");
            for kind in kinds {
                let Kind::Names(sets) = kind else { continue };
                for set in sets {
                    assert!(TABLES.sets.contains_key(set), "{syscall}: {set}");
                }
            }
        }
    }

    #[test]
    fn most_syscalls_of_both_architectures_are_known() {
        for architecture in [Architecture::Aarch64, Architecture::X86_64] {
            let unknown: Vec<String> = (0..450)
                .map(|number| syscall_name(architecture, number))
                .filter(|name| !name.starts_with("syscall") && arguments(name).is_none())
                .collect();
            assert!(unknown.len() < 40, "{unknown:?}");
        }
    }

    #[test]
    fn open_flags_differ_by_architecture() {
        let value = |architecture| {
            let set = set("open", architecture);
            let member = set.members.iter().find(|(name, _)| *name == "O_DIRECTORY");
            member.unwrap().1
        };
        assert_eq!(value(Architecture::X86_64), 0o200_000);
        assert_eq!(value(Architecture::Aarch64), 0o40000);
    }
}
