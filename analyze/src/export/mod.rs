//! The recording for other tools: Perfetto, flame graphs, Graphviz. One file each.

mod dot;
mod folded;
mod perfetto;

pub use dot::write as write_dot;
pub use folded::{write_flamegraph, write_folded};
pub use perfetto::write as write_perfetto;
