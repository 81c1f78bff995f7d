//! One event of the ring buffer, as far as the analyzer uses it.

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, nanoseconds of the trace clock (CLOCK_MONOTONIC in bundles).
    pub time_ns: u64,
    /// Processor.
    pub cpu: u32,
    /// Thread id (`common_pid`); 0 for the idle task of `cpu`.
    pub pid: u32,
    /// `common_flags`: [`Event::HARD_INTERRUPT`], [`Event::SOFT_INTERRUPT`] and others.
    pub flags: u8,
    /// What happened.
    pub kind: EventKind,
}

/// What happened. Addresses are relative to `_text`, wrapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A function was entered (`funcgraph_entry`).
    Entry {
        /// Address of the function.
        function: u64,
        /// Nesting depth, 0 for the outermost traced function.
        depth: u32,
        /// The argument registers, where the kernel records them (`funcgraph-args`).
        arguments: Box<[u64]>,
    },
    /// A function returned (`funcgraph_exit`).
    Exit {
        /// Address of the function.
        function: u64,
        /// Nesting depth.
        depth: u32,
        /// When it was entered.
        start_ns: u64,
        /// When it returned.
        end_ns: u64,
        /// Calls that the tracer had no room for.
        overrun: u32,
        /// What it returned, where the kernel records it (`funcgraph-retval`).
        value: Option<u64>,
    },
    /// A probe fired at a function's return (kretprobe or fprobe event).
    Return {
        /// Address of the function.
        function: u64,
        /// Where it returns to; 0 when the event does not say.
        caller: u64,
        /// What it returned.
        value: Option<u64>,
    },
    /// The kernel stack of the event before it by the same task (`kernel_stack`), innermost first.
    Stack(Box<[u64]>),
    /// A syscall was entered (`raw_syscalls:sys_enter`).
    SyscallEnter {
        /// Syscall number.
        id: i64,
        /// The six argument registers.
        arguments: Box<[u64]>,
    },
    /// A syscall returned (`raw_syscalls:sys_exit`).
    SyscallExit {
        /// Syscall number.
        id: i64,
        /// Result: negative for an errno.
        result: i64,
    },
    /// The ring buffer of `cpu` overwrote events before this point.
    Lost {
        /// How many; `None` when the kernel did not count.
        count: Option<u64>,
    },
}

impl Event {
    /// Flag: in a hard interrupt (`TRACE_FLAG_HARDIRQ`, `include/linux/trace_events.h`).
    pub const HARD_INTERRUPT: u8 = 0x08;
    /// Flag: in a soft interrupt (`TRACE_FLAG_SOFTIRQ`).
    pub const SOFT_INTERRUPT: u8 = 0x10;
    /// Flag: in a non-maskable interrupt (`TRACE_FLAG_NMI`).
    pub const NON_MASKABLE: u8 = 0x40;

    /// Whether it belongs to an interrupt and not to the task that it interrupted.
    #[must_use]
    pub fn in_interrupt(&self) -> bool {
        self.flags & (Self::HARD_INTERRUPT | Self::SOFT_INTERRUPT | Self::NON_MASKABLE) != 0
    }
}
