//! The function graph as the kernel prints it in the file `trace` (`kernel/trace/trace_functions_graph.c`, 6.1 to 7.2).
//!
//! Like the kernel this goes through the events in order of time and keeps for each processor what it printed last: a
//! call that returns in the next event is one line, any other is opened and closed.

mod columns;
mod select;

use std::{
    collections::HashMap,
    io::{self, Write},
};

use self::columns::{duration, returned};
use crate::{
    load::{Bundle, Event, EventKind, SymbolTable},
    text::plain,
};

pub use select::Options;

/// Depth up to which the kernel checks that a return belongs to the call that it closes (`FTRACE_RETFUNC_DEPTH`).
const MATCHED_DEPTH: u32 = 50;

/// Columns of a task's name and number in a switch of tasks (`TRACE_GRAPH_PROCINFO_LENGTH`).
const TASK_COLUMNS: usize = 14;

/// Bytes of a task's name that are shown there.
const NAME_BYTES: usize = 7;

/// Writes all graphs of a bundle. Returns whether there was any of what was asked for.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle, options: &Options) -> io::Result<bool> {
    let mut graphs = bundle
        .trace
        .iter()
        .filter(|stream| stream.has_graph)
        .peekable();
    let chosen = options.function.is_some() || options.pid.is_some();
    if graphs.peek().is_none() {
        writeln!(out, "# the recording has no function graph")?;
        return Ok(!chosen);
    }
    let mut head = HEAD.as_bytes();
    for stream in graphs {
        let shown = select::shown(&bundle.symbols, options, stream);
        if shown.is_empty() {
            continue;
        }
        out.write_all(std::mem::take(&mut head))?;
        Printer::new(bundle).stream(out, &shown)?;
    }
    Ok(head.is_empty() || !chosen)
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
    names: HashMap<u32, String>,
    /// Columns of a processor's number.
    width: usize,
    cpus: HashMap<u32, Cpu>,
}

impl<'a> Printer<'a> {
    fn new(bundle: &'a Bundle) -> Self {
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
            names: names.collect(),
            width: cpus.saturating_sub(1).to_string().len(),
            cpus: HashMap::new(),
        }
    }

    /// Prints events with their depths.
    fn stream(&mut self, out: &mut impl Write, shown: &[(Event, u32)]) -> io::Result<()> {
        let leaves = leaves(shown);
        let mut skipped = vec![false; shown.len()];
        for (index, (event, depth)) in shown.iter().enumerate() {
            if skipped[index] {
                continue;
            }
            let leaf = leaves[index].map(|next| {
                skipped[next] = true;
                &shown[next].0
            });
            self.event(out, event, *depth, leaf)?;
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
            || plain(symbol.name.as_bytes()),
            |module| plain(format!("{} [{module}]", symbol.name).as_bytes()),
        )
    }
}

/// For each entry the index of the return right behind it on its processor that ends it (`get_return_for_leaf`).
fn leaves(events: &[(Event, u32)]) -> Vec<Option<usize>> {
    let mut leaves = vec![None; events.len()];
    let mut last: HashMap<u32, usize> = HashMap::new();
    for (index, (event, _)) in events.iter().enumerate() {
        let before = last.insert(event.cpu, index);
        let (Some(before), EventKind::Exit { function, .. }) = (before, &event.kind) else {
            continue;
        };
        let entry = &events[before].0;
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
