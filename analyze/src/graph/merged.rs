//! All trees as one graph: functions and who called them, with counts, times and returned errors.

use std::collections::{BTreeMap, HashMap};

use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};

use super::{CallTree, Outcome};
use crate::load::SymbolTable;

/// A kernel function in the merged graph.
#[derive(Debug, Clone, Default)]
pub struct Function {
    /// Address relative to `_text`.
    pub address: u64,
    /// Name, suffixes included.
    pub name: String,
    /// Calls that were recorded.
    pub calls: u64,
    /// Time in it and what it called, nanoseconds, where both ends were recorded.
    pub total_ns: u64,
    /// Time in it alone, nanoseconds.
    pub self_ns: u64,
    /// How often it returned each errno.
    pub errors: BTreeMap<u16, u64>,
}

/// Calls of one function by another.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// How many.
    pub calls: u64,
    /// How often they returned each errno.
    pub errors: BTreeMap<u16, u64>,
}

/// The merged call graph.
#[derive(Debug, Clone, Default)]
pub struct CallGraph {
    /// Functions and calls.
    pub graph: DiGraph<Function, Edge>,
    by_address: HashMap<u64, NodeIndex>,
    edges: HashMap<(NodeIndex, NodeIndex), EdgeIndex>,
}

impl CallGraph {
    /// Merges `trees`. Calls in interrupts are left out: they are not the task's.
    #[must_use]
    pub fn new<'a>(trees: impl IntoIterator<Item = &'a CallTree>, symbols: &SymbolTable) -> Self {
        let mut merged = Self::default();
        for tree in trees {
            merged.add(tree, symbols);
        }
        merged
    }

    /// The function that starts at `address`.
    #[must_use]
    pub fn function(&self, address: u64) -> Option<&Function> {
        self.graph.node_weight(*self.by_address.get(&address)?)
    }

    fn add(&mut self, tree: &CallTree, symbols: &SymbolTable) {
        let mut nodes = Vec::with_capacity(tree.calls().len());
        for (index, call) in tree.calls().iter().enumerate() {
            if call.interrupt {
                nodes.push(NodeIndex::end());
                continue;
            }
            let node = self.node(call.function, symbols);
            nodes.push(node);
            let errno = tree.shown(index, symbols).and_then(Outcome::errno);
            let total_ns = duration(tree, index);
            let within: u64 = tree
                .children(index)
                .map(|child| duration(tree, child))
                .sum();
            let function = &mut self.graph[node];
            function.calls += 1;
            function.total_ns = function.total_ns.saturating_add(total_ns);
            function.self_ns = function
                .self_ns
                .saturating_add(total_ns.saturating_sub(within));
            if let Some(errno) = errno {
                *function.errors.entry(errno).or_default() += 1;
            }
            let Some(caller) = tree.parent(index).map(|parent| nodes[parent]) else {
                continue;
            };
            let edge = *self
                .edges
                .entry((caller, node))
                .or_insert_with(|| self.graph.add_edge(caller, node, Edge::default()));
            let edge = &mut self.graph[edge];
            edge.calls += 1;
            if let Some(errno) = errno {
                *edge.errors.entry(errno).or_default() += 1;
            }
        }
    }

    fn node(&mut self, address: u64, symbols: &SymbolTable) -> NodeIndex {
        *self.by_address.entry(address).or_insert_with(|| {
            let name = symbols.name(address);
            self.graph.add_node(Function {
                address,
                name,
                ..Function::default()
            })
        })
    }
}

fn duration(tree: &CallTree, index: usize) -> u64 {
    tree.calls()[index].duration_ns().unwrap_or(0)
}
