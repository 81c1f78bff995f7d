//! Where records come from: one folder for each source.

pub(crate) mod snapshot;
pub(crate) mod syscalls;
