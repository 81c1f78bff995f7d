//! Kernel stacks of what said no, each once with how often: the layout of stackcount(8) of BCC.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    io::{self, Write},
};

use clap::Args;
use format_spec::record::Failure;
use serde::Serialize;

use super::{json, select};
use crate::{
    code::Kernel,
    graph::{CallTree, Calls, Hit, Outcome, ReturnRun, valued},
    load::{Bundle, SymbolTable},
    names::{errno_name, syscall_name},
    origin::Site,
    report::WhyRow,
    text::plain,
    why::Why,
};

/// What is shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Only failures with this error, by name or number
    #[arg(short, long, value_parser = select::errno)]
    pub errno: Option<u16>,
    /// Only this thread
    #[arg(short, long)]
    pub pid: Option<u32>,
    /// Each process's stacks for themselves
    #[arg(short = 'P', long)]
    pub perpid: bool,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// The stack of one function that returned an error.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Stack {
    /// Innermost first.
    pub(crate) functions: Vec<String>,
    /// What the innermost returned.
    pub(crate) errno: u16,
    /// Where the innermost starts, and where it was caught making the error.
    site: Site,
}

/// The stacks of error returns in a run of return probes, in order of time.
pub(crate) fn of_run(run: &ReturnRun, symbols: &SymbolTable) -> Vec<Stack> {
    if run.hits.iter().any(|hit| !hit.stack.is_empty()) {
        let mut stacks = of_tree(&run.stack_tree(symbols), symbols);
        for stack in &mut stacks {
            let own = |hit: &&Hit| Some(hit.function) == stack.site.address;
            let last = run.hits.iter().rev().find(own);
            stack.site.places = last.and_then(|hit| hit.place).into_iter().collect();
        }
        return stacks;
    }
    of_tree(&run.tree(symbols), symbols)
}

/// The stacks of error returns in a tree, in the order of their return.
fn of_tree(tree: &CallTree, symbols: &SymbolTable) -> Vec<Stack> {
    let error = |index: usize| tree.outcome(index, symbols).and_then(Outcome::errno);
    let mut found = Vec::new();
    for index in tree.by_return() {
        // A caller that passes the error on is on the stack of the one below.
        let passed_on = tree
            .children(index)
            .any(|child| error(child) == error(index));
        let Some(errno) = error(index).filter(|_| !passed_on) else {
            continue;
        };
        let path = tree.path(index);
        let start = |&at: &usize| symbols.start(tree.calls()[at].function);
        let way: Vec<u64> = path.iter().map(start).collect();
        let functions = path.iter().rev();
        let functions = functions.map(|&at| symbols.name(tree.calls()[at].function));
        found.push(Stack {
            functions: functions.collect(),
            errno,
            site: Site::behind(&way),
        });
    }
    found
}

/// A syscall with its error; `None` where it is not known.
type Kind = (Option<u32>, Option<u16>);

/// What was seen of one call.
struct Seen {
    kind: Kind,
    pid: u32,
    stacks: Vec<Stack>,
}

/// The best that is known of each kind of failure: what the probes on limit checks caught with its stack, else graphs
/// with return values, else return values without the calls between them.
fn best(bundle: &Bundle) -> Vec<Seen> {
    let calls = Calls::new(bundle);
    let symbols = &bundle.symbols;
    let errno = |result: Option<i64>| Outcome::of_result(result?).errno();
    let of_run = |run: &ReturnRun| Seen {
        kind: (run.syscall, errno(run.result)),
        pid: run.pid,
        stacks: of_run(run, symbols),
    };
    let mut all: Vec<Seen> = calls.sentinels.iter().map(of_run).collect();
    let graphs = valued(&calls).into_iter().map(|tree| Seen {
        kind: (tree.syscall, tree.errno()),
        pid: tree.pid,
        stacks: of_tree(&tree, symbols),
    });
    for more in [
        graphs.collect(),
        calls.returns.iter().map(of_run).collect::<Vec<_>>(),
    ] {
        let known: HashSet<Kind> = all.iter().map(|seen| seen.kind).collect();
        for mut seen in more {
            // Most errors within a call are handled there, and say nothing: only what came out is shown.
            seen.stacks.retain(|stack| Some(stack.errno) == seen.kind.1);
            if !known.contains(&seen.kind) && !seen.stacks.is_empty() {
                all.push(seen);
            }
        }
    }
    all
}

/// One stack with how often.
#[derive(Debug, Serialize)]
struct Row {
    stack: Vec<String>,
    returned: String,
    why: WhyRow,
    syscall: Option<String>,
    errno: Option<String>,
    comm: Option<String>,
    pid: Option<u32>,
    count: u64,
}

