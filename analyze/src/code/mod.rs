//! What the machine code of a kernel function shows, without its source: which variables and limits it reads, which
//! of them decide the error that it returns, what it calls with which constants.
//!
//! Code is taken as it was in memory, so branches that the kernel patches at run time are those that ran.
//! The steps in order: `image` holds what was recorded, `arm64` and `x86_64` decode into one small language
//! (`step`), `program` finds the basic blocks, `flow` follows values forward, `outcomes` follows results backward,
//! [`references()`] puts it together, [`summary()`] names the limits that an errno hangs on.

mod analysis;
mod arm64;
mod check;
mod decision;
mod evidence;
mod fields;
mod flow;
mod guards;
mod image;
mod kernel;
mod known_calls;
mod layouts;
mod once;
mod outcomes;
mod pointees;
mod program;
mod references;
mod state;
mod step;
mod summary;
mod terms;
mod types;
mod ucounts;
mod value;
mod x86_64;

#[cfg(test)]
mod tests;

pub use check::{Asked, Check, Checks, Recorded, Term, ToldBy, checks};
pub use evidence::{
    Call, Certainty, FieldCandidate, FieldRead, FunctionEvidence, ValueEffect, VariableRead,
};
pub use image::{Image, VariableName};
pub use kernel::Kernel;
pub use references::references;
pub use summary::summary;
pub use value::{Chain, Root};
