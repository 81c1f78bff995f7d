//! The failing calls themselves, for people to look at.

use super::recorded::{Head, Recorded, Task};
use crate::{
    graph::{CallTree, Calls, with_values},
    load::Bundle,
};

/// The failing calls of a kind as trees, with return values where they were recorded.
///
/// Function graphs, as they are whole; without any what probes with stacks saw, and without these what bare return
/// probes saw. When `known` is given, the functions down to a known origin, trees that lead there are preferred.
#[must_use]
pub fn failing_trees(
    bundle: &Bundle,
    calls: &Calls,
    task: &Task<'_>,
    known: Option<&[String]>,
) -> Vec<CallTree> {
    let recorded = Recorded {
        bundle,
        calls,
        task,
    };
    let returns = recorded.failing(&calls.returns, Head::of_run);
    let graphs = recorded.failing(&calls.graphs, Head::of_tree);
    let graphs = graphs
        .into_iter()
        .map(|tree| with_values(tree, &returns).unwrap_or_else(|| tree.clone()));
    let graphs: Vec<CallTree> = graphs.collect();
    let sentinels = recorded.failing(&calls.sentinels, Head::of_run);
    let stacks = sentinels
        .into_iter()
        .map(|run| recorded.recent(run).stack_tree(&bundle.symbols));
    let stacks: Vec<CallTree> = stacks.filter(|tree| recorded.is_of_syscall(tree)).collect();
    let bare = returns.iter().map(|run| run.tree(&bundle.symbols));
    let origin = known.and_then(<[String]>::last);
    let leads_there = |trees: &Vec<CallTree>| {
        let calls = trees.iter().flat_map(CallTree::calls);
        let mut names = calls.map(|call| bundle.symbols.name(call.function));
        origin.is_none_or(|origin| names.any(|name| name == *origin))
    };
    let mut sources = vec![graphs, stacks, bare.collect()];
    sources.retain(|trees| !trees.is_empty());
    sources.sort_by_key(|trees| !leads_there(trees));
    sources.into_iter().next().unwrap_or_default()
}
