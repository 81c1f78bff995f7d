//! Failing calls of one kind as one tree: the same function called by the same path is one node.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
        if let Some(errno) = tree.outcome(index, symbols).and_then(Outcome::errno) {
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

/// The calls of `tree` that the functions `path` name, one below the other; functions that the path does not name may
/// lie between. The last such call is taken, as it is the one whose error went up. `None` when the tree does not lead
/// there.
pub(super) fn path_in(
    tree: &CallTree,
    path: &[String],
    symbols: &SymbolTable,
) -> Option<Vec<usize>> {
    if path.is_empty() {
        return None;
    }
    // How much of the path lies on the way down to each call.
    let mut reached: Vec<usize> = Vec::with_capacity(tree.calls().len());
    let mut end = None;
    for (index, call) in tree.calls().iter().enumerate() {
        let above = tree.parent(index).map_or(0, |parent| reached[parent]);
        let next = path.get(above);
        let here = !call.interrupt && next.is_some_and(|next| symbols.name(call.function) == *next);
        reached.push(above + usize::from(here));
        if here && above + 1 == path.len() {
            end = Some(index);
        }
    }
    end.map(|end| tree.path(end))
}
