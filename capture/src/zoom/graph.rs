//! The graph pass: the function graph of the failing syscall's entry function.

use std::fs;

use format_spec::record::Pass;

use super::{
    Sink, Target, entry,
    means::{Means, Tier},
    pass::{ArmedPass, Arming},
    trap::{Bait, Trap},
};
use crate::{
    guard::Guard,
    kernel::Kernel,
    preflight::monotonic_ns,
    tracefs::{Buffer, Tracefs, TracefsError, rival, set_global},
};

/// Functions that are not hooked, one glob a line.
const NOISE: &str = include_str!("noise.txt");

/// Most threads that a zoom is limited to; for more it is limited to none.
const MAX_PIDS: usize = 256;

/// Arms the function graph on `target`. What was changed is in the guard, in any case.
///
/// # Errors
/// Why not, in words.
pub(super) fn arm(
    means: &Means,
    kernel: &Kernel,
    target: &Target,
    number: u32,
    guard: &mut Guard,
    sink: Sink<'_>,
) -> Result<ArmedPass, String> {
    let function = entry_function(kernel, target)?;
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
        what: Pass::Graph,
        functions: vec![function],
        pids,
        tier: means.tier.describe().into(),
    };
    set(means, buffer, arming, guard, sink).map_err(|error| error.to_string())
}

fn set(
    means: &Means,
    buffer: Buffer,
    arming: Arming,
    guard: &mut Guard,
    sink: Sink<'_>,
) -> Result<ArmedPass, TracefsError> {
    let tracefs = &means.tracefs;
    let bait = Bait {
        syscall: arming.target.syscall,
        errno: arming.target.errno,
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
    buffer.set("set_ftrace_notrace", "", guard)?;
    for pattern in noise() {
        // A pattern that matches nothing here is refused, and not needed.
        let _ = buffer.extend("set_ftrace_notrace", pattern);
    }
    buffer.set("current_tracer", "function_graph", guard)?;
    if buffer.has("options/funcgraph-irqs") {
        buffer.set_option("funcgraph-irqs", "0", guard)?;
    }
    if means.tier == Tier::Graph {
        buffer.set_option("funcgraph-retval", "1", guard)?;
    }
    for event in ["funcgraph_entry", "funcgraph_exit"] {
        trap.formats.add(tracefs, "ftrace", event)?;
    }
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

fn noise() -> impl Iterator<Item = &'static str> {
    NOISE.lines().filter(|line| !line.starts_with('#'))
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
    fn noise_is_globs() {
        assert!(noise().count() > 0);
        assert!(noise().all(|glob| !glob.is_empty() && !glob.contains([' ', '#'])));
    }

    #[test]
    fn own_threads_are_found() {
        let own = std::process::id();
        assert!(threads(&[own]).contains(&own));
        assert!(threads(&[]).is_empty());
    }
}
