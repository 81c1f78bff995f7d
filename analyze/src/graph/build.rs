//! Function-graph events to call trees.
//!
//! Events are in order of time over all processors, so that a task that migrates stays one tree. Depths put a tree
//! right again where events were lost; what was open when the recording began or ended is kept, marked lossy.

use std::collections::HashMap;

use format_spec::linux::interrupt;

use super::{
    drafts::Drafts,
    tree::{Call, CallTree, Source},
};
use crate::load::{Event, EventKind, SymbolTable, TraceStream};

/// The call trees of a stream, one for each syscall of a task; where the stream has no syscall events, one for each
/// outermost call.
#[must_use]
pub fn trees(stream: &TraceStream, symbols: &SymbolTable) -> Vec<CallTree> {
    let mut builder = Builder {
        symbols,
        session: stream.session,
        marked: stream.has_syscalls,
        tasks: HashMap::new(),
        lost_at: HashMap::new(),
        trees: Vec::new(),
    };
    for event in stream.events() {
        builder.add(&event);
    }
    builder.finish()
}

/// A task is a thread id; the idle tasks all have 0 and are told apart by processor.
type TaskId = (u32, Option<u32>);

struct Builder<'a> {
    symbols: &'a SymbolTable,
    session: u32,
    /// Whether syscall events say where a tree ends.
    marked: bool,
    tasks: HashMap<TaskId, Task>,
    /// When each processor last lost events.
    lost_at: HashMap<u32, u64>,
    trees: Vec<CallTree>,
}

#[derive(Default)]
struct Task {
    /// Those that have returned stand under their caller, or are outermost ones.
    drafts: Drafts,
    /// Calls that have not returned yet, outermost first, with their depth.
    open: Vec<(u32, u32)>,
    syscall: Option<u32>,
    lossy: bool,
    last_ns: u64,
    /// Processor of the last event.
    cpu: u32,
}

impl Builder<'_> {
    fn add(&mut self, event: &Event) {
        if let EventKind::Lost { .. } = event.kind {
            self.lost_at.insert(event.cpu, event.time_ns);
            return;
        }
        let id = (event.pid, (event.pid == 0).then_some(event.cpu));
        let task = self.tasks.entry(id).or_default();
        // A task may have gone on for a while where it was before it came here.
        let lost = [event.cpu, task.cpu].iter().any(|cpu| {
            let lost_at = self.lost_at.get(cpu);
            lost_at.is_some_and(|&lost_at| lost_at >= task.last_ns)
        });
        task.lossy |= lost && !task.is_empty();
        task.cpu = event.cpu;
        match &event.kind {
            EventKind::Entry {
                function,
                depth,
                arguments,
            } => {
                if !self.marked && task.open.is_empty() {
                    self.flush(id, None);
                }
                let interrupt =
                    event.in_interrupt() || interrupt::begins_at(&self.symbols.name(*function));
                let call = Call {
                    start_ns: event.time_ns,
                    cpu: event.cpu,
                    interrupt,
                    ..Call::new(self.symbols.start(*function))
                };
                let task = self.tasks.entry(id).or_default();
                task.enter(call, arguments, *depth);
            }
            EventKind::Exit {
                function,
                depth,
                start_ns,
                end_ns,
                value,
                ..
            } => {
                let call = Call {
                    start_ns: *start_ns,
                    end_ns: Some(if *end_ns == 0 { event.time_ns } else { *end_ns }),
                    cpu: event.cpu,
                    interrupt: event.in_interrupt(),
                    ..Call::new(self.symbols.start(*function))
                };
                task.leave(call, *value, *depth);
            }
            EventKind::SyscallEnter { id: syscall, .. } => {
                self.flush(id, None);
                self.tasks.entry(id).or_default().syscall = u32::try_from(*syscall).ok();
            }
            EventKind::SyscallExit {
                id: syscall,
                result,
            } => {
                task.syscall = u32::try_from(*syscall).ok();
                task.last_ns = event.time_ns;
                self.flush(id, Some(*result));
            }
            EventKind::Return { .. } | EventKind::Stack(_) | EventKind::Lost { .. } => return,
        }
        if let Some(task) = self.tasks.get_mut(&id) {
            task.last_ns = event.time_ns;
        }
    }

    /// Makes a tree of what a task has done; `result` is the syscall's, when it has just returned.
    fn flush(&mut self, id: TaskId, result: Option<i64>) {
        let Some(mut task) = self.tasks.remove(&id) else {
            return;
        };
        if task.is_empty() {
            return;
        }
        task.lossy |= !task.open.is_empty();
        while task
            .open
            .pop()
            .map(|(index, _)| task.attach(index))
            .is_some()
        {}
        let mut tree = task.drafts.finish(Source::Graph);
        tree.session = self.session;
        tree.pid = id.0;
        tree.syscall = task.syscall;
        tree.result = result;
        tree.ended_ns = task.last_ns;
        tree.lossy = task.lossy;
        self.trees.push(tree);
    }

    fn finish(mut self) -> Vec<CallTree> {
        let ids: Vec<TaskId> = self.tasks.keys().copied().collect();
        for id in ids {
            self.flush(id, None);
        }
        self.trees.sort_by_key(|tree| (tree.ended_ns, tree.pid));
        self.trees
    }
}

impl Task {
    fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    fn enter(&mut self, call: Call, arguments: &[u64], depth: u32) {
        self.close_down_to(depth);
        // The caller is open at the depth above, unless its entry was lost or the recording began below it.
        self.lossy |= match self.open.last() {
            Some(&(_, above)) => above + 1 != depth,
            None => depth != 0 && self.drafts.last_child(None).is_none(),
        };
        let index = self.drafts.push(call);
        self.drafts.set_arguments(index, arguments);
        self.open.push((index, depth));
    }

    fn leave(&mut self, exit: Call, value: Option<u64>, depth: u32) {
        self.close_down_to(depth.saturating_add(1));
        match self.open.last() {
            Some(&(index, open_depth))
                if open_depth == depth && self.drafts.get(index).function == exit.function =>
            {
                self.open.pop();
                let call = self.drafts.get_mut(index);
                if exit.start_ns != 0 {
                    call.start_ns = exit.start_ns;
                }
                call.end_ns = exit.end_ns;
                self.drafts.set_value(index, value);
                self.attach(index);
            }
            _ => {
                self.close_down_to(depth);
                self.adopt(exit, value);
            }
        }
    }

    /// A return whose entry was not recorded: it takes over the calls that were made since it began.
    fn adopt(&mut self, exit: Call, value: Option<u64>) {
        self.lossy = true;
        let start_ns = exit.start_ns;
        let index = self.drafts.push(exit);
        self.drafts.set_value(index, value);
        self.drafts.adopt(self.caller(), index, |_, call| {
            start_ns != 0 && call.start_ns >= start_ns
        });
    }

    /// Ends the calls at `depth` and below whose returns were lost.
    fn close_down_to(&mut self, depth: u32) {
        while let Some(&(index, open_depth)) = self.open.last() {
            if open_depth < depth {
                break;
            }
            self.lossy = true;
            self.open.pop();
            self.attach(index);
        }
    }

    /// Puts a call that is over under its caller.
    fn attach(&mut self, index: u32) {
        self.drafts.attach(self.caller(), index);
    }

    /// The innermost call that has not returned yet.
    fn caller(&self) -> Option<u32> {
        self.open.last().map(|&(index, _)| index)
    }
}
