//! Failing calls of one kind as one tree: the same function called by the same path is one node.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::names::Names;
use crate::{
    graph::{CallTree, Outcome},
    load::{Bundle, SymbolTable},
    names::errno_name,
};

/// Nodes that are written; the calls beyond, those that took the least time, are left out.
const MAX_NODES: usize = 6000;

/// The nodes in order of first entry, callers before what they call.
#[derive(Debug, Default, Serialize)]
pub(super) struct Merged {
    /// Number of the function's name.
    function: Vec<usize>,
    /// Node of the caller; -1 for an outermost call.
    parent: Vec<i64>,
    calls: Vec<u64>,
    /// Time in it and in what it calls, nanoseconds; 0 when it was not recorded.
    total_ns: Vec<u64>,
    /// Errnos that it returned with how often, by node.
    errors: BTreeMap<usize, BTreeMap<String, u64>>,
    /// Nodes from the syscall to the origin of the error.
    path: BTreeSet<usize>,
    /// Nodes that were left out.
    left_out: usize,
}

#[derive(Default)]
struct Node {
    function: u64,
    parent: Option<usize>,
    calls: u64,
    total_ns: u64,
    errors: BTreeMap<u16, u64>,
    on_path: bool,
}

impl Merged {
    pub(super) fn new(
        trees: &[CallTree],
        path: &[String],
        bundle: &Bundle,
        names: &mut Names,
    ) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut known: HashMap<(Option<usize>, u64), usize> = HashMap::new();
        for tree in trees {
            add(tree, path, &bundle.symbols, &mut nodes, &mut known);
        }
        columns(&nodes, &kept(&nodes), &bundle.symbols, names)
    }
}

/// Merges one tree into `nodes`. Calls in interrupts are left out: they are not the task's.
fn add(
    tree: &CallTree,
    path: &[String],
    symbols: &SymbolTable,
    nodes: &mut Vec<Node>,
    known: &mut HashMap<(Option<usize>, u64), usize>,
) {
    let mut place: Vec<Option<usize>> = Vec::with_capacity(tree.calls().len());
    for (index, call) in tree.calls().iter().enumerate() {
        if call.interrupt {
            place.push(None);
            continue;
        }
        let parent = tree.parent(index).and_then(|parent| place[parent]);
        let node = *known.entry((parent, call.function)).or_insert_with(|| {
            nodes.push(Node {
                function: call.function,
                parent,
                ..Node::default()
            });
            nodes.len() - 1
        });
        place.push(Some(node));
        let node = &mut nodes[node];
        node.calls += 1;
        node.total_ns = node
            .total_ns
            .saturating_add(call.duration_ns().unwrap_or(0));
        if let Some(errno) = tree.shown(index, symbols).and_then(Outcome::errno) {
            *node.errors.entry(errno).or_default() += 1;
        }
    }
    for index in path_in(tree, path, symbols).unwrap_or_default() {
        if let Some(node) = place[index] {
            nodes[node].on_path = true;
        }
    }
}

/// Which nodes are written: those on the path and those with an error, then those that took the most time, each with
/// its callers.
fn kept(nodes: &[Node]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by_key(|&index| {
        let node = &nodes[index];
        let time = std::cmp::Reverse((node.total_ns, node.calls));
        (!node.on_path, node.errors.is_empty(), time)
    });
    let mut kept = vec![false; nodes.len()];
    let mut count = 0;
    for index in order {
        if count >= MAX_NODES {
            break;
        }
        let mut at = Some(index);
        while let Some(index) = at.filter(|&index| !kept[index]) {
            kept[index] = true;
            count += 1;
            at = nodes[index].parent;
        }
    }
    kept
}

fn columns(nodes: &[Node], kept: &[bool], symbols: &SymbolTable, names: &mut Names) -> Merged {
    let mut merged = Merged::default();
    let mut place: Vec<i64> = Vec::with_capacity(nodes.len());
    let mut written = 0;
    for (node, &kept) in nodes.iter().zip(kept) {
        if !kept {
            place.push(-1);
            merged.left_out += 1;
            continue;
        }
        let index = merged.function.len();
        place.push(written);
        written += 1;
        merged
            .function
            .push(names.number(&symbols.name(node.function)));
        merged
            .parent
            .push(node.parent.map_or(-1, |parent| place[parent]));
        merged.calls.push(node.calls);
        merged.total_ns.push(node.total_ns);
        if !node.errors.is_empty() {
            let errors = node.errors.iter();
            let errors = errors.map(|(&errno, &count)| (errno_name(errno), count));
            merged.errors.insert(index, errors.collect());
        }
        if node.on_path {
            merged.path.insert(index);
        }
    }
    merged
}

