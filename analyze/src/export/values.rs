//! Return values for graphs of kernels whose function graph has none.

use std::collections::BTreeSet;

use crate::graph::{CallTree, Calls, ReturnRun, assign};

/// Share of a run's returns that must find their call for the run to be of the same kind of failure, 0 to 1.
const LEAST_SHARE: f64 = 0.5;

/// Runs that are tried on one tree.
const MAX_RUNS: usize = 4;

/// The graphs; a failing one without return values has those that probes saw when the same call failed that way again.
pub(super) fn valued(calls: &Calls) -> Vec<CallTree> {
    calls
        .graphs
        .iter()
        .map(|tree| with_values(tree, &calls.returns))
        .collect()
}

fn with_values(tree: &CallTree, runs: &[ReturnRun]) -> CallTree {
    let mut valued = tree.clone();
    if tree.errno().is_none() || tree.calls().iter().any(|call| call.value.is_some()) {
        return valued;
    }
    let same = |run: &&ReturnRun| run.syscall == tree.syscall && run.result == tree.result;
    // Each session watched other functions.
    let sessions: BTreeSet<u32> = runs.iter().filter(same).map(|run| run.session).collect();
    for session in sessions {
        let runs = runs
            .iter()
            .filter(same)
            .filter(|run| run.session == session);
        let tried = runs.take(MAX_RUNS).map(|run| {
            let mut trial = valued.clone();
            (assign(&mut trial, run), trial)
        });
        let best = tried.max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, trial)) = best.filter(|(share, _)| *share >= LEAST_SHARE) {
            valued = trial;
        }
    }
    valued
}
