//! Who called whom: call trees of failing and successful syscalls, and all of them merged into one graph.
//!
//! A [`CallTree`] is one syscall of one task, from whichever source: function graphs, return probes with the
//! caller's address, or return probes with a stack. [`Outcome`] says what a returned value means.

mod align;
mod build;
mod calls;
mod drafts;
mod merged;
mod outcome;
mod returns;
mod tree;
mod valued;

#[cfg(test)]
mod tests;

pub use align::assign;
pub use build::trees;
pub use calls::Calls;
pub use merged::{CallGraph, Edge, Function};
pub use outcome::Outcome;
pub use returns::{Hit, ReturnRun, runs};
pub use tree::{Call, CallTree, Source};
pub use valued::{valued, with_values};
