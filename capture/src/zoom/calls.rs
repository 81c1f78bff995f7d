//! Failing calls in the pages of a trace buffer.

use std::collections::{BTreeSet, HashMap};

use format_spec::ftrace::EventFormat;

use super::tree::CallTree;
use crate::tracefs::Formats;

/// `TRACE_FLAG_HARDIRQ | TRACE_FLAG_SOFTIRQ` of `common_flags` (`include/linux/trace_events.h`).
const IN_INTERRUPT: i64 = 0x08 | 0x10;

/// How the names of events begin that tell of a syscall's end.
const EXIT: &str = "sys_exit";

/// A sub-buffer as it was read.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// Processor.
    pub(super) cpu: u32,
    /// The bytes in use.
    pub(super) bytes: Vec<u8>,
}

/// A call of the syscall that returned the errno.
#[derive(Debug)]
pub(super) struct FailingCall {
    /// The functions that it called, as far as they were recorded.
    pub(super) tree: CallTree,
    /// Values that return probes saw: function, value.
    pub(super) returns: Vec<(u64, i64)>,
    /// Instructions that were seen to make the error, of functions or of what these called.
    pub(super) made: Vec<u64>,
    /// Whether its beginning is in the pages.
    pub(super) whole: bool,
    /// Indexes of the pages that hold it.
    pub(super) pages: BTreeSet<usize>,
}

/// One event of a task, as far as it matters here. Addresses are absolute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happening {
    Enter {
        syscall: i64,
    },
    Exit {
        syscall: i64,
        result: i64,
    },
    Call {
        function: u64,
        depth: i64,
    },
    Return {
        function: u64,
        depth: i64,
        value: Option<i64>,
    },
    Probe {
        function: u64,
        value: i64,
    },
    Made {
        place: u64,
    },
}

#[derive(Debug, Clone, Copy)]
struct Event {
    time_ns: u64,
    page: usize,
    what: Happening,
}

/// Finds the calls of `syscall` that returned `-errno`, in order of their end.
pub(super) fn find(
    pages: &[Page],
    formats: &Formats,
    syscall: u32,
    errno: u16,
) -> Vec<FailingCall> {
    let failed = Happening::Exit {
        syscall: syscall.into(),
        result: -i64::from(errno),
    };
    // Most events are of tasks that did not fail: these are not kept.
    let mut tasks: HashMap<i64, Vec<Event>> = HashMap::new();
    let is_exit = |format: &EventFormat| format.name.starts_with(EXIT);
    each_event(pages, formats, is_exit, |pid, event| {
        if event.what == failed {
            tasks.entry(pid).or_default();
        }
    });
    if !tasks.is_empty() {
        each_event(
            pages,
            formats,
            |_| true,
            |pid, event| {
                if let Some(events) = tasks.get_mut(&pid) {
                    events.push(event);
                }
            },
        );
    }
    calls(tasks, failed)
}

/// Hands each event that is wanted by its format to `each`, with its task, those in interrupts aside.
fn each_event(
    pages: &[Page],
    formats: &Formats,
    is_wanted: impl Fn(&EventFormat) -> bool,
    mut each: impl FnMut(i64, Event),
) {
    for (index, page) in pages.iter().enumerate() {
        let Some(sub) = formats.page.sub_buffer(&page.bytes) else {
            continue;
        };
        for event in sub.events() {
            let format = event.id().and_then(|id| formats.by_id.get(&id));
            let Some(format) = format.filter(|format| is_wanted(format)) else {
                continue;
            };
            let read = |name| format.field(name)?.read(event.data);
            let in_interrupt = read("common_flags").is_some_and(|flags| flags & IN_INTERRUPT != 0);
            if let (Some(pid), Some(what)) = (read("common_pid"), happening(format, event.data))
                && !in_interrupt
            {
                let event = Event {
                    time_ns: event.time_ns,
                    page: index,
                    what,
                };
                each(pid, event);
            }
        }
    }
}

