//! The events of one trace buffer, in order of time.

use std::sync::Arc;

use format_spec::{DecodeError, DetachedFrame, Frame, Reader, record::FtracePages};
use itertools::Itertools as _;

use super::{Event, EventKind, Layouts, pages};

/// The events of one trace buffer in one session. There may be millions: they stay as they are in the file, and are
/// decoded as they are gone through.
#[derive(Debug, Clone, Default)]
pub struct TraceStream {
    /// Zoom number ([`format_spec::record::Zoom::number`]), or 0 for what was armed from the start.
    pub session: u32,
    /// Trace buffer: the stream number of the frames.
    pub stream: u32,
    /// Events that the ring buffer is known to have overwritten.
    pub lost_events: u64,
    /// Times that the ring buffer overwrote events without counting them.
    pub lost_gaps: u64,
    /// Whether there are events of a function graph.
    pub has_graph: bool,
    /// Whether there are events that say where a syscall returned.
    pub has_syscalls: bool,
    /// By processor and time, once sorted.
    parts: Vec<Part>,
}

/// Consecutive events of one processor.
#[derive(Debug, Clone)]
pub(super) struct Part {
    cpu: u32,
    first_ns: u64,
    /// How many events.
    pub(super) len: usize,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Pages(DetachedFrame, Arc<Layouts>),
    #[cfg(test)]
    Events(Vec<Event>),
}

/// A part, and what was seen as it was read.
pub(super) struct Found {
    pub(super) session: u32,
    pub(super) part: Part,
    /// Sub-buffers that could not be read.
    pub(super) unreadable: usize,
    lost_events: u64,
    lost_gaps: u64,
    has_graph: bool,
    has_syscalls: bool,
}

impl Part {
    /// Reads a frame of pages, and keeps it as it is in the file.
    ///
    /// # Errors
    /// When it is damaged.
    pub(super) fn read(
        reader: &Reader<'_>,
        frame: &Frame,
        layouts: &Arc<Layouts>,
    ) -> Result<Found, DecodeError> {
        let pages = reader.decode::<FtracePages>(frame)?;
        let decoded = pages::decode(&pages, layouts);
        let part = Self {
            cpu: pages.cpu,
            first_ns: decoded.events.first().map_or(0, |event| event.time_ns),
            len: decoded.events.len(),
            source: Source::Pages(reader.detach(frame)?, Arc::clone(layouts)),
        };
        Ok(Found {
            session: pages.session,
            unreadable: decoded.unreadable,
            lost_events: decoded.lost_events,
            lost_gaps: decoded.lost_gaps,
            has_graph: decoded.events.iter().any(is_graph),
            has_syscalls: decoded.events.iter().any(is_syscall),
            part,
        })
    }

    fn events(&self) -> std::vec::IntoIter<Event> {
        match &self.source {
            // It was read without an error before.
            Source::Pages(frame, layouts) => {
                let pages = frame.decode::<FtracePages>();
                pages.map_or_else(
                    |_| Vec::new(),
                    |pages| pages::decode(&pages, layouts).events,
                )
            }
            #[cfg(test)]
            Source::Events(events) => events.clone(),
        }
        .into_iter()
    }
}

fn is_graph(event: &Event) -> bool {
    matches!(event.kind, EventKind::Entry { .. } | EventKind::Exit { .. })
}

fn is_syscall(event: &Event) -> bool {
    matches!(event.kind, EventKind::SyscallExit { .. })
}

impl TraceStream {
    /// A stream without events.
    pub(super) fn new(session: u32, stream: u32) -> Self {
        Self {
            session,
            stream,
            ..Self::default()
        }
    }

    /// Takes a part over; [`TraceStream::sort`] puts it where it belongs.
    pub(super) fn add(&mut self, found: Found) {
        self.lost_events = self.lost_events.saturating_add(found.lost_events);
        self.lost_gaps = self.lost_gaps.saturating_add(found.lost_gaps);
        self.has_graph |= found.has_graph;
        self.has_syscalls |= found.has_syscalls;
        self.parts.push(found.part);
    }

    /// Puts the parts of each processor in order of time.
    pub(super) fn sort(&mut self) {
        self.parts.sort_by_key(|part| (part.cpu, part.first_ns));
    }

    /// The events of all processors, by time; those of one processor in their own order.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        let cpus = self.parts.chunk_by(|one, two| one.cpu == two.cpu);
        let cpus = cpus.map(|parts| parts.iter().flat_map(Part::events));
        cpus.kmerge_by(|one, two| (one.time_ns, one.cpu) < (two.time_ns, two.cpu))
    }
}

#[cfg(test)]
impl TraceStream {
    /// A stream of these events.
    pub(crate) fn of(session: u32, events: &[Event]) -> Self {
        let mut stream = Self {
            session,
            has_graph: events.iter().any(is_graph),
            has_syscalls: events.iter().any(is_syscall),
            ..Self::default()
        };
        let mut events = events.to_vec();
        events.sort_by_key(|event| event.cpu);
        let by_cpu = events.chunk_by(|one, two| one.cpu == two.cpu);
        stream.parts.extend(by_cpu.map(|events| Part {
            cpu: events[0].cpu,
            first_ns: events[0].time_ns,
            len: events.len(),
            source: Source::Events(events.to_vec()),
        }));
        stream.sort();
        stream
    }
}
