//! The analyzer: from the bytes of an `.etz` bundle to a ranked answer, on any OS and CPU.
//!
//! The modules are the steps, in the order in which data flows: [`load`] reads the bundle, [`failures`] says what
//! failed, [`graph`] who called whom, [`origin`] where the error began, [`code`] what the machine code there shows,
//! [`why`] which check of it decided, [`evidence`] and [`limits`] what else was recorded of it, [`case`] puts that
//! together, [`rules`] are what is known of causes, [`culprit`] who is to blame, [`incident`] which of all failures
//! is meant; [`diagnosis`] runs them all and [`report`] writes the answer. [`view`] shows single parts
//! of a bundle, [`diff`] compares two, [`export`] writes them for other tools.
#![forbid(unsafe_code)]

pub mod case;
pub mod cli;
pub mod code;
pub mod culprit;
pub mod diagnosis;
pub mod diff;
pub mod evidence;
pub mod export;
pub mod failures;
pub mod file;
pub mod graph;
pub mod incident;
pub mod limits;
pub mod load;
pub mod names;
pub mod origin;
pub mod report;
pub mod rules;
pub mod text;
pub mod view;
pub mod why;

#[cfg(test)]
mod testing;
