//! All rules that this version knows.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use super::{Rule, RuleFile};

static FOLDER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Files of the folder that hold other tables.
const NOT_RULES: [&str; 1] = ["normal.toml"];

/// The rules, in the order of the files' names.
#[must_use]
pub fn book() -> &'static [Rule] {
    static BOOK: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let files = read_all().filter_map(|(_, file)| file.ok());
        files.flat_map(|file| file.rule).collect()
    });
    &BOOK
}

/// Each file's name, and its rules or why it cannot be read; a test reads what is shipped.
pub fn read_all() -> impl Iterator<Item = (&'static str, Result<RuleFile, toml::de::Error>)> {
    let mut files: Vec<_> = FOLDER
        .files()
        .filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents_utf8()?)))
        .filter(|(name, _)| name.ends_with(".toml") && !NOT_RULES.contains(name))
        .collect();
    files.sort_unstable();
    files
        .into_iter()
        .map(|(name, text)| (name, toml::from_str(text)))
}

#[cfg(test)]
mod tests {
    use format_spec::record::Architecture;

    use super::*;
    use crate::names::{errno_number, syscall_number};

    /// Classes of culprits.
    const CLASSES: [&str; 20] = [
        "sysctl",
        "rlimit",
        "cgroup",
        "fs",
        "quota",
        "mount-option",
        "inode-flag",
        "file",
        "capability",
        "seccomp",
        "lsm",
        "route",
        "netfilter",
        "namespace",
        "process-state",
        "busy",
        "argument",
        "kernel-limit",
        "device",
        "kernel-config",
    ];

    /// Syscalls that only 32-bit programs have.
    const OF_32_BITS: [&str; 3] = ["ipc", "socketcall", "umount"];

    #[test]
    fn every_file_can_be_read() {
        for (name, file) in read_all() {
            if let Err(error) = file {
                panic!("{name}: {error}");
            }
        }
    }

    #[test]
    fn every_name_exists() {
        for rule in book() {
            let class = rule.id.split(':').next().unwrap_or_default();
            assert!(CLASSES.contains(&class), "{}", rule.id);
            assert!(!rule.errno.is_empty(), "{}", rule.id);
            for errno in rule.errno.iter().chain(&rule.inner_errno) {
                assert!(errno_number(errno).is_some(), "{}: {errno}", rule.id);
            }
            for predicate in &rule.predicate {
                if let super::super::Returned::Errno(errno) = &predicate.returned {
                    assert!(errno_number(errno).is_some(), "{}: {errno}", rule.id);
                }
            }
            for syscall in &rule.syscall {
                let known = [Architecture::Aarch64, Architecture::X86_64]
                    .iter()
                    .any(|&architecture| syscall_number(architecture, syscall).is_some());
                assert!(
                    known || OF_32_BITS.contains(&syscall.as_str()),
                    "{}: {syscall}",
                    rule.id
                );
            }
        }
    }

    #[test]
    fn every_rule_asks_for_something() {
        for rule in book() {
            let asks = !rule.origin.is_empty()
                || !rule.path.is_empty()
                || !rule.predicate.is_empty()
                || !rule.argument.is_empty()
                || !rule.fact.is_empty()
                || !rule.flag.is_empty()
                || !rule.beyond.is_empty()
                || !rule.mount.is_empty()
                || !rule.sysctl.is_empty()
                || !rule.limit.is_empty();
            assert!(asks, "{}: errno and syscall alone blame nothing", rule.id);
        }
    }
}
