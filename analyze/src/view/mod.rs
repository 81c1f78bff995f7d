//! Offline twins of the tools that experts use on a live host, with their columns.

mod funcgraph;

pub use funcgraph::{Selection, write as write_funcgraph};