/// Writes the stacks, the most frequent first. Returns whether there was any of those that were asked for.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle, options: &Options) -> io::Result<bool> {
    let rows = rows(bundle, options);
    let chosen = options.errno.is_some() || options.pid.is_some();
    let found = !rows.is_empty() || !chosen;
    if options.json {
        json(out, &rows)?;
        return Ok(found);
    }
    if rows.is_empty() && found {
        writeln!(out, "# the recording has no stack of what said no")?;
    }
    for row in &rows {
        writeln!(
            out,
            "  {} returned {}",
            row.stack.first().map_or("", String::as_str),
            row.returned
        )?;
        if let Some(line) = &row.why.line {
            writeln!(out, "    {line}")?;
        }
        for function in row.stack.iter().skip(1) {
            writeln!(out, "  {function}")?;
        }
        let process = row
            .comm
            .as_ref()
            .zip(row.pid)
            .map(|(comm, pid)| format!("{comm} [{pid}] "));
        let call = row.syscall.as_ref().zip(row.errno.as_ref());
        let call = call.map_or("a call that went on".into(), |(syscall, errno)| {
            format!("{syscall} {errno}")
        });
        writeln!(out, "    {}{call}", process.unwrap_or_default())?;
        writeln!(out, "    {}\n", row.count)?;
    }
    Ok(found)
}

fn rows(bundle: &Bundle, options: &Options) -> Vec<Row> {
    let names: HashMap<u32, String> = bundle
        .failures
        .iter()
        .map(|failure| (failure.pid, plain(&failure.comm)))
        .collect();
    let mut counts: HashMap<(Stack, Kind, Option<u32>), u64> = HashMap::new();
    for seen in best(bundle) {
        if options.pid.is_some_and(|pid| pid != seen.pid) {
            continue;
        }
        for stack in seen.stacks {
            let other = |wanted| seen.kind.1.unwrap_or(stack.errno) != wanted;
            if options.errno.is_some_and(other) {
                continue;
            }
            let pid = options.perpid.then_some(seen.pid);
            *counts.entry((stack, seen.kind, pid)).or_default() += 1;
        }
    }
    let kernel = Kernel::of(bundle);
    let why = |stack: &Stack, (syscall, errno): Kind, pid: Option<u32>| {
        let is_it = |failure: &&Failure| {
            Some(failure.syscall) == syscall
                && Some(failure.errno) == errno
                && pid.is_none_or(|pid| pid == failure.pid)
        };
        let mut failures = bundle.failures.iter().rev();
        let failure = failures.find(|failure| is_it(failure) && !failure.facts.is_empty());
        let function = stack.functions.first().map_or("", String::as_str);
        let origin = (function, &stack.site);
        WhyRow::new(&Why::new(
            bundle,
            &kernel,
            origin,
            stack.errno,
            failure,
            &[],
        ))
    };
    let mut rows: Vec<Row> = counts
        .into_iter()
        .map(|((stack, (syscall, errno), pid), count)| Row {
            why: why(&stack, (syscall, errno), pid),
            returned: errno_name(stack.errno),
            stack: stack.functions,
            syscall: syscall.map(|number| syscall_name(bundle.architecture(), number)),
            errno: errno.map(errno_name),
            comm: pid.map(|pid| names.get(&pid).cloned().unwrap_or_else(|| "<...>".into())),
            pid,
            count,
        })
        .collect();
    rows.sort_by(|a, b| {
        let key = |row: &Row| (Reverse(row.count), row.pid);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.stack.cmp(&b.stack))
            .then_with(|| a.syscall.cmp(&b.syscall))
            .then_with(|| a.errno.cmp(&b.errno))
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    #[test]
    fn each_stack_once_innermost_first() {
        let mut recording = Recording::new();
        for _ in 0..2 {
            let callers = [
                "attach_recursive_mnt.isra.0",
                "path_mount",
                "__arm64_sys_mount",
            ];
            let kernel = &mut recording.kernel;
            kernel.probe_with_stack("count_mounts", &callers, -28);
            kernel.probe_with_stack("attach_recursive_mnt.isra.0", &callers[1..], -28);
            let time_ns = kernel.events.last().unwrap().time_ns + 50;
            recording.fail(40, 28, "dockerd", time_ns);
        }
        recording.take_events(0);
        let text = |options: &Options| {
            let mut out = Vec::new();
            assert_eq!(
                write(&mut out, &recording.load(), options).unwrap(),
                !out.is_empty()
            );
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            text(&Options::default()),
            "  count_mounts returned ENOSPC\n  attach_recursive_mnt.isra.0\n  path_mount\n  __arm64_sys_mount\n    mount ENOSPC\n    2\n\n"
        );
        let options = Options {
            perpid: true,
            ..Options::default()
        };
        assert!(text(&options).contains("    dockerd [100] mount ENOSPC\n"));
        let options = Options {
            errno: Some(1),
            ..Options::default()
        };
        assert_eq!(text(&options), "");
    }
    #[test]
    fn a_graph_with_values_tells_a_whole_stack_once() {
        let mut recording = Recording::new();
        let kernel = &mut recording.kernel;
        kernel.syscall_enter(64);
        kernel.enter("__arm64_sys_write");
        kernel.returned("lookup_that_is_handled", -2);
        kernel.returned("shmem_get_folio_gfp", -28);
        kernel.leave_with("__arm64_sys_write", Some(-28));
        kernel.syscall_exit(64, -28);
        recording.take_events(1);
        let kernel = &mut recording.kernel;
        kernel.syscall_enter(64);
        kernel.probe("shmem_get_folio_gfp", "elsewhere", -28);
        kernel.syscall_exit(64, -28);
        recording.take_events(2);
        let mut out = Vec::new();
        write(&mut out, &recording.load(), &Options::default()).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "  shmem_get_folio_gfp returned ENOSPC\n  __arm64_sys_write\n    write ENOSPC\n    1\n\n"
        );
    }
}
