//! One time that tracing was armed on a failing syscall.

use bincode::{Decode, Encode};

/// A zoom: what was armed, for how long, and what the ring buffer lost.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Zoom {
    /// Counts the zooms of this bundle from 1; the pages and probes of the zoom carry it.
    pub number: u32,
    /// What was looked for.
    pub pass: Pass,
    /// Syscall number of the failure that was zoomed on.
    pub syscall: u32,
    /// Its errno.
    pub errno: u16,
    /// Functions whose calls were recorded with all that they call (`set_graph_function`).
    pub functions: Vec<String>,
    /// Threads that it was limited to; empty for all.
    pub pids: Vec<u32>,
    /// When arming began.
    pub started_ns: u64,
    /// When all was armed.
    pub armed_ns: u64,
    /// When it was disarmed.
    pub ended_ns: u64,
    /// Why it was disarmed.
    pub end: ZoomEnd,
    /// Failures of that syscall and errno that the sys_exit program counted meanwhile.
    pub failures: u64,
    /// Events that the ring buffers overwrote or dropped, all processors together.
    pub lost_events: u64,
    /// Return-value tier and why it was no better one, in words.
    pub tier: String,
}

impl super::Plain for Zoom {
    const TYPE: u16 = 11;

    fn elements(&self) -> usize {
        self.functions.len() + self.pids.len()
    }
}

/// What a zoom records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum Pass {
    /// The function graph.
    Graph,
    /// Return values of chosen functions.
    Returns,
}

/// Why a zoom ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum ZoomEnd {
    /// Enough failures were recorded.
    Enough,
    /// Its time was over.
    Time,
    /// Its bytes were used up.
    Bytes,
    /// The recording ended.
    Recording,
    /// An error.
    Error,
}
