//! One syscall of one task as a tree of calls.

use std::{collections::BTreeMap, sync::Arc};

use super::Outcome;
use crate::load::SymbolTable;

/// Where a tree comes from: it decides what may be concluded from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Stacks of probes that fired on error returns: the paths of the errors, nothing else.
    Sentinels,
    /// Return probes on chosen functions, with their callers' addresses.
    Returns,
    /// A function graph: every traceable call.
    Graph,
}

/// The calls of one syscall of one task, as far as they were recorded. A clone shares the calls.
#[derive(Debug, Clone)]
pub struct CallTree {
    /// Where it comes from.
    pub source: Source,
    /// Zoom number, or 0.
    pub session: u32,
    /// Thread id.
    pub pid: u32,
    /// Syscall number, when the events around the tree tell.
    pub syscall: Option<u32>,
    /// Result of the syscall, when known: negative for an errno.
    pub result: Option<i64>,
    /// When the last event of the tree happened, nanoseconds.
    pub ended_ns: u64,
    /// Whether events are missing in it.
    pub lossy: bool,
    calls: Arc<Vec<Call>>,
    /// What calls returned, by index.
    values: Arc<Vec<(u32, u64)>>,
    /// Argument registers of calls, by index.
    arguments: Arc<Vec<(u32, Box<[u64]>)>>,
}

/// No call.
pub(super) const NONE: u32 = u32::MAX;

/// One call. There may be millions: what only some have is kept in lists beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Address of the function, relative to `_text`.
    pub function: u64,
    /// When it was entered, nanoseconds; 0 when that is not known.
    pub start_ns: u64,
    /// When it returned, nanoseconds; `None` when that was not seen.
    pub end_ns: Option<u64>,
    /// Processor that it was entered on.
    pub cpu: u32,
    /// Whether it belongs to an interrupt that hit the task.
    pub interrupt: bool,
    /// The caller, or [`NONE`]; while the tree is being built, the call's own index in it.
    pub(super) place: u32,
    pub(super) depth: u32,
    /// First index behind the calls within it.
    pub(super) end: u32,
}

impl Call {
    /// A call that is in no tree yet.
    pub(super) fn new(function: u64) -> Self {
        Self {
            function,
            start_ns: 0,
            end_ns: None,
            cpu: 0,
            interrupt: false,
            place: 0,
            depth: 0,
            end: 0,
        }
    }

    /// How long it took, nanoseconds; `None` unless both ends were recorded.
    #[must_use]
    pub fn duration_ns(&self) -> Option<u64> {
        let end_ns = self.end_ns.filter(|_| self.start_ns != 0)?;
        Some(end_ns.saturating_sub(self.start_ns))
    }
}

impl CallTree {
    /// A tree of calls in order of entry, with their ends; values and arguments by index, ascending.
    pub(super) fn new(
        source: Source,
        mut calls: Vec<Call>,
        values: Vec<(u32, u64)>,
        arguments: Vec<(u32, Box<[u64]>)>,
    ) -> Self {
        let mut open: Vec<(u32, u32, bool)> = Vec::new();
        for (index, call) in (0u32..).zip(&mut calls) {
            while open.last().is_some_and(|&(_, end, _)| end <= index) {
                open.pop();
            }
            let caller = open.last();
            call.place = caller.map_or(NONE, |&(caller, ..)| caller);
            call.depth = u32::try_from(open.len()).unwrap_or(u32::MAX);
            call.interrupt |= caller.is_some_and(|&(.., interrupt)| interrupt);
            open.push((index, call.end, call.interrupt));
        }
        Self {
            source,
            session: 0,
            pid: 0,
            syscall: None,
            result: None,
            ended_ns: 0,
            lossy: false,
            calls: Arc::new(calls),
            values: Arc::new(values),
            arguments: Arc::new(arguments),
        }
    }

    /// The calls in order of entry: the calls within call `i` are `i + 1` up to its end.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What call `index` returned: the register, or `None` when it was not recorded.
    #[must_use]
    pub fn value(&self, index: usize) -> Option<u64> {
        of(&self.values, index).copied()
    }

    /// Whether it is known of any call what it returned.
    #[must_use]
    pub fn has_values(&self) -> bool {
        !self.values.is_empty()
    }

