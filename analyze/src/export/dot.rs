//! The merged call graph for Graphviz: functions with their calls, those that returned an error in red.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use petgraph::dot::{Config, Dot, RankDir};

use crate::{
    diagnosis::diagnose,
    graph::{CallGraph, CallTree, valued},
    load::Bundle,
    names::errno_name,
};

/// Writes the call graph of the kind of failure that the diagnosis is about, of all calls where that was not traced.
/// Returns whether there was any.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle) -> io::Result<bool> {
    let diagnosis = diagnose(bundle);
    let calls = &diagnosis.calls;
    let mut trees = valued(calls);
    if trees.is_empty() {
        let stacks = calls
            .sentinels
            .iter()
            .map(|run| run.stack_tree(&bundle.symbols));
        trees.extend(stacks);
    }
    let subject = diagnosis
        .subject
        .and_then(|index| diagnosis.failures.get(index));
    let is_it = |tree: &CallTree| {
        subject.is_some_and(|group| {
            (tree.syscall, tree.errno()) == (Some(group.syscall), Some(group.errno))
        })
    };
    if trees.iter().any(is_it) {
        trees.retain(is_it);
    }
    let merged = CallGraph::new(&trees, &bundle.symbols);
    let config = [
        Config::NodeNoLabel,
        Config::EdgeNoLabel,
        Config::RankDir(RankDir::LR),
    ];
    let edge = |_, edge: petgraph::graph::EdgeReference<'_, crate::graph::Edge>| {
        let edge = edge.weight();
        let red = if edge.errors.is_empty() {
            ""
        } else {
            " color=red fontcolor=red"
        };
        format!("label=\"{}{}\"{red}", edge.calls, errors(&edge.errors))
    };
    let node = |_, (_, function): (_, &crate::graph::Function)| {
        let red = if function.errors.is_empty() {
            ""
        } else {
            " color=red fontcolor=red"
        };
        let time = if function.total_ns > 0 {
            format!("\\n{} us", function.total_ns / 1000)
        } else {
            String::new()
        };
        let errors = errors(&function.errors);
        let name = escaped(&function.name);
        format!(
            "shape=box label=\"{name}\\n{} calls{errors}{time}\"{red}",
            function.calls
        )
    };
    let dot = Dot::with_attr_getters(&merged.graph, &config, &edge, &node);
    // Settings of dot that lay out thousands of calls in seconds; what is left out of its search is hardly seen.
    let text =
        format!("{dot:?}").replacen('{', "{\n    nslimit=1\n    nslimit1=1\n    mclimit=0.3", 1);
    write!(out, "{text}")?;
    Ok(merged.graph.node_count() > 0)
}

fn errors(errors: &BTreeMap<u16, u64>) -> String {
    errors
        .iter()
        .map(|(errno, count)| format!("\\n{count} {}", errno_name(*errno)))
        .collect()
}

/// A name within a quoted string of the DOT language.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    #[test]
    fn failing_functions_are_red() {
        let mut recording = Recording::new();
        let kernel = &mut recording.kernel;
        for result in [-28, 0] {
            kernel.syscall_enter(40);
            kernel.enter("path_\"mount");
            kernel.returned(
                if result == 0 {
                    "mnt_ok"
                } else {
                    "count_mounts"
                },
                result,
            );
            kernel.leave_with("path_\"mount", Some(result));
            kernel.syscall_exit(40, result);
        }
        let time_ns = recording.kernel.events.last().unwrap().time_ns;
        recording.take_events(1);
        recording.fail(40, 28, "dockerd", time_ns);
        let mut out = Vec::new();
        assert!(write(&mut out, &recording.load()).unwrap());
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains(r#"label="path_\"mount\n1 calls\n1 ENOSPC"#),
            "{text}"
        );
        assert!(
            text.contains("color=red") && !text.contains("mnt_ok"),
            "{text}"
        );
        assert!(text.contains("0 -> 1"), "{text}");
        assert!(!write(&mut Vec::new(), &Recording::new().load()).unwrap());
    }
}
