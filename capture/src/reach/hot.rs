//! What runs all the time, on behalf of nobody or of everybody: neither hooked nor probed, and not followed.

use std::{collections::HashSet, sync::LazyLock};

/// Names, one a line; `*` stands for anything.
const LIST: &str = include_str!("hot.txt");

/// The names without a `*`, and those with one.
static NAMES: LazyLock<(HashSet<&str>, Vec<&str>)> = LazyLock::new(|| {
    let names = LIST.lines().filter(|line| !line.starts_with('#'));
    let (patterns, exact): (Vec<_>, Vec<_>) = names.partition(|name| name.contains('*'));
    (exact.into_iter().collect(), patterns)
});

/// Whether a probe on `function` would be hit all the time, and tell nothing.
pub(crate) fn is_hot(function: &str) -> bool {
    let (exact, patterns) = &*NAMES;
    exact.contains(function) || patterns.iter().any(|pattern| matches(pattern, function))
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut rest) = name.strip_prefix(head) else {
        return false;
    };
    // Each further part somewhere behind the one before; an empty last one ends anywhere.
    for part in tail.split('*') {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    tail.ends_with('*') || tail.is_empty() || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        assert!(matches("idle_cpu", "idle_cpu") && !matches("idle_cpu", "idle_cpu_x"));
        assert!(matches("handle_*irq*", "handle_fasteoi_irq"));
        assert!(!matches("handle_*irq*", "handle_mm_fault"));
        assert!(matches("do_el1_*", "do_el1_brk64") && !matches("do_el1_*", "do_el0_svc"));
    }

    #[test]
    fn what_may_be_an_origin_is_not_hot() {
        for function in [
            "count_mounts",
            "schedule_timeout",
            "do_lock_mount",
            "security_capable",
            "sched_fork",
            "sched_setaffinity",
        ] {
            assert!(!is_hot(function), "{function}");
        }
        assert!(is_hot("pick_next_task_fair") && is_hot("rcu_core"));
    }
}
