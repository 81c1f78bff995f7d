//! Folded stacks, as stackcollapse-perf.pl writes them, and the flame graph made of them.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write},
};

use inferno::flamegraph;

use crate::{
    graph::{CallTree, Calls, Outcome, valued},
    load::Bundle,
    names::{errno_name, syscall_name},
    text::plain,
    view::stacks,
};

/// Stacks with their weights.
struct Folded {
    /// Frames with `;` between, outermost first.
    stacks: BTreeMap<String, u64>,
    /// What is counted.
    unit: &'static str,
}

/// Writes one line for each stack: frames with `;` between, a blank, nanoseconds. Returns whether there was any.
///
/// The frames are the program, the syscall with what it returned, then kernel functions; one that returned an error
/// has it behind its name. Without a function graph the stacks of error returns are counted instead.
///
/// # Errors
/// The stream's.
pub fn write_folded(out: &mut impl Write, bundle: &Bundle) -> io::Result<bool> {
    let folded = fold(bundle);
    for (stack, weight) in &folded.stacks {
        writeln!(out, "{stack} {weight}")?;
    }
    Ok(!folded.stacks.is_empty())
}

/// Writes the flame graph as SVG, which a browser zooms and searches. Returns whether there was any stack.
///
/// # Errors
/// The stream's.
pub fn write_flamegraph(out: &mut impl Write, bundle: &Bundle) -> io::Result<bool> {
    let folded = fold(bundle);
    if folded.stacks.is_empty() {
        return Ok(false);
    }
    let lines: Vec<String> = folded
        .stacks
        .iter()
        .map(|(stack, weight)| format!("{stack} {weight}"))
        .collect();
    let mut options = flamegraph::Options::default();
    options.title = "Kernel functions of traced system calls".into();
    options.count_name = folded.unit.into();
    // The same bundle gives the same picture.
    options.deterministic = true;
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), out)?;
    Ok(true)
}

fn fold(bundle: &Bundle) -> Folded {
    let calls = Calls::new(bundle);
    let names: HashMap<u32, String> = bundle
        .failures
        .iter()
        .map(|failure| (failure.pid, plain(&failure.comm)))
        .collect();
    let mut stacks: BTreeMap<String, u64> = BTreeMap::new();
    let mut add = |frames: &[String], weight: u64| {
        let known = stacks.entry(joined(frames)).or_default();
        *known = known.saturating_add(weight);
    };
    for tree in valued(&calls) {
        let head = head(bundle, &names, tree.pid, tree.syscall, tree.result);
        fold_tree(bundle, &tree, &head, &mut add);
    }
    if !stacks.is_empty() {
        return Folded { stacks, unit: "ns" };
    }
    let mut add = |frames: Vec<String>| *stacks.entry(joined(&frames)).or_default() += 1;
    for run in calls.sentinels.iter().chain(&calls.returns) {
        for stack in stacks::of_run(run, &bundle.symbols) {
            let mut frames = head(bundle, &names, run.pid, run.syscall, run.result);
            frames.extend(stack.functions.iter().rev().cloned());
            if let Some(last) = frames.last_mut() {
                *last += &format!(" [{}]", errno_name(stack.errno));
            }
            add(frames);
        }
    }
    Folded {
        stacks,
        unit: "errors",
    }
}

/// Frames with `;` between, which none may hold.
fn joined(frames: &[String]) -> String {
    let frames: Vec<String> = frames
        .iter()
        .map(|frame| frame.replace([';', '\n'], "_"))
        .collect();
    frames.join(";")
}

/// The program, and the syscall with what it returned.
fn head(
    bundle: &Bundle,
    names: &HashMap<u32, String>,
    pid: u32,
    syscall: Option<u32>,
    result: Option<i64>,
) -> Vec<String> {
    let mut head = vec![names.get(&pid).cloned().unwrap_or_else(|| "[other]".into())];
    if let Some(number) = syscall {
        let name = syscall_name(bundle.architecture(), number);
        let errno = result.and_then(|result| Outcome::of_result(result).errno());
        head.push(match errno {
            Some(errno) => format!("{name} [{}]", errno_name(errno)),
            None => name,
        });
    }
    head
}

/// Each call's time without that of the calls in it; calls in interrupts are not the task's.
fn fold_tree(
    bundle: &Bundle,
    tree: &CallTree,
    head: &[String],
    add: &mut impl FnMut(&[String], u64),
) {
    let mut frames = head.to_vec();
    let duration = |index: usize| tree.calls()[index].duration_ns().unwrap_or(0);
    for (index, call) in tree.calls().iter().enumerate() {
        if call.interrupt {
            continue;
        }
        frames.truncate(head.len() + tree.depth(index));
        let name = bundle.symbols.name(call.function);
        frames.push(
            match tree.shown(index, &bundle.symbols).and_then(Outcome::errno) {
                Some(errno) => format!("{name} [{}]", errno_name(errno)),
                None => name,
            },
        );
        let within: u64 = tree.children(index).map(duration).sum();
        let own = duration(index).saturating_sub(within);
        if own > 0 {
            add(&frames, own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    fn text(recording: &Recording) -> String {
        let mut out = Vec::new();
        write_folded(&mut out, &recording.load()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_graph_is_weighed_by_time() {
        let mut recording = Recording::new();
        let kernel = &mut recording.kernel;
        kernel.syscall_enter(40);
        kernel.enter("path_mount");
        kernel.returned("count_mounts", -28);
        kernel.leave_with("path_mount", Some(-28));
        kernel.syscall_exit(40, -28);
        let time_ns = kernel.events.last().unwrap().time_ns;
        recording.take_events(1);
        recording.fail(40, 28, "docker;d", time_ns);
        let folded = text(&recording);
        let lines: Vec<&str> = folded.lines().collect();
        assert_eq!(lines.len(), 2, "{folded}");
        assert!(
            lines[0].starts_with("docker_d;mount [ENOSPC];path_mount [ENOSPC] "),
            "{folded}"
        );
        assert!(
            lines[1]
                .starts_with("docker_d;mount [ENOSPC];path_mount [ENOSPC];count_mounts [ENOSPC] "),
            "{folded}"
        );
        let mut svg = Vec::new();
        assert!(write_flamegraph(&mut svg, &recording.load()).unwrap());
        assert!(
            String::from_utf8(svg)
                .unwrap()
                .contains("count_mounts [ENOSPC]")
        );
    }

    #[test]
    fn without_a_graph_errors_are_counted() {
        let mut recording = Recording::new();
        recording.kernel.probe_with_stack(
            "count_mounts",
            &["path_mount", "__arm64_sys_mount"],
            -28,
        );
        recording.take_events(0);
        recording.fail(40, 28, "docker;d", 10_000);
        assert_eq!(
            text(&recording),
            "docker_d;mount [ENOSPC];__arm64_sys_mount;path_mount;count_mounts [ENOSPC] 1\n"
        );
        assert!(!write_flamegraph(&mut Vec::new(), &Recording::new().load()).unwrap());
    }
}
