//! The events of probes on functions, one run for each syscall of a task.

use std::collections::HashMap;

use super::{
    drafts::Drafts,
    tree::{Call, CallTree, Source},
};
use crate::{
    load::{EventKind, SymbolTable, TraceStream},
    names::syscall_of_entry,
};

/// One function's return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// When, nanoseconds.
    pub time_ns: u64,
    /// Address of the function, relative to `_text`.
    pub function: u64,
    /// The instruction that was about to make what it returns, where the probe is on that one: its address, relative
    /// to `_text`.
    pub place: Option<u64>,
    /// Where it returned to; 0 when that is not known.
    pub caller: u64,
    /// What it returned: the register.
    pub value: Option<u64>,
    /// The return addresses on the stack, innermost first; empty when no stack was taken.
    pub stack: Box<[u64]>,
}

/// The returns of one task up to a syscall's end, in order. Without syscall events: all of the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnRun {
    /// Zoom number, or 0.
    pub session: u32,
    /// Thread id.
    pub pid: u32,
    /// Syscall number, when a syscall event ended the run.
    pub syscall: Option<u32>,
    /// Result of the syscall, when known.
    pub result: Option<i64>,
    /// Time of the last event, nanoseconds.
    pub ended_ns: u64,
    /// The returns.
    pub hits: Vec<Hit>,
    /// Of a zoom, where functions were caught making an error. Of the sentinels, these are among the returns.
    pub made: Vec<Hit>,
}

/// The runs of a stream.
#[must_use]
pub fn runs(stream: &TraceStream, symbols: &SymbolTable) -> Vec<ReturnRun> {
    let mut open: HashMap<u32, ReturnRun> = HashMap::new();
    let mut done = Vec::new();
    for event in stream.events() {
        let run = || ReturnRun {
            session: stream.session,
            pid: event.pid,
            syscall: None,
            result: None,
            ended_ns: event.time_ns,
            hits: Vec::new(),
            made: Vec::new(),
        };
        match &event.kind {
            EventKind::Return {
                function,
                caller,
                value,
            } if !event.in_interrupt() => {
                let run = open.entry(event.pid).or_insert_with(run);
                run.ended_ns = event.time_ns;
                let start = symbols.start(*function);
                run.hits.push(Hit {
                    time_ns: event.time_ns,
                    function: start,
                    // A probe at a return names the function and its caller.
                    place: (*caller == 0 && *function != start).then_some(*function),
                    caller: *caller,
                    value: *value,
                    stack: Box::default(),
                });
            }
            EventKind::Stack(stack) => {
                let hit = open.get_mut(&event.pid).and_then(|run| run.hits.last_mut());
                if let Some(hit) = hit.filter(|hit| hit.stack.is_empty()) {
                    hit.stack.clone_from(stack);
                }
            }
            EventKind::SyscallExit { id, result } => {
                let mut run = open.remove(&event.pid).unwrap_or_else(run);
                run.syscall = u32::try_from(*id).ok();
                run.result = Some(*result);
                run.ended_ns = event.time_ns;
                done.push(run);
            }
            // What came before belongs to an earlier syscall whose end was lost.
            EventKind::SyscallEnter { .. } => done.extend(open.remove(&event.pid)),
            _ => {}
        }
    }
    done.extend(open.into_values());
    done.sort_by_key(|run| (run.ended_ns, run.pid));
    done
}

impl Hit {
    /// The functions on its stack, outermost first, the returning one last.
    ///
    /// Depending on the kernel, the stack of a return probe begins within the probe's own trampoline, at the function
    /// that returned, or at its caller.
    pub(crate) fn path(&self, symbols: &SymbolTable) -> Vec<u64> {
        let functions: Vec<u64> = self
            .stack
            .iter()
            .enumerate()
            .filter_map(|(position, &address)| match symbols.find(address) {
                // The innermost address may be the function's own start, all others are return addresses.
                Some((symbol, 0)) if position == 0 => Some(symbol),
                _ => symbols.caller(address),
            })
            .filter(|symbol| !is_trampoline(&symbol.name))
            .map(|symbol| symbol.address)
            .collect();
        let own = functions
            .iter()
            .position(|&function| function == self.function);
        let callers = own.map_or(0, |own| own + 1);
        let mut path: Vec<u64> = functions[callers..].iter().rev().copied().collect();
        path.push(self.function);
        path
    }
}

