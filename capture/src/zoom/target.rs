//! What a zoom is asked for, and where it stands.

use std::time::Duration;

/// What to zoom on.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Syscall number.
    pub(crate) syscall: u32,
    /// Syscall name, for example `mount`: the entry function is found from it, see [`Target::function`].
    pub(crate) name: String,
    /// errno.
    pub(crate) errno: u16,
    /// Name of the thread that fails.
    pub(crate) comm: Vec<u8>,
    /// Function to graph instead of the syscall's entry function (`--graph FUNCTION`).
    pub(crate) function: Option<String>,
    /// Failing processes that are still there (thread group ids in the initial pid namespace); empty when the
    /// failures come from processes that end at once: then the graph is not limited to processes.
    pub(crate) tgids: Vec<u32>,
    /// Longest time of a returns pass: it waits for failures, and its few probes slow nobody down.
    pub(crate) time: Duration,
    /// Longest time that the function graph waits for failures, all its rounds together, arming aside.
    pub(crate) graph_time: Duration,
    /// Most bytes of pages for the zoom.
    pub(crate) bytes: u64,
    /// Failures after which a pass has seen enough.
    pub(crate) failures: u64,
}

/// What a zoom has shown of the failing call, by what is in the trace: that a failure was counted while it was armed
/// does not tell that it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// No failing call was caught.
    Nothing,
    /// One was caught, but the zoom ended before all was followed that it showed.
    Part,
    /// All that can be seen.
    All,
}

/// Where a zoom stands after a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing is armed.
    Idle,
    /// Armed and waiting: poll again soon.
    Armed,
    /// All passes are over and disarmed.
    Done,
}