/// The calls in the events of each task that ended as `failed` says, in order of their end.
fn calls(mut tasks: HashMap<i64, Vec<Event>>, failed: Happening) -> Vec<FailingCall> {
    let mut found = Vec::new();
    for events in tasks.values_mut() {
        // Pages are in order for one processor; a task may have changed processors.
        events.sort_by_key(|event| event.time_ns);
        let ends = (0..events.len()).filter(|&end| events[end].what == failed);
        found.extend(ends.map(|end| (events[end].time_ns, call(&events[..=end]))));
    }
    found.sort_by_key(|(time_ns, _)| *time_ns);
    found.into_iter().map(|(_, call)| call).collect()
}

/// The call that ends with the last of `events`.
fn call(events: &[Event]) -> FailingCall {
    let before = &events[..events.len() - 1];
    let boundary = before
        .iter()
        .rposition(|event| matches!(event.what, Happening::Enter { .. } | Happening::Exit { .. }));
    let entered = |at: usize| matches!(before[at].what, Happening::Enter { .. });
    let start = match boundary {
        Some(at) if entered(at) => at,
        // The call before has just ended: this one was refused before it was entered.
        Some(at) => at + 1,
        None => 0,
    };
    let mut tree = CallTree::default();
    let mut returns = Vec::new();
    let mut made = Vec::new();
    for event in &events[start..] {
        match event.what {
            Happening::Call { function, depth } => tree.enter(function, depth),
            Happening::Return {
                function,
                depth,
                value,
            } => tree.leave(function, depth, value),
            Happening::Probe { function, value } => returns.push((function, value)),
            Happening::Made { place } => made.push(place),
            Happening::Enter { .. } | Happening::Exit { .. } => {}
        }
    }
    FailingCall {
        tree,
        returns,
        made,
        whole: boundary.is_some(),
        pages: events[start..].iter().map(|event| event.page).collect(),
    }
}

fn happening(format: &EventFormat, record: &[u8]) -> Option<Happening> {
    let read = |name: &str| format.field(name)?.read(record);
    let address = |name: &str| read(name).map(i64::cast_unsigned);
    Some(match format.name.as_str() {
        "funcgraph_entry" | "fgraph_retaddr_entry" => Happening::Call {
            function: address("func")?,
            depth: read("depth")?,
        },
        "funcgraph_exit" => Happening::Return {
            function: address("func")?,
            depth: read("depth")?,
            value: read("retval"),
        },
        name if name.starts_with("sys_enter") => Happening::Enter {
            syscall: read("id").or_else(|| read("__syscall_nr"))?,
        },
        name if name.starts_with(EXIT) => Happening::Exit {
            syscall: read("id").or_else(|| read("__syscall_nr"))?,
            result: read("ret")?,
        },
        // A probe at a return names the function, one within it the instruction.
        _ => match (address("__probe_func"), address("__probe_ip")) {
            (Some(function), _) => Happening::Probe {
                function,
                value: read("ret")?,
            },
            (None, place) => Happening::Made { place: place? },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_changes_processors_keeps_its_call() {
        let event = |time_ns, page, what| Event {
            time_ns,
            page,
            what,
        };
        let call = |function, depth| Happening::Call { function, depth };
        let back = |function, depth| Happening::Return {
            function,
            depth,
            value: None,
        };
        let failed = Happening::Exit {
            syscall: 40,
            result: -28,
        };
        // Page 0 is of the first processor, to which the task comes back; page 1 of the second.
        let events = vec![
            event(10, 0, Happening::Enter { syscall: 40 }),
            event(20, 0, call(1, 0)),
            event(50, 0, back(1, 0)),
            event(60, 0, failed),
            event(30, 1, call(2, 1)),
            event(40, 1, back(2, 1)),
        ];
        let found = calls(HashMap::from([(100, events)]), failed);
        assert_eq!(found.len(), 1);
        let tree = found[0].tree.calls();
        let shape: Vec<_> = tree
            .iter()
            .map(|call| (call.function, call.parent))
            .collect();
        assert_eq!(shape, [(1, None), (2, Some(0))]);
        assert!(found[0].whole);
        assert_eq!(found[0].pages, BTreeSet::from([0, 1]));
    }
}
