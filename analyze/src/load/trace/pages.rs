//! Sub-buffers to events.

use format_spec::{
    ftrace::{Lost, SubBuffer},
    record::FtracePages,
};

use super::{Event, EventKind, Layouts};

/// The events of consecutive sub-buffers of one processor.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub(crate) events: Vec<Event>,
    pub(crate) lost_events: u64,
    pub(crate) lost_gaps: u64,
    /// Sub-buffers that could not be read.
    pub(crate) unreadable: usize,
}

/// Reads the sub-buffers of one frame.
pub(crate) fn decode(pages: &FtracePages, layouts: &Layouts) -> Decoded {
    let mut decoded = Decoded::default();
    let Some(page_format) = layouts.page else {
        decoded.unreadable = pages.pages.len();
        return decoded;
    };
    for page in &pages.pages {
        match page_format.sub_buffer(page) {
            Some(sub) => decoded.add(&sub, pages.cpu, layouts),
            None => decoded.unreadable += 1,
        }
    }
    decoded
}

impl Decoded {
    fn add(&mut self, sub: &SubBuffer<'_>, cpu: u32, layouts: &Layouts) {
        if let Some(lost) = sub.lost {
            let count = match lost {
                Lost::Exactly(count) => Some(count),
                Lost::Unknown => None,
            };
            self.lost_events = self.lost_events.saturating_add(count.unwrap_or(0));
            self.lost_gaps += u64::from(count.is_none());
            let kind = EventKind::Lost { count };
            self.events.push(Event {
                time_ns: sub.time_ns,
                cpu,
                pid: 0,
                flags: 0,
                kind,
            });
        }
        for event in sub.events() {
            let Some(layout) = event.id().and_then(|id| layouts.get(id)) else {
                continue;
            };
            let common = |field: &format_spec::ftrace::Field| field.read(event.data);
            let (Some(pid), Some(flags)) = (common(&layout.pid), common(&layout.flags)) else {
                continue;
            };
            let Some(kind) = layout.read(event.data) else {
                continue;
            };
            self.events.push(Event {
                time_ns: event.time_ns,
                cpu,
                pid: u32::try_from(pid).unwrap_or(0),
                flags: flags.to_le_bytes()[0],
                kind,
            });
        }
    }
}
