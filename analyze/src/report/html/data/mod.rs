//! The data of the interactive views, as the script reads it.
//!
//! Long lists are columns: one array for each field. Text is free of control characters and direction marks, as in the
//! report.

mod calls;
mod icicle;
mod merged;
mod names;
mod snapshots;
mod timeline;

use std::io;

use serde::Serialize;

use crate::{diagnosis::Diagnosis, load::Bundle, report::Report};

/// Everything that the script works with.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    /// The calls of each kind of failure of which a trace was recorded, that of the answer first.
    calls: Vec<calls::Calls>,
    timeline: timeline::Timeline,
    snapshots: snapshots::Snapshots,
}

impl Data {
    pub(super) fn new(bundle: &Bundle, diagnosis: &Diagnosis, report: &Report) -> Self {
        Self {
            calls: calls::all(bundle, diagnosis, report),
            timeline: timeline::Timeline::new(bundle, diagnosis),
            snapshots: snapshots::Snapshots::new(bundle, report),
        }
    }
}

/// The data as JSON that can stand in a script element: without `<`, which only occurs in strings.
pub(super) fn block(data: &Data) -> io::Result<String> {
    Ok(serde_json::to_string(data)?.replace('<', "\\u003c"))
}

/// When recording began, nanoseconds of CLOCK_MONOTONIC; without a manifest, when something first failed.
fn start_ns(bundle: &Bundle, diagnosis: &Diagnosis) -> u64 {
    crate::report::build::start_ns(bundle, diagnosis)
}

/// Milliseconds from the start of the recording.
fn since_ms(start_ns: u64, time_ns: u64) -> u64 {
    time_ns.saturating_sub(start_ns) / 1_000_000
}
