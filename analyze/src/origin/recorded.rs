//! What was recorded of one kind of failure: which trees and runs are of it.

use std::collections::HashSet;

use crate::{
    graph::{CallTree, Calls, ReturnRun},
    load::Bundle,
    names::{syscall_name, syscall_of_entry},
};

/// Most trees that are looked at for one kind of failure.
const MAX_TREES: usize = 64;

/// How long before the failure a probe may have fired to belong to the same syscall, where no event marks its entry.
const MAX_AGE_NS: u64 = 1_000_000_000;

/// What failed.
#[derive(Debug, Clone)]
pub struct Task<'a> {
    /// Syscall number.
    pub syscall: u32,
    /// errno that it returned.
    pub errno: u16,
    /// The threads that failed; what others recorded is used only when these left nothing.
    pub threads: &'a HashSet<u32>,
}

/// A recording, and the kind of failure in it that is looked into.
#[derive(Clone, Copy)]
pub(super) struct Recorded<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) calls: &'a Calls,
    pub(super) task: &'a Task<'a>,
}

impl<'a> Recorded<'a> {
    /// Of `all` those that are of the failure: of the threads that failed, else of any; whole ones before lossy ones.
    pub(super) fn failing<T>(&self, all: &'a [T], head: impl Fn(&T) -> Head) -> Vec<&'a T> {
        let matching: Vec<&T> = all
            .iter()
            .filter(|item| {
                let head = head(item);
                head.syscall == Some(self.task.syscall)
                    && head.result == Some(-i64::from(self.task.errno))
            })
            .collect();
        let ours = |item: &&&T| self.task.threads.contains(&head(item).pid);
        let whole = |item: &&&T| !head(item).lossy;
        let chosen = narrow(narrow(matching, ours), whole);
        chosen.into_iter().take(MAX_TREES).collect()
    }

    /// The hits of `run` that are close enough to its end to be of the syscall that failed.
    pub(super) fn recent(&self, run: &ReturnRun) -> ReturnRun {
        let mut run = run.clone();
        let since = run.ended_ns.saturating_sub(MAX_AGE_NS);
        run.hits.retain(|hit| hit.time_ns >= since);
        run
    }

    /// Whether the tree's outermost known calls are those of the syscall that failed.
    pub(super) fn is_of_syscall(&self, tree: &CallTree) -> bool {
        let name = syscall_name(self.bundle.architecture(), self.task.syscall);
        let mut entries = tree.calls().iter().filter_map(|call| {
            let function = self.bundle.symbols.name(call.function);
            syscall_of_entry(&function).map(str::to_owned)
        });
        // Entry functions are not always named like their syscall (`newuname` of `uname`): a part will do.
        entries
            .next()
            .is_none_or(|entry| entry.contains(&name) || name.contains(&entry))
    }
}

/// What trees and runs have in common.
pub(super) struct Head {
    pid: u32,
    syscall: Option<u32>,
    result: Option<i64>,
    lossy: bool,
}

impl Head {
    pub(super) fn of_run(run: &ReturnRun) -> Self {
        Self {
            pid: run.pid,
            syscall: run.syscall,
            result: run.result,
            lossy: false,
        }
    }

    pub(super) fn of_tree(tree: &CallTree) -> Self {
        Self {
            pid: tree.pid,
            syscall: tree.syscall,
            result: tree.result,
            lossy: tree.lossy,
        }
    }
}

/// The items that fit, or all when none does.
fn narrow<'a, T>(items: Vec<&'a T>, fits: impl Fn(&&&'a T) -> bool) -> Vec<&'a T> {
    let chosen: Vec<&T> = items.iter().filter(|item| fits(item)).copied().collect();
    if chosen.is_empty() { items } else { chosen }
}
