//! The graph pass: the function graph of the failing syscall's entry function.

use std::{
    fs,
    time::{Duration, Instant},
};

use format_spec::record::Pass;

use super::{
    Sink, Target, Tools, entry,
    means::Means,
    pass::{ArmedPass, Arming},
    trap::{Bait, Trap},
};
use crate::{
    clock::monotonic_ns,
    guard::{self, Guard},
    kernel::Kernel,
    reach::Hooks,
    tracefs::{Buffer, Tracefs, TracefsError, rival, set_global},
};

/// Options of the tracer, those that a kernel has: no interrupts, what functions returned (6.5 and later) and what they
/// were given (6.15 and later), both by configuration.
const OPTIONS: [(&str, &str); 3] = [
    ("funcgraph-irqs", "0"),
    ("funcgraph-retval", "1"),
    ("funcgraph-args", "1"),
];

/// Most threads that a zoom is limited to; for more it is limited to none.
const MAX_PIDS: usize = 256;

/// Arms the function graph on `target` for at most `time`, hooking `hooks`. What was changed is in the guard, in any case.
///
/// # Errors
/// Why not, in words.
pub(super) fn arm(
    means: &Means,
    kernel: &Kernel,
    target: &Target,
    hooks: &Hooks,
    time: Duration,
    number: u32,
    tools: &mut Tools<'_, '_>,
) -> Result<ArmedPass, String> {
    let guard = &mut *tools.guard;
    let function = entry_function(kernel, target)?;
    if rival(&means.tracefs, false).is_some() {
        // It may be what a recorder left that was killed since this one began.
        guard::put_back(Some(means.tracefs.root()));
    }
    if let Some(who) = rival(&means.tracefs, false) {
        return Err(who);
    }
    let started_ns = monotonic_ns();
    let mark = guard.mark();
    let buffer = match graph_instance(&means.tracefs, number, guard) {
        Some(buffer) => buffer,
        None => {
            // Before 6.11 only the global buffer has the function graph.
            guard.rewind(mark);
            if let Some(who) = rival(&means.tracefs, true) {
                return Err(who);
            }
            Buffer::global(&means.tracefs)
        }
    };
    let pids = threads(&target.tgids);
    let arming = Arming {
        target: target.clone(),
        number,
        mark,
        started_ns,
        hooked: Instant::now(),
        what: Pass::Graph,
        functions: vec![function],
        pids,
        time,
        tier: means.describe_tier(),
    };
    set(means, buffer, hooks, arming, guard, tools.sink).map_err(|error| error.to_string())
}

fn set(
    means: &Means,
    buffer: Buffer,
    hooks: &Hooks,
    mut arming: Arming,
    guard: &mut Guard,
    sink: Sink<'_>,
) -> Result<ArmedPass, TracefsError> {
    let tracefs = &means.tracefs;
    let bait = Bait {
        syscall: arming.target.syscall,
        name: &arming.target.name,
        errno: arming.target.errno,
        comm: &arming.target.comm,
        pids: &arming.pids,
    };
    let mut trap = Trap::set(tracefs, buffer.clone(), bait, guard)?;
    if !arming.pids.is_empty() {
        let list: Vec<_> = arming.pids.iter().map(ToString::to_string).collect();
        buffer.set("set_ftrace_pid", &list.join(" "), guard)?;
        buffer.set("options/function-fork", "1", guard)?;
    }
    set_global(
        tracefs,
        "set_graph_function",
        &arming.functions.join("\n"),
        guard,
    )?;
    set_global(tracefs, "max_graph_depth", "0", guard)?;
    buffer.set_list("set_ftrace_filter", &hooks.as_words(), guard)?;
    for (option, value) in OPTIONS {
        if buffer.has(&format!("options/{option}")) {
            buffer.set_option(option, value, guard)?;
        }
    }
    for event in ["funcgraph_entry", "funcgraph_exit"] {
        trap.formats.add(tracefs, "ftrace", event)?;
    }
    // Last: from here on others pay for it.
    arming.hooked = Instant::now();
    buffer.set("current_tracer", "function_graph", guard)?;
    ArmedPass::start(trap, arming, sink)
}

/// An own instance, if it has the function graph.
fn graph_instance(tracefs: &Tracefs, number: u32, guard: &mut Guard) -> Option<Buffer> {
    let buffer = Buffer::create(tracefs, &instance_name(number), guard).ok()?;
    let tracers = buffer.get("available_tracers").ok()?;
    let has_graph = tracers
        .split_ascii_whitespace()
        .any(|tracer| tracer == "function_graph");
    has_graph.then_some(buffer)
}

/// Name of the own instance of a pass.
pub(super) fn instance_name(number: u32) -> String {
    format!("etz-{}-{number}", std::process::id())
}

/// The function whose calls are recorded.
///
/// # Errors
/// Why it is not known, in words.
pub(super) fn entry_function(kernel: &Kernel, target: &Target) -> Result<String, String> {
    if let Some(function) = &target.function {
        return Ok(function.clone());
    }
    let found = entry::candidates(&target.name).find(|name| kernel.function(name).is_some());
    found.ok_or_else(|| format!("the entry function of {} is not known", target.name))
}

/// The threads of `tgids`; none when there are too many.
fn threads(tgids: &[u32]) -> Vec<u32> {
    let mut threads = Vec::new();
    for tgid in tgids {
        let entries = fs::read_dir(format!("/proc/{tgid}/task"))
            .into_iter()
            .flatten();
        let names = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        threads.extend(names.filter_map(|name| name.parse::<u32>().ok()));
        if threads.len() > MAX_PIDS {
            return Vec::new();
        }
    }
    threads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_threads_are_found() {
        let own = std::process::id();
        assert!(threads(&[own]).contains(&own));
        assert!(threads(&[]).is_empty());
    }
}
