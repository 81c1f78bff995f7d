//! Everything that the bundle tells about calls.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{CallTree, ReturnRun, build, returns};
use crate::load::{Bundle, TraceStream};

/// The calls of a bundle.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    /// Trees of the function graphs.
    pub graphs: Vec<CallTree>,
    /// Returns that the probes of zooms saw.
    pub returns: Vec<ReturnRun>,
    /// Error returns that the probes armed from the start saw, one run for each sampled failure of a task.
    pub sentinels: Vec<ReturnRun>,
}

impl Calls {
    /// Reads the calls out of the trace.
    #[must_use]
    pub fn new(bundle: &Bundle) -> Self {
        let graphs = |stream: &TraceStream| {
            if stream.has_graph {
                build::trees(stream, &bundle.symbols)
            } else {
                Vec::new()
            }
        };
        let mut calls = Self {
            graphs: bundle.trace.par_iter().flat_map_iter(graphs).collect(),
            ..Self::default()
        };
        let failures = failures_by_task(bundle);
        for stream in &bundle.trace {
            let runs = returns::runs(stream, &bundle.symbols);
            if stream.session == 0 {
                let split = |run: ReturnRun| split(run, &failures);
                calls.sentinels.extend(runs.into_iter().flat_map(split));
            } else {
                let runs = runs.into_iter().map(ReturnRun::set_made_apart);
                let seen = |run: &ReturnRun| !run.hits.is_empty() || !run.made.is_empty();
                calls.returns.extend(runs.filter(seen));
            }
        }
        calls.sentinels.retain(|run| !run.hits.is_empty());
        calls
    }
}

/// Sampled failures of each thread: (time, syscall, errno), by time.
type Failed = HashMap<u32, Vec<(u64, u32, u16)>>;

fn failures_by_task(bundle: &Bundle) -> Failed {
    let mut failed = Failed::new();
    for failure in &bundle.failures {
        let row = (failure.time_ns, failure.syscall, failure.errno);
        failed.entry(failure.pid).or_default().push(row);
    }
    failed
}

/// Cuts a run of a whole recording at the task's failures: what came before a failure and after the one before it
/// belongs to it. What came after the last one has no result.
fn split(mut run: ReturnRun, failures: &Failed) -> Vec<ReturnRun> {
    let mut parts = Vec::new();
    if run.result.is_none() {
        for &(time_ns, syscall, errno) in failures.get(&run.pid).into_iter().flatten() {
            let end = run.hits.partition_point(|hit| hit.time_ns <= time_ns);
            let rest = run.hits.split_off(end);
            let hits = std::mem::replace(&mut run.hits, rest);
            parts.push(ReturnRun {
                syscall: Some(syscall),
                result: Some(-i64::from(errno)),
                ended_ns: time_ns,
                hits,
                made: Vec::new(),
                ..run
            });
        }
    }
    parts.push(run);
    parts
}
