//! Test support: recordings made up event by event, as events in memory or as the bytes of a bundle; the committed
//! ones; and a browser.

mod chromium;
#[path = "../../tests/support/mod.rs"]
pub(crate) mod committed;
mod kernel;
mod pages;
mod recording;

pub(crate) use chromium::{Page, Screen};
pub(crate) use kernel::Kernel;
pub(crate) use recording::Recording;
