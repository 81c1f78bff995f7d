//! The function graph as the kernel prints it in the file `trace` (`kernel/trace/trace_functions_graph.c`, 6.1 to 7.2).
//!
//! Like the kernel this goes through the events in order of time and keeps for each processor what it printed last: a
//! call that returns in the next event is one line, any other is opened and closed.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use crate::{
    load::{Bundle, Event, EventKind, SymbolTable, TraceStream},
    names::base_name,
    text::plain,
};

/// What is shown.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only calls of this function, without suffixes such as `.isra.0`, and what they call.
    pub function: Option<String>,
    /// Calls at this depth and below are left out.
    pub max_depth: Option<u32>,
    /// Only this thread.
    pub pid: Option<u32>,
}

/// Depth up to which the kernel checks that a return belongs to the call that it closes (`FTRACE_RETFUNC_DEPTH`).
const MATCHED_DEPTH: u32 = 50;

/// Columns of a task's name and number in a switch of tasks (`TRACE_GRAPH_PROCINFO_LENGTH`).
const TASK_COLUMNS: usize = 14;

/// Bytes of a task's name that are shown there.
const NAME_BYTES: usize = 7;

/// Writes all graphs of a bundle. Returns whether there was any.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle, selection: &Selection) -> io::Result<bool> {
    let is_graph = |stream: &&TraceStream| {
        let mut events = stream.events.iter();
        events.any(|event| matches!(event.kind, EventKind::Entry { .. } | EventKind::Exit { .. }))
    };
    let mut found = false;
    for stream in bundle.trace.iter().filter(is_graph) {
        if !found {
            out.write_all(HEAD.as_bytes())?;
        }
        found = true;
        Printer::new(bundle, selection).stream(out, &stream.events)?;
    }
    Ok(found)
}

const HEAD: &str = "\
# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
# |     |   |                     |   |   |   |
";

/// What the kernel keeps of one processor while it prints (`struct fgraph_cpu_data`).
#[derive(Debug, Default)]
struct Cpu {
    last_pid: Option<u32>,
    /// Depth of the call that was printed last.
    depth: i64,
    /// Functions whose calls are open, by depth.
    open: HashMap<u32, u64>,
}

struct Printer<'a> {
    symbols: &'a SymbolTable,
    selection: &'a Selection,
    names: HashMap<u32, String>,
    /// Columns of a processor's number.
    width: usize,
    cpus: HashMap<u32, Cpu>,
}

impl<'a> Printer<'a> {
    fn new(bundle: &'a Bundle, selection: &'a Selection) -> Self {
        let names = bundle
            .failures
            .iter()
            .map(|failure| (failure.pid, plain(&failure.comm)));
        let cpus = bundle
            .manifest
            .as_ref()
            .map_or(1, |manifest| manifest.host.cpus);
        Self {
            symbols: &bundle.symbols,
            selection,
            names: names.collect(),
            width: cpus.saturating_sub(1).to_string().len(),
            cpus: HashMap::new(),
        }
    }

    fn stream(&mut self, out: &mut impl Write, events: &[Event]) -> io::Result<()> {
        let mut selector = Selector {
            symbols: self.symbols,
            selection: self.selection,
            within: HashMap::new(),
        };
        let shown: Vec<(&Event, u32)> = events
            .iter()
            .filter_map(|event| Some((event, selector.depth(event)?)))
            .collect();
        let leaves = leaves(&shown);
        let mut skipped = vec![false; shown.len()];
        for (index, &(event, depth)) in shown.iter().enumerate() {
            if skipped[index] {
                continue;
            }
            let leaf = leaves[index].map(|next| {
                skipped[next] = true;
                shown[next].0
            });
            self.event(out, event, depth, leaf)?;
        }
        Ok(())
    }

    fn event(
        &mut self,
        out: &mut impl Write,
        event: &Event,
        depth: u32,
        leaf: Option<&Event>,
    ) -> io::Result<()> {
        match event.kind {
            EventKind::Entry { function, .. } => {
                self.task(out, event)?;
                self.entry(out, event.cpu, function, depth, leaf)
            }
            EventKind::Exit {
                function,
                start_ns,
                end_ns,
                value,
                ..
            } => {
                self.task(out, event)?;
                let duration_ns = end_ns.saturating_sub(start_ns);
                self.exit(out, event.cpu, function, depth, duration_ns, value)
            }
            EventKind::SyscallEnter { id, ref arguments } => {
                let arguments: Vec<String> =
                    arguments.iter().map(|value| format!("{value:x}")).collect();
                let text = format!("sys_enter: NR {id} ({})", arguments.join(", "));
                self.comment(out, event, &text)
            }
            EventKind::SyscallExit { id, result } => {
                self.comment(out, event, &format!("sys_exit: NR {id} = {result}"))
            }
            EventKind::Lost { count } => {
                let count = count.map_or("???".into(), |count| count.to_string());
                writeln!(out, "CPU:{} [LOST {count} EVENTS]", event.cpu)
            }
            EventKind::Return { .. } | EventKind::Stack(_) => Ok(()),
        }
    }

