//! Test support: recordings made up event by event, as events in memory or as the bytes of a bundle.

mod kernel;
mod pages;
mod recording;

pub(crate) use kernel::Kernel;
pub(crate) use recording::Recording;
