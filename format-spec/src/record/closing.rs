//! The last record of a clean recording: why it ended, what it cost, what it lost.

use bincode::{Decode, Encode};

/// The closing record. A bundle without one was cut, or its recorder was killed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Closing {
    /// When recording ended.
    pub ended_ns: u64,
    /// Why it ended.
    pub reason: EndReason,
    /// Exit status of the recorded command, as wait(2) gives it, when there was one.
    pub command_status: Option<i32>,
    /// What the recorder itself cost.
    pub cost: Cost,
    /// Every counter of lost data, those at 0 included.
    pub drops: Vec<Drop>,
    /// What could not be put back as it was; empty when all was.
    pub not_restored: Vec<String>,
}

/// The words of [`EndReason::Error`] in the closing record that a repaired bundle is given when its recording was cut
/// (SPEC.md, 7.2).
pub const CUT: &str = "the recording was cut; closed by analyze repair";

impl Closing {
    /// Whether it was made afterwards, for a recording that has no end of its own.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        matches!(&self.reason, EndReason::Error(words) if words == CUT)
    }
}

impl super::Plain for Closing {
    const TYPE: u16 = 2;

    fn elements(&self) -> usize {
        self.drops.len() + self.not_restored.len()
    }
}

/// Why a recording ended.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum EndReason {
    /// The time asked for was over.
    Time,
    /// The command ended.
    Command,
    /// A signal, by number.
    Signal(i32),
    /// The bundle reached its largest size.
    Size,
    /// An error, in words.
    Error(String),
}

/// What the recorder itself cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Cost {
    /// Time in user mode, nanoseconds.
    pub user_ns: u64,
    /// Time in kernel mode on the recorder's own behalf, nanoseconds.
    pub system_ns: u64,
    /// Peak memory, in bytes: resident in the recorder's processes, and the kernel's for its trace buffers
    /// and eBPF maps.
    pub peak_memory_bytes: u64,
    /// Time in the eBPF programs, nanoseconds; `None` when the kernel does not count it.
    pub bpf_run_ns: Option<u64>,
    /// Runs of the eBPF programs; `None` when the kernel does not count them.
    pub bpf_runs: Option<u64>,
    /// How long the function graph was armed, nanoseconds.
    pub graph_armed_ns: u64,
}

/// A counter of lost data.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Drop {
    /// What was lost, for example `failure samples`.
    pub what: String,
    /// Why, for example `ring buffer full`.
    pub why: String,
    /// How many.
    pub count: u64,
}
