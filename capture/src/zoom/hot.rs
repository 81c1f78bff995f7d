//! What runs while the failing call is under way, without being part of it.

/// Names, one a line; `*` stands for anything.
const LIST: &str = include_str!("hot.txt");

/// Functions at which an interrupt or a switch to another task begins: what they call is not the task's. The outer
/// handlers are `noinstr` and never traced (`arch/arm64/kernel/entry-common.c`, `kernel/softirq.c`,
/// `kernel/entry/common.c`; 6.1 to 7.2). The last ones are a kprobe being hit, on 6.1 and on later kernels.
const BOUNDARIES: [&str; 12] = [
    "irq_enter_rcu",
    "irq_exit_rcu",
    "__irq_exit_rcu",
    "arm64_preempt_schedule_irq",
    "preempt_schedule_irq",
    "raw_irqentry_exit_cond_resched",
    "irqentry_exit_cond_resched",
    "handle_softirqs",
    "do_softirq_own_stack",
    "do_el1_brk64",
    "do_debug_exception",
    "trampoline_probe_handler",
];

/// Whether what `function` calls is not part of the call that it interrupts.
pub(super) fn is_boundary(function: &str) -> bool {
    BOUNDARIES.contains(&function)
}

/// Whether a probe on `function` would be hit all the time, and tell nothing.
pub(super) fn is_hot(function: &str) -> bool {
    let names = LIST.lines().filter(|line| !line.starts_with('#'));
    names.into_iter().any(|name| matches(name, function))
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
        ] {
            assert!(!is_hot(function), "{function}");
        }
        assert!(is_hot("pick_next_task_fair") && is_hot("rcu_core"));
    }
}
