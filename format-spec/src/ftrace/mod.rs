//! The kernel's own layout within [`FtracePages`](crate::record::FtracePages): sub-buffers, events, fields.
//!
//! Shared by the recorder, which looks for the functions of a failing graph, and by readers.

mod event_format;
mod page;
mod rebase;

pub use event_format::{EventFormat, Field, FormatError};
pub use page::{Lost, PageEvent, PageEvents, PageFormat, SubBuffer};
pub use rebase::{SOME_POINTER, addresses, rebase};
