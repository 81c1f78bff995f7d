//! The dynamic probes that give return values.

use bincode::{Decode, Encode};

/// Probes that were armed; written before the pages that hold their events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Probes {
    /// The probes.
    pub probes: Vec<Probe>,
}

impl super::Plain for Probes {
    const TYPE: u16 = 9;

    fn elements(&self) -> usize {
        self.probes.len()
    }
}

/// One probe.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Probe {
    /// Event that it raises, as `system/name`.
    pub event: String,
    /// Function that it is on, as kallsyms names it.
    pub function: String,
    /// What it is.
    pub kind: ProbeKind,
    /// The session whose pages hold its events: [`super::Zoom::number`], or 0 for what was armed from the start.
    pub session: u32,
}

/// How a probe sees a function fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum ProbeKind {
    /// A kretprobe event (`r:`).
    Kretprobe,
    /// An fprobe event (`f:` with `%return`).
    Fprobe,
    /// A kprobe event (`p:`) on the instruction of a function that makes the errno it then returns.
    Kprobe,
}