    /// A processor that goes on with another task says so (`verif_pid`).
    fn task(&mut self, out: &mut impl Write, event: &Event) -> io::Result<()> {
        let cpu = self.cpus.entry(event.cpu).or_default();
        let before = cpu.last_pid.replace(event.pid);
        let Some(before) = before.filter(|&before| before != event.pid) else {
            return Ok(());
        };
        let line = " ------------------------------------------";
        let (before, now) = (self.describe(before), self.describe(event.pid));
        let width = self.width;
        writeln!(
            out,
            "{line}\n {:width$}) {before} => {now}\n{line}\n",
            event.cpu
        )
    }

    /// A task's name and number, in the middle of the column (`print_graph_proc`).
    fn describe(&self, pid: u32) -> String {
        let name = match (pid, self.names.get(&pid)) {
            (0, _) => "<idle>",
            (_, Some(name)) => name,
            (_, None) => "<...>",
        };
        let text = format!("{:.NAME_BYTES$}-{pid}", name);
        let spare = TASK_COLUMNS.saturating_sub(text.len());
        let (before, behind) = (spare / 2, spare - spare / 2);
        format!("{:before$}{text}{:behind$}", "", "")
    }

    fn entry(
        &mut self,
        out: &mut impl Write,
        cpu: u32,
        function: u64,
        depth: u32,
        leaf: Option<&Event>,
    ) -> io::Result<()> {
        let name = self.name(function);
        let (width, indent) = (self.width, indent(depth));
        let state = self.cpus.entry(cpu).or_default();
        let Some(Event {
            kind:
                EventKind::Exit {
                    start_ns,
                    end_ns,
                    value,
                    ..
                },
            ..
        }) = leaf
        else {
            state.depth = depth.into();
            state.open.insert(depth, function);
            let blank = "";
            return writeln!(
                out,
                " {cpu:width$}) {blank:14}|  {blank:indent$}{name}() {{"
            );
        };
        state.depth = i64::from(depth) - 1;
        state.open.remove(&depth);
        let time = duration(end_ns.saturating_sub(*start_ns));
        let value = value.map_or_else(String::new, |value| format!(" /* = {} */", returned(value)));
        writeln!(
            out,
            " {cpu:width$}) {time}|  {:indent$}{name}();{value}",
            ""
        )
    }

    fn exit(
        &mut self,
        out: &mut impl Write,
        cpu: u32,
        function: u64,
        depth: u32,
        duration_ns: u64,
        value: Option<u64>,
    ) -> io::Result<()> {
        let name = self.name(function);
        let (width, indent) = (self.width, indent(depth));
        let state = self.cpus.entry(cpu).or_default();
        state.depth = i64::from(depth) - 1;
        let opened = state.open.remove(&depth);
        let fits = depth >= MATCHED_DEPTH || opened == Some(function);
        let time = duration(duration_ns);
        let behind = match (value, fits) {
            (Some(value), _) => format!(" /* {name} = {} */", returned(value)),
            (None, false) => format!(" /* {name} */"),
            (None, true) => String::new(),
        };
        writeln!(out, " {cpu:width$}) {time}|  {:indent$}}}{behind}", "")
    }

    /// An event that is no call, one step further in than the call that it is in (`print_graph_comment`).
    fn comment(&mut self, out: &mut impl Write, event: &Event, text: &str) -> io::Result<()> {
        self.task(out, event)?;
        let depth = self.cpus.entry(event.cpu).or_default().depth;
        let indent = usize::try_from((depth + 1).max(0)).unwrap_or(0) * 2;
        let (cpu, width, blank) = (event.cpu, self.width, "");
        writeln!(
            out,
            " {cpu:width$}) {blank:14}|  {blank:indent$}/* {text} */"
        )
    }

    fn name(&self, function: u64) -> String {
        let Some((symbol, _)) = self.symbols.find(function) else {
            return format!("{function:#x}");
        };
        let module = symbol.module.as_ref();
        module.map_or_else(
            || symbol.name.clone(),
            |module| format!("{} [{module}]", symbol.name),
        )
    }
}

/// Which events are shown, and at which depth.
struct Selector<'a> {
    symbols: &'a SymbolTable,
    selection: &'a Selection,
    /// Depth of the selected call that each task is in.
    within: HashMap<u32, u32>,
}

