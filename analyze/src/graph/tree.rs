//! One syscall of one task as a tree of calls.

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

/// The calls of one syscall of one task, as far as they were recorded.
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
    calls: Vec<Call>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Address of the function, relative to `_text`.
    pub function: u64,
    /// When it was entered, nanoseconds; 0 when that is not known.
    pub start_ns: u64,
    /// When it returned, nanoseconds; `None` when that was not seen.
    pub end_ns: Option<u64>,
    /// What it returned: the register, or `None` when it was not recorded.
    pub value: Option<u64>,
    /// Argument registers, where recorded.
    pub arguments: Box<[u64]>,
    /// Processor that it was entered on.
    pub cpu: u32,
    /// Whether it belongs to an interrupt that hit the task.
    pub interrupt: bool,
    parent: Option<usize>,
    depth: usize,
    end: usize,
}

impl Call {
    /// How long it took, nanoseconds; `None` unless both ends were recorded.
    #[must_use]
    pub fn duration_ns(&self) -> Option<u64> {
        let end_ns = self.end_ns.filter(|_| self.start_ns != 0)?;
        Some(end_ns.saturating_sub(self.start_ns))
    }
}

/// A call while its tree is being built: children by index, in order of entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) function: u64,
    pub(super) start_ns: u64,
    pub(super) end_ns: Option<u64>,
    pub(super) value: Option<u64>,
    pub(super) arguments: Box<[u64]>,
    pub(super) cpu: u32,
    pub(super) interrupt: bool,
    pub(super) children: Vec<usize>,
}

impl CallTree {
    /// A tree of `roots` in `drafts`, laid out in order of entry.
    pub(super) fn new(source: Source, drafts: &mut [Draft], roots: &[usize]) -> Self {
        let mut tree = Self {
            source,
            session: 0,
            pid: 0,
            syscall: None,
            result: None,
            ended_ns: 0,
            lossy: false,
            calls: Vec::new(),
        };
        // An explicit stack: recorded depth must not decide how deep this program recurses.
        let mut stack: Vec<(usize, Option<usize>, usize)> =
            roots.iter().rev().map(|&root| (root, None, 0)).collect();
        while let Some((index, parent, depth)) = stack.pop() {
            let Some(draft) = drafts.get_mut(index) else {
                continue;
            };
            let draft = std::mem::take(draft);
            let at = tree.calls.len();
            let children = draft.children.iter().rev();
            stack.extend(children.map(|&child| (child, Some(at), depth + 1)));
            tree.calls.push(Call {
                function: draft.function,
                start_ns: draft.start_ns,
                end_ns: draft.end_ns,
                value: draft.value,
                arguments: draft.arguments,
                cpu: draft.cpu,
                interrupt: draft.interrupt,
                parent,
                depth,
                end: at + 1,
            });
        }
        tree.close();
        tree
    }

    /// Sets where the subtree of each call ends, and passes "in an interrupt" down.
    fn close(&mut self) {
        for index in (0..self.calls.len()).rev() {
            if let Some(parent) = self.calls[index].parent {
                self.calls[parent].end = self.calls[parent].end.max(self.calls[index].end);
            }
        }
        for index in 0..self.calls.len() {
            if let Some(parent) = self.calls[index].parent {
                self.calls[index].interrupt |= self.calls[parent].interrupt;
            }
        }
    }

    /// The calls in order of entry: the calls within call `i` are `i + 1` up to its end.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub(super) fn set_value(&mut self, index: usize, value: u64) {
        self.calls[index].value = Some(value);
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
        let end = self.calls.get(index).map_or(0, |call| call.end);
        Siblings {
            tree: self,
            next: index + 1,
            end,
        }
    }

    /// The caller of call `index`.
    #[must_use]
    pub fn parent(&self, index: usize) -> Option<usize> {
        self.calls.get(index)?.parent
    }

    /// How deep call `index` is: 0 for an outermost one.
    #[must_use]
    pub fn depth(&self, index: usize) -> usize {
        self.calls.get(index).map_or(0, |call| call.depth)
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
        Outcome::read(call.value?, symbols.returns(call.function))
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
        for (index, call) in self.calls.iter().enumerate() {
            while open.last().is_some_and(|&last| Some(last) != call.parent) {
                order.extend(open.pop());
            }
            open.push(index);
        }
        order.extend(open.into_iter().rev());
        order
    }
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
        self.next = self.tree.calls[index].end;
        Some(index)
    }
}