    /// The argument registers of call `index`; empty where they were not recorded.
    #[must_use]
    pub fn arguments(&self, index: usize) -> &[u64] {
        of(&self.arguments, index).map_or(&[], |registers| registers)
    }

    /// Sets what calls returned, over what was known.
    pub(super) fn set_values(&mut self, values: impl IntoIterator<Item = (usize, u64)>) {
        let known: BTreeMap<u32, u64> = self.values.iter().copied().collect();
        let mut all = known;
        for (index, value) in values {
            all.extend(u32::try_from(index).ok().map(|index| (index, value)));
        }
        self.values = Arc::new(all.into_iter().collect());
    }

    /// The outermost calls, by index.
    pub fn roots(&self) -> impl Iterator<Item = usize> {
        Siblings {
            tree: self,
            next: 0,
            end: self.calls.len(),
        }
    }

    /// The calls that call `index` made itself, by index, in order of entry.
    pub fn children(&self, index: usize) -> impl Iterator<Item = usize> {
        let end = self.calls.get(index).map_or(0, |call| call.end as usize);
        Siblings {
            tree: self,
            next: index + 1,
            end,
        }
    }

    /// The caller of call `index`.
    #[must_use]
    pub fn parent(&self, index: usize) -> Option<usize> {
        let caller = self.calls.get(index)?.place;
        (caller != NONE).then_some(caller as usize)
    }

    /// How deep call `index` is: 0 for an outermost one.
    #[must_use]
    pub fn depth(&self, index: usize) -> usize {
        self.calls.get(index).map_or(0, |call| call.depth as usize)
    }

    /// The calls from the outermost one to `index`.
    #[must_use]
    pub fn path(&self, index: usize) -> Vec<usize> {
        let mut path: Vec<_> = std::iter::successors(Some(index), |&at| self.parent(at)).collect();
        path.reverse();
        path
    }

    /// What call `index` returned, where it was recorded and its type lets it be read.
    #[must_use]
    pub fn outcome(&self, index: usize, symbols: &SymbolTable) -> Option<Outcome> {
        let call = self.calls.get(index)?;
        Outcome::read(self.value(index)?, symbols.returns(call.function))
    }

    /// What call `index` returned, as it is shown. -1 is EPERM, and it is also what functions return that return no errno:
    /// "no node" (`NUMA_NO_NODE`), "no CPU", "not found". It is taken for an error where the next caller whose value is
    /// known returned it too, else where the syscall did.
    #[must_use]
    pub fn shown(&self, index: usize, symbols: &SymbolTable) -> Option<Outcome> {
        const EPERM: Outcome = Outcome::Error(1);
        let outcome = self.outcome(index, symbols)?;
        let callers = std::iter::successors(self.parent(index), |&at| self.parent(at));
        let mut told = callers.filter_map(|caller| self.outcome(caller, symbols));
        let up = told.next().or_else(|| self.result.map(Outcome::of_result));
        if outcome == EPERM && up != Some(EPERM) {
            return Some(Outcome::Value(-1));
        }
        Some(outcome)
    }

    /// The errno that the syscall returned.
    #[must_use]
    pub fn errno(&self) -> Option<u16> {
        Outcome::of_result(self.result?).errno()
    }

    /// Calls in the order of their return: children before their caller.
    #[must_use]
    pub fn by_return(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.calls.len());
        let mut open: Vec<usize> = Vec::new();
        for index in 0..self.calls.len() {
            let caller = self.parent(index);
            while open.last().is_some_and(|&last| Some(last) != caller) {
                order.extend(open.pop());
            }
            open.push(index);
        }
        order.extend(open.into_iter().rev());
        order
    }
}

/// What a list by index has for `index`.
fn of<T>(list: &[(u32, T)], index: usize) -> Option<&T> {
    let index = u32::try_from(index).ok()?;
    let at = list.binary_search_by_key(&index, |&(at, _)| at).ok()?;
    Some(&list[at].1)
}

struct Siblings<'a> {
    tree: &'a CallTree,
    next: usize,
    end: usize,
}

impl Iterator for Siblings<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let index = self.next;
        if index >= self.end {
            return None;
        }
        self.next = self.tree.calls[index].end as usize;
        Some(index)
    }
}