/// The calls of `tree` that the functions `path` name, one below the other. Either may have functions that the other
/// lacks: not everything can be traced. The last such call is taken, as it is the one whose error went up. `None` when
/// the tree does not lead to the last function of the path.
pub(super) fn path_in(
    tree: &CallTree,
    path: &[String],
    symbols: &SymbolTable,
) -> Option<Vec<usize>> {
    let calls = tree.calls().iter();
    let called: HashSet<String> = calls.map(|call| symbols.name(call.function)).collect();
    path.last().filter(|origin| called.contains(*origin))?;
    let path: Vec<&String> = path.iter().filter(|name| called.contains(*name)).collect();
    // How much of the path lies on the way down to each call.
    let mut reached: Vec<usize> = Vec::with_capacity(tree.calls().len());
    let mut end = None;
    for (index, call) in tree.calls().iter().enumerate() {
        let above = tree.parent(index).map_or(0, |parent| reached[parent]);
        let next = path.get(above);
        let here =
            !call.interrupt && next.is_some_and(|next| symbols.name(call.function) == **next);
        reached.push(above + usize::from(here));
        if here && above + 1 == path.len() {
            end = Some(index);
        }
    }
    end.map(|end| tree.path(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph, testing::Recording};

    fn path(functions: &[&str]) -> Vec<String> {
        functions.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_path_is_found_whatever_could_not_be_traced() {
        let mut recording = Recording::new();
        recording.fail(220, 11, "sh", 50_000_000);
        let kernel = &mut recording.kernel;
        for _ in 0..2 {
            kernel.syscall_enter(220);
            kernel.enter("__arm64_sys_clone");
            kernel.call("copy_process");
            kernel.enter("kernel_clone");
            kernel.returned("copy_process", -11);
            kernel.leave_with("kernel_clone", Some(-11));
            kernel.leave_with("__arm64_sys_clone", Some(-11));
            kernel.syscall_exit(220, -11);
        }
        recording.take_events(1);
        let bundle = recording.load();
        let trees = graph::Calls::new(&bundle).graphs;
        let known = path(&[
            "__arm64_sys_clone",
            "__do_sys_clone",
            "kernel_clone",
            "copy_process",
        ]);
        assert_eq!(
            path_in(&trees[0], &known, &bundle.symbols),
            Some(vec![0, 2, 3])
        );
        let other = path(&["__arm64_sys_clone", "alloc_pid"]);
        assert_eq!(path_in(&trees[0], &other, &bundle.symbols), None);
        assert_eq!(path_in(&trees[0], &[], &bundle.symbols), None);

        let merged = Merged::new(&trees, &known, &bundle, &mut Names::default());
        assert_eq!(merged.function, [0, 1, 2, 1], "two calls are one tree");
        assert_eq!(merged.parent, [-1, 0, 0, 2]);
        assert_eq!(merged.calls, [2, 2, 2, 2]);
        assert_eq!(merged.path, BTreeSet::from([0, 2, 3]));
        assert_eq!(
            merged.errors[&3],
            BTreeMap::from([("EAGAIN".to_owned(), 2)])
        );
        assert!(!merged.errors.contains_key(&1));
    }

    #[test]
    fn of_too_many_nodes_the_path_and_the_slow_ones_stay() {
        let node = |parent, total_ns| Node {
            parent,
            total_ns,
            ..Node::default()
        };
        let mut nodes = vec![node(None, 10)];
        nodes.extend((0..MAX_NODES as u64).map(|total_ns| node(Some(0), total_ns)));
        nodes.push(Node {
            on_path: true,
            ..node(Some(0), 0)
        });
        let kept = kept(&nodes);
        assert_eq!(kept.iter().filter(|&&kept| kept).count(), MAX_NODES);
        assert!(kept[0] && kept[nodes.len() - 1] && !kept[1] && kept[MAX_NODES]);
    }
}
