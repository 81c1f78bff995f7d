//! The analyzer: from the bytes of an `.etz` bundle to a ranked answer, on any OS and CPU.
//!
//! The modules are the steps in order: [`load`], and what it needs of [`names`].
#![forbid(unsafe_code)]

pub mod culprit;
pub mod diagnosis;
pub mod evidence;
pub mod failures;
pub mod graph;
pub mod load;
pub mod names;
pub mod origin;
pub mod rules;
pub mod text;

#[cfg(test)]
mod testing;
