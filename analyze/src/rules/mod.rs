//! What is known about causes: the data files of the `rules` folder, and whether a rule holds for a failure.
//!
//! The schema is described in `rules/README.md`. No code knows a rule, and no rule knows a program, a path or a host.

mod answer;
mod book;
mod capabilities;
mod conditions;
mod mounts;
mod ranges;
mod remedy;
mod schema;
mod without;

pub use answer::Answer;
pub use book::{book, read_all};
pub use capabilities::{Capability, CapabilityIs};
pub use conditions::{Verdict, judge};
pub use mounts::{MountIs, MountPlace};
pub use ranges::{ArgumentIs, BeyondIs, FactIs, FlagIs, Range, SysctlIs, TextIs};
pub use remedy::{Remedy, RemedyKind};
pub use schema::{ConstantIs, FileIs, Place, PredicateIs, Returned, Rule, RuleFile};
pub use without::{Without, known};
