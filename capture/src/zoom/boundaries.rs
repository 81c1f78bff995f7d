//! What runs while the failing call is under way, without being part of it.

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
