//! Telling what interrupts a task from what the task does.

/// Functions at which something begins that is not the task's own. The outer handlers of an interrupt are `noinstr` and
/// never traced; these run before its flag is set in `preempt_count`, or after it is cleared
/// (`arch/arm64/kernel/entry-common.c`, `kernel/softirq.c`, `kernel/entry/common.c`; 6.1 to 7.2).
const ENTRIES: [&str; 12] = [
    "irq_enter_rcu",
    "irq_exit_rcu",
    "__irq_exit_rcu",
    "arm64_preempt_schedule_irq",
    "preempt_schedule_irq",
    "raw_irqentry_exit_cond_resched",
    "irqentry_exit_cond_resched",
    "handle_softirqs",
    "do_softirq_own_stack",
    // A probe that is hit (`do_debug_exception` on 6.1, `arch/arm64/mm/fault.c`), and one on a return.
    "do_el1_brk64",
    "do_debug_exception",
    "trampoline_probe_handler",
];

/// Whether `function`, by its name in kallsyms, and all that it calls, belongs to an interrupt, to a switch to another
/// task or to a probe that the task hit.
#[must_use]
pub fn begins_at(function: &str) -> bool {
    // Without what the compiler appended, as in `irqentry_exit_cond_resched.part.0`.
    let base = function.split('.').next();
    base.is_some_and(|base| ENTRIES.contains(&base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compilers_suffix_does_not_matter() {
        assert!(begins_at("handle_softirqs") && begins_at("irqentry_exit_cond_resched.part.0"));
        assert!(!begins_at("schedule") && !begins_at("") && !begins_at(".text"));
    }
}