impl Selector<'_> {
    /// The depth below the selected function, or below the outermost one; `None` for what is not shown.
    fn depth(&mut self, event: &Event) -> Option<u32> {
        if self.selection.pid.is_some_and(|pid| pid != event.pid) {
            return None;
        }
        let (own, function) = match event.kind {
            EventKind::Entry {
                function, depth, ..
            } => (depth, Some(function)),
            EventKind::Exit { depth, .. } => (depth, None),
            _ => return self.root(event.pid).map(|_| 0),
        };
        let root = match self.selection.function {
            Some(_) => self.selected(event.pid, own, function),
            None => Some(0),
        };
        let shown = own.checked_sub(root?)?;
        let too_deep = self.selection.max_depth.is_some_and(|most| shown >= most);
        (!too_deep).then_some(shown)
    }

    /// Depth of the selected call that an entry into `function` or a return, at depth `own`, belongs to.
    fn selected(&mut self, pid: u32, own: u32, function: Option<u64>) -> Option<u32> {
        // At the depth of the selected call, or above: it is over, even if its return was lost.
        let root = self
            .root(pid)
            .filter(|&root| own > root || function.is_none() && own == root);
        let begins = || function.is_some_and(|function| self.is_wanted(function));
        let root = root.or_else(|| begins().then_some(own));
        let ends = function.is_none() && root == Some(own);
        match root.filter(|_| !ends) {
            Some(root) => self.within.insert(pid, root),
            None => self.within.remove(&pid),
        };
        root
    }

    /// Depth of the call that the task is in and that is shown.
    fn root(&self, pid: u32) -> Option<u32> {
        match self.selection.function {
            Some(_) => self.within.get(&pid).copied(),
            None => Some(0),
        }
    }

    fn is_wanted(&self, function: u64) -> bool {
        let name = self.symbols.name(function);
        let wanted = self.selection.function.as_ref();
        wanted.is_some_and(|wanted| name == *wanted || base_name(&name) == wanted)
    }
}

/// For each entry the index of the return right behind it on its processor that ends it (`get_return_for_leaf`).
fn leaves(events: &[(&Event, u32)]) -> Vec<Option<usize>> {
    let mut leaves = vec![None; events.len()];
    let mut last: HashMap<u32, usize> = HashMap::new();
    for (index, (event, _)) in events.iter().enumerate() {
        let before = last.insert(event.cpu, index);
        let (Some(before), EventKind::Exit { function, .. }) = (before, &event.kind) else {
            continue;
        };
        let entry = events[before].0;
        let same = matches!(&entry.kind, EventKind::Entry { function: entered, .. } if entered == function);
        if same && entry.pid == event.pid {
            leaves[before] = Some(index);
        }
    }
    leaves
}

fn indent(depth: u32) -> usize {
    // Deeper than the kernel's shadow stack (`SHADOW_STACK_SIZE`) is damage: it must not fill the disk.
    2 * usize::try_from(depth.min(4096)).unwrap_or(0)
}

/// Mark and microseconds, 14 columns (`print_graph_duration`, `trace_print_graph_duration`, `trace_find_mark`).
fn duration(ns: u64) -> String {
    const MARKS: [(u64, char); 6] = [
        (1_000_000_000, '$'),
        (100_000_000, '@'),
        (10_000_000, '*'),
        (1_000_000, '#'),
        (100_000, '!'),
        (10_000, '+'),
    ];
    let mark = MARKS.iter().find(|(least, _)| ns > *least);
    let mark = mark.map_or(' ', |(_, mark)| *mark);
    let mut number = (ns / 1000).to_string();
    // Seven columns are shared by whole and parts.
    if number.len() < 7 {
        let parts = 7usize.saturating_sub(number.len()).min(3);
        let rest = format!("{:03}", ns % 1000);
        number = format!("{number}.{}", &rest[..parts]);
    }
    let behind = 8usize.saturating_sub(number.len());
    format!("{mark} {number} us {:behind$}", "")
}

/// A returned value: an errno as a number, anything else in hex (`print_graph_retval`).
fn returned(value: u64) -> String {
    let is_32_bits = value >> 32 == 0 && value & (1 << 31) != 0;
    let wide = if is_32_bits {
        value | 0xffff_ffff_0000_0000
    } else {
        value
    };
    let errno = wide.cast_signed();
    if (-4095..0).contains(&errno) {
        errno.to_string()
    } else {
        format!("{value:#x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_take_fourteen_columns() {
        for (ns, text) in [
            (0, "  0.000 us    "),
            (999, "  0.999 us    "),
            (10_001, "+ 10.001 us   "),
            (123_456, "! 123.456 us  "),
            (1_234_567, "# 1234.567 us "),
            (12_345_678, "* 12345.67 us "),
            (123_456_789, "@ 123456.7 us "),
            (1_234_567_890, "$ 1234567 us  "),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn errnos_are_numbers_of_either_width() {
        assert_eq!(returned(0), "0x0");
        assert_eq!(returned(0xffff_ffe4), "-28");
        assert_eq!(returned((-28i64).cast_unsigned()), "-28");
        assert_eq!(returned(0xffff_8000_1234_5678), "0xffff800012345678");
    }
}
