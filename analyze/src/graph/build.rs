//! Function-graph events to call trees.
//!
//! Events are in order of time over all processors, so that a task that migrates stays one tree. Depths put a tree
//! right again where events were lost; what was open when the recording began or ended is kept, marked lossy.

use std::collections::HashMap;

use format_spec::linux::interrupt;

use super::tree::{CallTree, Draft, Source};
use crate::load::{Event, EventKind, SymbolTable, TraceStream};

/// The call trees of a stream, one for each syscall of a task; where the stream has no syscall events, one for each
/// outermost call.
#[must_use]
pub fn trees(stream: &TraceStream, symbols: &SymbolTable) -> Vec<CallTree> {
    let marked = stream
        .events
        .iter()
        .any(|event| matches!(event.kind, EventKind::SyscallExit { .. }));
    let mut builder = Builder {
        symbols,
        session: stream.session,
        marked,
        tasks: HashMap::new(),
        lost_at: HashMap::new(),
        trees: Vec::new(),
    };
    for event in &stream.events {
        builder.add(event);
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
    drafts: Vec<Draft>,
    /// Calls that have not returned yet, outermost first, with their depth.
    open: Vec<(usize, u32)>,
    /// Calls that have returned and whose caller is not known, in order.
    loose: Vec<usize>,
    syscall: Option<u32>,
    lossy: bool,
    last_ns: u64,
}

impl Builder<'_> {
    fn add(&mut self, event: &Event) {
        if let EventKind::Lost { .. } = event.kind {
            self.lost_at.insert(event.cpu, event.time_ns);
            return;
        }
        let id = (event.pid, (event.pid == 0).then_some(event.cpu));
        let lost_at = self.lost_at.get(&event.cpu).copied();
        let task = self.tasks.entry(id).or_default();
        if lost_at.is_some_and(|lost_at| lost_at >= task.last_ns) && !task.is_empty() {
            task.lossy = true;
        }
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
                let task = self.tasks.entry(id).or_default();
                task.enter(
                    Draft {
                        function: self.symbols.start(*function),
                        start_ns: event.time_ns,
                        arguments: arguments.clone(),
                        cpu: event.cpu,
                        interrupt,
                        ..Draft::default()
                    },
                    *depth,
                );
            }
            EventKind::Exit {
                function,
                depth,
                start_ns,
                end_ns,
                value,
                ..
            } => {
                let draft = Draft {
                    function: self.symbols.start(*function),
                    start_ns: *start_ns,
                    end_ns: Some(if *end_ns == 0 { event.time_ns } else { *end_ns }),
                    value: *value,
                    cpu: event.cpu,
                    interrupt: event.in_interrupt(),
                    ..Draft::default()
                };
                task.leave(draft, *depth);
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
        let mut tree = CallTree::new(Source::Graph, &mut task.drafts, &task.loose);
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
        self.open.is_empty() && self.loose.is_empty()
    }

    fn enter(&mut self, draft: Draft, depth: u32) {
        self.close_down_to(depth);
        // The caller is open at the depth above, unless its entry was lost or the recording began below it.
        self.lossy |= match self.open.last() {
            Some(&(_, above)) => above + 1 != depth,
            None => depth != 0 && self.loose.is_empty(),
        };
        self.drafts.push(draft);
        self.open.push((self.drafts.len() - 1, depth));
    }

    fn leave(&mut self, exit: Draft, depth: u32) {
        self.close_down_to(depth.saturating_add(1));
        match self.open.last() {
            Some(&(index, open_depth))
                if open_depth == depth && self.drafts[index].function == exit.function =>
            {
                self.open.pop();
                let draft = &mut self.drafts[index];
                if exit.start_ns != 0 {
                    draft.start_ns = exit.start_ns;
                }
                draft.end_ns = exit.end_ns;
                draft.value = exit.value;
                self.attach(index);
            }
            _ => {
                self.close_down_to(depth);
                self.adopt(exit);
            }
        }
    }

    /// A return whose entry was not recorded: it takes over the calls that were made since it began.
    fn adopt(&mut self, mut exit: Draft) {
        self.lossy = true;
        let siblings = match self.open.last() {
            Some(&(parent, _)) => std::mem::take(&mut self.drafts[parent].children),
            None => std::mem::take(&mut self.loose),
        };
        let first = match exit.start_ns {
            0 => siblings.len(),
            start_ns => siblings.partition_point(|&index| self.drafts[index].start_ns < start_ns),
        };
        let (before, within) = siblings.split_at(first);
        exit.children = within.to_vec();
        let mut kept = before.to_vec();
        self.drafts.push(exit);
        kept.push(self.drafts.len() - 1);
        match self.open.last() {
            Some(&(parent, _)) => self.drafts[parent].children = kept,
            None => self.loose = kept,
        }
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
    fn attach(&mut self, index: usize) {
        match self.open.last() {
            Some(&(parent, _)) => self.drafts[parent].children.push(index),
            None => self.loose.push(index),
        }
    }
}
