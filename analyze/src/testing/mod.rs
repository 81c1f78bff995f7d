//! Test support: recordings made up event by event, as events in memory or as the bytes of a bundle; and a browser.

mod chromium;
mod kernel;
mod pages;
mod recording;

pub(crate) use chromium::{Page, Screen};
pub(crate) use kernel::Kernel;
pub(crate) use recording::Recording;
