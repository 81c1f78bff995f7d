//! Functions that a zoom caught where they make the error: those that too many programs call to be watched otherwise.

use super::{
    makers::Makers,
    recorded::{Head, Recorded},
};
use crate::{
    graph::{CallTree, Hit, Outcome},
    load::SymbolTable,
};

/// Where failing calls of one kind were caught making the error.
pub(super) struct Places {
    /// Of each failing call: each time that the error was made, by time.
    calls: Vec<Vec<Made>>,
}

/// An error that was caught where it was made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// The functions down to the one that made it.
    pub(super) path: Vec<u64>,
    /// The instruction.
    pub(super) place: Option<u64>,
}

impl Places {
    pub(super) fn new(recorded: &Recorded<'_>) -> Self {
        let symbols = &recorded.bundle.symbols;
        let errno = recorded.task.errno;
        let is_it = |hit: &&Hit| {
            let value = hit.value.map(u64::cast_signed);
            value.is_some_and(|value| Outcome::of_result(value).errno() == Some(errno))
        };
        let made = |hit: &Hit| Made {
            path: hit.path(symbols),
            place: hit.place,
        };
        let runs = recorded.failing(&recorded.calls.returns, Head::of_run);
        let calls = runs
            .into_iter()
            .map(|run| run.made.iter().filter(is_it).map(made).collect());
        Self {
            calls: calls.filter(|made: &Vec<Made>| !made.is_empty()).collect(),
        }
    }

    /// The functions from below call `at` of `tree` down to the one that made the error which `at` returned; empty when
    /// that is `at` itself, `None` when none was caught. What counts is the last time that a failing call made it.
    pub(super) fn below(
        &self,
        tree: &CallTree,
        at: usize,
        symbols: &SymbolTable,
        makers: &Makers<'_>,
    ) -> Option<Made> {
        let function = symbols.start(tree.calls()[at].function);
        let caller = tree
            .parent(at)
            .map(|at| symbols.start(tree.calls()[at].function));
        let from = |Made { path, place }: &Made| {
            let below = |path: Vec<u64>| Made {
                path,
                place: *place,
            };
            if let Some(own) = path.iter().rposition(|&step| step == function) {
                return Some(below(path[own + 1..].to_vec()));
            }
            // The stack of a function that has no frame of its own lacks the one that called it.
            let (&maker, above) = path.split_last()?;
            let called = above.last().copied() == caller && makers.passes_on(function, maker);
            called.then(|| below(vec![maker]))
        };
        let mut calls = self.calls.iter();
        calls.find_map(|made| made.iter().rev().find_map(from))
    }

    /// The ways down to where the error was made, of each failing call the last one.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Made> {
        self.calls.iter().filter_map(|made| made.last())
    }
}
