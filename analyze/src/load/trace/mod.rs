//! Ring-buffer events of all processors in one order of time.

mod event;
mod layout;
mod pages;
mod stream;
mod streams;

pub use event::{Event, EventKind};
pub use stream::TraceStream;
pub(super) use streams::streams;

use layout::Layouts;
use stream::Part;

/// Most events that are read; what is beyond is reported as a loss. A call takes 56 bytes while its tree is in memory,
/// and 16 more with what it returned.
const MAX_EVENTS: usize = 5 << 19;
