//! What the kernel sets sysctls to by itself, and which of them are no settings.

use std::{collections::HashMap, sync::LazyLock};

/// Sysctls that the kernel itself changes all the time: counters, ids, statistics.
const STATE: [&str; 13] = [
    "fs.aio-nr",
    "fs.dentry-state",
    "fs.file-nr",
    "fs.inode-nr",
    "fs.inode-state",
    "fs.quota.",
    "kernel.ns_last_pid",
    "kernel.perf_event_max_sample_rate",
    "kernel.pty.nr",
    "kernel.random.",
    "kernel.tainted",
    "net.netfilter.nf_conntrack_count",
    "net.ipv4.tcp_fastopen_key",
];

/// Whether the sysctl is a state of the kernel and no setting.
pub(crate) fn is_state(name: &str) -> bool {
    STATE
        .iter()
        .any(|state| name == *state || (state.ends_with('.') && name.starts_with(state)))
}

/// The defaults of a sysctl, when `value` is none of them; empty when it is, or when they are not known.
pub(super) fn others(name: &str, value: &str) -> Vec<&'static str> {
    let known = DEFAULTS.get(name).map_or(&[][..], Vec::as_slice);
    let same = |default: &&str| default.split_whitespace().eq(value.split_whitespace());
    if known.iter().any(same) {
        return Vec::new();
    }
    known.to_vec()
}

/// Defaults by name; several where kernels differ.
static DEFAULTS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut defaults: HashMap<_, Vec<_>> = HashMap::new();
    let lines = include_str!("defaults.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        defaults.entry(name).or_default().push(value);
    }
    defaults
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_known_and_compared_word_by_word() {
        assert_eq!(others("fs.mount-max", "12"), ["100000"]);
        assert!(others("fs.mount-max", "100000").is_empty());
        assert!(others("kernel.sem", "32000\t1024000000\t500\t32000").is_empty());
        assert!(others("no.such", "1").is_empty());
    }

    #[test]
    fn state_is_told_from_settings() {
        assert!(is_state("fs.file-nr") && is_state("kernel.random.uuid"));
        assert!(!is_state("fs.file-max") && !is_state("fs.aio-nr-max"));
        assert!(DEFAULTS.keys().all(|name| !is_state(name)));
    }
}
