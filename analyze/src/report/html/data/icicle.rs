//! One failing call, whole: each function with when it was entered and how long it took.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{merged::path_in, names::Names};
use crate::{
    graph::{CallTree, Outcome},
    load::Bundle,
    names::errno_name,
};

/// Calls that are written; those beyond, at the end of the call, are left out.
const MAX_CALLS: usize = 12_000;

/// The calls in order of entry, callers before what they call.
#[derive(Debug, Default, Serialize)]
pub(super) struct Icicle {
    /// Number of the function's name.
    function: Vec<usize>,
    /// Depth, 0 for an outermost call.
    depth: Vec<usize>,
    /// When it was entered: nanoseconds from the entry of the first call, or, where times were not recorded, its place.
    start: Vec<u64>,
    /// How long it took: nanoseconds, or the number of calls without callees in it.
    length: Vec<u64>,
    /// Whether starts and lengths are nanoseconds.
    timed: bool,
    /// What it returned, where that is known and no plain number: `ENOSPC`, `NULL`, `false`.
    returned: BTreeMap<usize, String>,
    /// Calls from the syscall to the origin of the error.
    path: BTreeSet<usize>,
    /// Calls of interrupts that hit the task.
    interrupts: BTreeSet<usize>,
    /// Calls that were left out.
    left_out: usize,
}

impl Icicle {
    pub(super) fn new(
        tree: &CallTree,
        path: &[String],
        bundle: &Bundle,
        names: &mut Names,
    ) -> Self {
        let symbols = &bundle.symbols;
        let calls = &tree.calls()[..tree.calls().len().min(MAX_CALLS)];
        let timed = calls.iter().all(|call| call.duration_ns().is_some());
        let mut icicle = Self {
            timed,
            left_out: tree.calls().len() - calls.len(),
            ..Self::default()
        };
        for (index, call) in calls.iter().enumerate() {
            let name = names.number(&symbols.name(call.function));
            icicle.function.push(name);
            icicle.depth.push(tree.depth(index));
            if let Some(text) = tree.shown(index, symbols).and_then(returned) {
                icicle.returned.insert(index, text);
            }
            if call.interrupt {
                icicle.interrupts.insert(index);
            }
        }
        if timed {
            let first = calls.first().map_or(0, |call| call.start_ns);
            let starts = calls.iter().map(|call| call.start_ns.saturating_sub(first));
            icicle.start = starts.collect();
            let lengths = calls.iter().map(|call| call.duration_ns().unwrap_or(0));
            icicle.length = lengths.collect();
        } else {
            icicle.by_place();
        }
        let path = path_in(tree, path, symbols).unwrap_or_default();
        let shown = path.into_iter().filter(|&index| index < calls.len());
        icicle.path = shown.collect();
        icicle
    }

    /// Gives each call without callees one place, and its callers all places of what they call.
    fn by_place(&mut self) {
        let count = self.depth.len();
        self.start = vec![0; count];
        self.length = vec![0; count];
        let mut open: Vec<usize> = Vec::new();
        let mut places = 0;
        for index in 0..count {
            while open
                .last()
                .is_some_and(|&last| self.depth[last] >= self.depth[index])
            {
                open.pop();
            }
            self.start[index] = places;
            let next = self.depth.get(index + 1).copied().unwrap_or(0);
            open.push(index);
            if next <= self.depth[index] {
                places += 1;
                for &caller in &open {
                    self.length[caller] += 1;
                }
            }
        }
    }
}

/// What is worth showing of a returned value.
fn returned(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Error(errno) => Some(errno_name(errno)),
        Outcome::Null => Some("NULL".into()),
        Outcome::Truth(truth) => Some(truth.to_string()),
        Outcome::Value(value) => Some(value.to_string()),
        Outcome::Pointer => None,
    }
}
