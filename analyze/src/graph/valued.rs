//! Return values for graphs of kernels whose function graph has none.

use std::collections::BTreeSet;

use super::{CallTree, Calls, ReturnRun, assign};

/// Share of a run's returns that must find their call for the run to be of the same kind of failure, 0 to 1.
const LEAST_SHARE: f64 = 0.5;

/// Runs that are tried on one tree.
const MAX_RUNS: usize = 4;

/// The graphs; a failing one without return values has those that probes saw when the same call failed that way again.
#[must_use]
pub fn valued(calls: &Calls) -> Vec<CallTree> {
    let runs: Vec<&ReturnRun> = calls.returns.iter().chain(&calls.sentinels).collect();
    let graphs = calls.graphs.iter();
    graphs.map(|tree| with_values(tree, &runs)).collect()
}

fn with_values(tree: &CallTree, runs: &[&ReturnRun]) -> CallTree {
    let mut valued = tree.clone();
    if tree.errno().is_none() || tree.calls().iter().any(|call| call.value.is_some()) {
        return valued;
    }
    let same = |run: &&&ReturnRun| run.syscall == tree.syscall && run.result == tree.result;
    // Each session watched other functions.
    let sessions: BTreeSet<u32> = runs.iter().filter(same).map(|run| run.session).collect();
    for session in sessions {
        let ours = |run: &&&ReturnRun| same(run) && run.session == session;
        let tried = runs.iter().filter(ours).take(MAX_RUNS).map(|run| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    #[test]
    fn values_of_probes_go_to_the_graph_of_the_same_failure() {
        let mut recording = Recording::new();
        for result in [-28, -1] {
            let kernel = &mut recording.kernel;
            kernel.syscall_enter(40);
            kernel.enter("path_mount");
            kernel.call("count_mounts");
            kernel.leave("path_mount");
            kernel.syscall_exit(40, result);
        }
        recording.take_events(1);
        let kernel = &mut recording.kernel;
        kernel.syscall_enter(40);
        kernel.probe("count_mounts", "path_mount", -28);
        kernel.syscall_exit(40, -28);
        recording.take_events(2);
        let bundle = recording.load();
        let trees = valued(&Calls::new(&bundle));
        let values = |tree: &CallTree| -> Vec<Option<u64>> {
            tree.calls().iter().map(|call| call.value).collect()
        };
        assert_eq!(values(&trees[0]), [None, Some((-28i64).cast_unsigned())]);
        assert_eq!(values(&trees[1]), [None, None]);
    }
}
