//! Telling an interrupt's calls from those of the task that it hit.

use crate::names::base_name;

/// Functions of the interrupt entry that run before the interrupt flag is set in `preempt_count`, and of the exit
/// that run after it is cleared. The outer handlers are `noinstr` and never traced (`arch/arm64/kernel/entry-common.c`,
/// `kernel/softirq.c`, `kernel/entry/common.c`; 6.1 to 7.2).
const ENTRY_AND_EXIT: [&str; 8] = [
    "irq_enter_rcu",
    "irq_exit_rcu",
    "__irq_exit_rcu",
    "arm64_preempt_schedule_irq",
    "preempt_schedule_irq",
    "raw_irqentry_exit_cond_resched",
    "irqentry_exit_cond_resched",
    "handle_softirqs",
];

/// Whether `function` belongs to the entry into or the exit from an interrupt.
pub(super) fn is_boundary(function: &str) -> bool {
    ENTRY_AND_EXIT.contains(&base_name(function))
}