impl ReturnRun {
    /// Sets apart where errors were made.
    pub(super) fn set_made_apart(mut self) -> Self {
        let (made, hits) = self.hits.into_iter().partition(|hit| hit.place.is_some());
        self.made = made;
        self.hits = hits;
        self
    }

    /// The tree that the callers' addresses tell: a function takes over the calls that returned into it. Calls whose
    /// caller was not probed stand beside each other.
    #[must_use]
    pub fn tree(&self, symbols: &SymbolTable) -> CallTree {
        let mut drafts = Drafts::default();
        let mut callers: Vec<Option<u64>> = Vec::with_capacity(self.hits.len());
        for hit in &self.hits {
            let index = drafts.push(Call {
                end_ns: Some(hit.time_ns),
                ..Call::new(hit.function)
            });
            drafts.set_value(index, hit.value);
            let returned_into = |call: u32, _: &Call| callers[call as usize] == Some(hit.function);
            drafts.adopt(None, index, returned_into);
            let caller = symbols.caller(hit.caller).map(|symbol| symbol.address);
            callers.push(caller.filter(|_| hit.caller != 0));
        }
        self.head(drafts.finish(Source::Returns))
    }

    /// Completes a tree of this run with the run's own data.
    pub(crate) fn head(&self, mut tree: CallTree) -> CallTree {
        tree.session = self.session;
        tree.pid = self.pid;
        tree.syscall = self.syscall;
        tree.result = self.result;
        tree.ended_ns = self.ended_ns;
        tree
    }

    /// The tree that the stacks tell: each return lies on the path of its stack, and returns that follow each other
    /// share the calls that have not returned in between.
    #[must_use]
    pub fn stack_tree(&self, symbols: &SymbolTable) -> CallTree {
        let mut drafts = Drafts::default();
        let hits = || self.hits.iter().filter(|hit| !hit.stack.is_empty());
        let mut paths: Vec<Vec<u64>> = hits().map(|hit| hit.path(symbols)).collect();
        complete(&mut paths, symbols);
        for (hit, path) in hits().zip(paths) {
            let mut parent: Option<u32> = None;
            for function in path {
                let open = drafts.last_child(parent).filter(|&last| {
                    let last = drafts.get(last);
                    last.function == function && last.end_ns.is_none()
                });
                let index = open.unwrap_or_else(|| {
                    let index = drafts.push(Call {
                        start_ns: hit.time_ns,
                        ..Call::new(function)
                    });
                    drafts.attach(parent, index);
                    index
                });
                parent = Some(index);
            }
            if let Some(index) = parent {
                drafts.set_value(index, hit.value);
                drafts.get_mut(index).end_ns = Some(hit.time_ns);
            }
        }
        self.head(drafts.finish(Source::Sentinels))
    }
}

/// Lets all paths begin at the syscall's entry. The kernel takes so many frames of a stack and no more
/// (`FTRACE_STACK_ENTRIES` and the like): a path that is cut goes on as its neighbour in time does, where that one
/// has the function at which it is cut.
fn complete(paths: &mut [Vec<u64>], symbols: &SymbolTable) {
    let is_entry = |function: &u64| {
        symbols
            .find(*function)
            .is_some_and(|(symbol, _)| syscall_of_entry(&symbol.name).is_some())
    };
    let mut whole: Vec<bool> = Vec::with_capacity(paths.len());
    for path in paths.iter_mut() {
        let entry = path.iter().position(is_entry);
        path.drain(..entry.unwrap_or(0));
        whole.push(entry.is_some());
    }
    let backward = (1..paths.len()).rev().map(|at| (at, at - 1));
    let forward = (1..paths.len()).map(|at| (at - 1, at));
    for (from, to) in backward.chain(forward) {
        if !whole[from] || whole[to] {
            continue;
        }
        let joint = paths[to]
            .first()
            .and_then(|cut| paths[from].iter().position(|function| function == cut));
        if let Some(joint) = joint {
            let above = paths[from][..joint].to_vec();
            paths[to].splice(..0, above);
            whole[to] = true;
        }
    }
}

/// Whether `function` is the machinery of return probes (`kernel/kprobes.c`, `kernel/trace/rethook.c`).
fn is_trampoline(function: &str) -> bool {
    ["trampoline", "kretprobe", "rethook"]
        .iter()
        .any(|part| function.contains(part))
}
