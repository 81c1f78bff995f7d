//! When what failed, and when the recorder looked closer.

use format_spec::record::{Pass, Phase};
use serde::Serialize;

use super::{since_ms, start_ns};
use crate::{
    diagnosis::Diagnosis,
    failures::Group,
    load::Bundle,
    names::{errno_name, syscall_name},
    text::plain,
};

/// Moments that are written of one kind of failure; of more, every n-th.
const MAX_MOMENTS: usize = 1000;

/// Kinds of failures that are written, the most suspicious ones.
const MAX_KINDS: usize = 300;

/// Times are milliseconds from the start of the recording.
#[derive(Debug, Serialize)]
pub(super) struct Timeline {
    /// The end of the recording, or of what is known of it.
    end_ms: u64,
    kinds: Vec<Kind>,
    snapshots: Vec<Moment>,
    zooms: Vec<Span>,
}

/// One kind of failure.
#[derive(Debug, Serialize)]
struct Kind {
    /// `mount ENOSPC by dockerd`.
    title: String,
    class: &'static str,
    /// How often it failed, whether the moment was recorded or not.
    count: u64,
    first_ms: u64,
    last_ms: u64,
    /// When, as far as single failures were recorded.
    moments_ms: Vec<u64>,
    /// Whether the answer is about it.
    subject: bool,
}

#[derive(Debug, Serialize)]
struct Moment {
    title: &'static str,
    at_ms: u64,
}

#[derive(Debug, Serialize)]
struct Span {
    title: String,
    from_ms: u64,
    to_ms: u64,
}

impl Timeline {
    pub(super) fn new(bundle: &Bundle, diagnosis: &Diagnosis) -> Self {
        let start_ns = start_ns(bundle, diagnosis);
        let groups = diagnosis.failures.iter().enumerate().take(MAX_KINDS);
        let kinds: Vec<Kind> = groups
            .map(|(index, group)| {
                let subject = diagnosis.subject == Some(index);
                kind(bundle, group, start_ns, subject)
            })
            .collect();
        let snapshots = bundle.snapshots.all().iter().map(|view| Moment {
            title: match view.phase {
                Phase::Start => "start",
                Phase::Failure => "failure",
                Phase::End => "end",
            },
            at_ms: since_ms(start_ns, view.started_ns),
        });
        let zooms = bundle.zooms.iter().map(|zoom| Span {
            title: format!(
                "{} of {} {}",
                match zoom.pass {
                    Pass::Graph => "function graph",
                    Pass::Returns => "return values",
                },
                syscall_name(bundle.architecture(), zoom.syscall),
                errno_name(zoom.errno)
            ),
            from_ms: since_ms(start_ns, zoom.armed_ns),
            to_ms: since_ms(start_ns, zoom.ended_ns),
        });
        let snapshots: Vec<Moment> = snapshots.collect();
        let last = kinds.iter().map(|kind| kind.last_ms);
        let last = last
            .chain(snapshots.iter().map(|moment| moment.at_ms))
            .max();
        let closing = bundle.closing.as_ref();
        let closed = closing.map(|closing| since_ms(start_ns, closing.ended_ns));
        Self {
            end_ms: closed.max(last).unwrap_or(0).max(1),
            kinds,
            snapshots,
            zooms: zooms.collect(),
        }
    }
}

fn kind(bundle: &Bundle, group: &Group, start_ns: u64, subject: bool) -> Kind {
    let moments: Vec<u64> = group
        .failures(bundle)
        .map(|failure| since_ms(start_ns, failure.time_ns))
        .collect();
    let step = moments.len().div_ceil(MAX_MOMENTS).max(1);
    Kind {
        title: format!(
            "{} {} by {}",
            group.syscall_name,
            group.errno_name(),
            plain(&group.comm)
        ),
        class: group.class.name(),
        count: group.count,
        first_ms: since_ms(start_ns, group.first_ns),
        last_ms: since_ms(start_ns, group.last_ns),
        moments_ms: moments.into_iter().step_by(step).collect(),
        subject,
    }
}
