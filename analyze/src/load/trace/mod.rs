//! Ring-buffer events of all processors in one order of time.

mod event;
mod layout;
mod pages;
mod streams;

pub use event::{Event, EventKind};
use layout::Layouts;
use pages::Decoded;
pub(super) use streams::streams;

/// Most events that are kept; what is beyond is reported as a loss. About 70 bytes each.
const MAX_EVENTS: usize = 4 << 20;

/// The events of one trace buffer in one session.
#[derive(Debug, Clone, Default)]
pub struct TraceStream {
    /// Zoom number ([`format_spec::record::Zoom::number`]), or 0 for what was armed from the start.
    pub session: u32,
    /// Trace buffer: the stream number of the frames.
    pub stream: u32,
    /// The events of all processors, by time; those of one processor in their own order.
    pub events: Vec<Event>,
    /// Events that the ring buffer is known to have overwritten.
    pub lost_events: u64,
    /// Times that the ring buffer overwrote events without counting them.
    pub lost_gaps: u64,
}

impl TraceStream {
    /// Puts the events of one processor behind the others; [`TraceStream::sort`] orders them.
    fn add(&mut self, decoded: Decoded) {
        self.lost_events = self.lost_events.saturating_add(decoded.lost_events);
        self.lost_gaps = self.lost_gaps.saturating_add(decoded.lost_gaps);
        self.events.extend(decoded.events);
    }

    /// Orders by time; the sort is stable, so that events of one processor at one time stay in order.
    fn sort(&mut self) {
        self.events.sort_by_key(|event| event.time_ns);
    }
}
