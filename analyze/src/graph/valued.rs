//! Return values for graphs of kernels whose function graph has none.

use std::collections::BTreeSet;

use super::{CallTree, Calls, ReturnRun, assign};

/// Share of a run's returns that must find their call for run and graph to be taken for the same kind of failure, 0 to 1.
const LEAST_SHARE: f64 = 0.5;

/// Runs of one session that are tried on one tree.
const MAX_RUNS: usize = 8;

/// The graphs; a failing one without return values has those that probes saw when the same call failed that way again.
#[must_use]
pub fn valued(calls: &Calls) -> Vec<CallTree> {
    let all_runs = || calls.returns.iter().chain(&calls.sentinels);
    let with_own = |tree: &CallTree| {
        let same = |run: &&ReturnRun| run.syscall == tree.syscall && run.result == tree.result;
        let runs: Vec<&ReturnRun> = tree
            .errno()
            .into_iter()
            .flat_map(|_| all_runs().filter(same))
            .collect();
        with_values(tree, &runs).unwrap_or_else(|| tree.clone())
    };
    calls.graphs.iter().map(with_own).collect()
}

/// The tree with return values: its own, or of each session the run that fits it best, as every session watched
/// other functions. `None` when no run of the same failure in `runs` fits.
#[must_use]
pub fn with_values(tree: &CallTree, runs: &[&ReturnRun]) -> Option<CallTree> {
    if tree.has_values() {
        return Some(tree.clone());
    }
    let sessions: BTreeSet<u32> = runs.iter().map(|run| run.session).collect();
    let mut valued: Option<CallTree> = None;
    for session in sessions {
        let ours = runs.iter().filter(|run| run.session == session);
        let tried = ours.take(MAX_RUNS).map(|run| {
            let mut trial = valued.as_ref().unwrap_or(tree).clone();
            (assign(&mut trial, run), trial)
        });
        let best = tried.max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, trial)) = best.filter(|&(share, _)| share >= LEAST_SHARE) {
            valued = Some(trial);
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
            (0..tree.calls().len()).map(|at| tree.value(at)).collect()
        };
        assert_eq!(values(&trees[0]), [None, Some((-28i64).cast_unsigned())]);
        assert_eq!(values(&trees[1]), [None, None]);
    }
}
