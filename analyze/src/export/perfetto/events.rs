//! What happened, as events on tracks, by time.

use format_spec::record::{Pass, Phase};

use super::{
    SNAPSHOTS, ZOOMS,
    proto::{DebugAnnotation, EventType, TrackEvent},
    thread_track,
};
use crate::{
    graph::{CallTree, Calls, Outcome, ReturnRun, valued},
    load::Bundle,
    names::{errno_name, errno_text, syscall_name},
    text::plain,
    view::trace,
};

/// An event with its time, nanoseconds of CLOCK_MONOTONIC.
type Timed = (u64, TrackEvent);

/// All events by time; at one time in the order in which they nest.
pub(super) fn all(bundle: &Bundle) -> Vec<Timed> {
    let calls = Calls::new(bundle);
    let mut events = Vec::new();
    recorder(bundle, &mut events);
    for (recorded, tree) in calls.graphs.iter().zip(valued(&calls)) {
        let own = recorded.has_values();
        // The idle task is not one thread, and calls nothing.
        if tree.pid != 0 {
            slices(bundle, &tree, own, &mut events);
        }
    }
    for run in calls.sentinels.iter().chain(&calls.returns) {
        probes(bundle, run, &mut events);
    }
    failures(bundle, &mut events);
    events.sort_by_key(|&(time_ns, _)| time_ns);
    events
}

fn event(r#type: EventType, track: u64) -> TrackEvent {
    TrackEvent {
        r#type: Some(r#type.into()),
        track_uuid: Some(track),
        ..TrackEvent::default()
    }
}

fn named(r#type: EventType, track: u64, name: String, category: &str) -> TrackEvent {
    TrackEvent {
        name: Some(name),
        categories: vec![category.into()],
        ..event(r#type, track)
    }
}

fn annotation(name: &str, value: String) -> DebugAnnotation {
    DebugAnnotation {
        name: Some(name.into()),
        string_value: Some(value),
    }
}

fn error(errno: u16) -> String {
    format!("-{errno} {} ({})", errno_name(errno), errno_text(errno))
}

/// A returned value in words.
fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Error(errno) => error(errno),
        Outcome::Null => "NULL".into(),
        Outcome::Truth(truth) => truth.to_string(),
        Outcome::Value(value) => value.to_string(),
        Outcome::Pointer => "a pointer".into(),
    }
}

/// The calls of one syscall, in one slice that is the syscall; `own` tells whether the values are of this very call, and
/// not of another one that failed alike.
fn slices(bundle: &Bundle, tree: &CallTree, own: bool, events: &mut Vec<Timed>) {
    let track = thread_track(tree.pid);
    let starts = tree.calls().iter().map(|call| call.start_ns);
    let Some(began_ns) = starts.filter(|&start_ns| start_ns != 0).min() else {
        return;
    };
    if let Some(number) = tree.syscall {
        let name = syscall_name(bundle.architecture(), number);
        let mut slice = named(EventType::SliceBegin, track, name, "syscall");
        if let Some(result) = tree.result {
            let returned = outcome(Outcome::of_result(result));
            slice
                .debug_annotations
                .push(annotation("returned", returned));
        }
        events.push((began_ns, slice));
    }
    // Lost ends are closed with their caller; time never goes back on a track.
    let mut now_ns = began_ns;
    let mut open: Vec<usize> = Vec::new();
    for (index, call) in tree.calls().iter().enumerate() {
        while open.last().copied() != tree.parent(index) {
            let Some(done) = open.pop() else { break };
            now_ns = now_ns.max(tree.calls()[done].end_ns.unwrap_or(0));
            events.push((now_ns, event(EventType::SliceEnd, track)));
        }
        now_ns = now_ns.max(call.start_ns);
        events.push((now_ns, begin(bundle, tree, own, index)));
        open.push(index);
    }
    while let Some(done) = open.pop() {
        now_ns = now_ns.max(tree.calls()[done].end_ns.unwrap_or(0));
        events.push((now_ns, event(EventType::SliceEnd, track)));
    }
    if tree.syscall.is_some() {
        now_ns = now_ns.max(tree.ended_ns);
        events.push((now_ns, event(EventType::SliceEnd, track)));
    }
}

fn begin(bundle: &Bundle, tree: &CallTree, own: bool, index: usize) -> TrackEvent {
    let call = &tree.calls()[index];
    let returned = tree.shown(index, &bundle.symbols);
    let category = match returned {
        _ if call.interrupt => "interrupt",
        Some(Outcome::Error(_)) => "error",
        _ => "call",
    };
    let name = bundle.symbols.name(call.function);
    let track = thread_track(tree.pid);
    let mut slice = named(EventType::SliceBegin, track, name, category);
    if let Some(returned) = returned {
        let when = if own {
            "returned"
        } else {
            "returned when it failed alike"
        };
        slice
            .debug_annotations
            .push(annotation(when, outcome(returned)));
    }
    let arguments = tree.arguments(index);
    if !arguments.is_empty() {
        let registers: Vec<String> = arguments
            .iter()
            .map(|value| format!("{value:#x}"))
            .collect();
        slice
            .debug_annotations
            .push(annotation("argument registers", registers.join(", ")));
    }
    slice
}

/// What return probes saw: no slices, as only the end is known.
fn probes(bundle: &Bundle, run: &ReturnRun, events: &mut Vec<Timed>) {
    let track = thread_track(run.pid);
    for hit in run.hits.iter().chain(&run.made) {
        let Some(value) = hit.value else { continue };
        let Some(returned) = Outcome::read(value, bundle.symbols.returns(hit.function)) else {
            continue;
        };
        let name = bundle.symbols.name(hit.function);
        let text = match returned {
            Outcome::Error(errno) => errno_name(errno),
            other => outcome(other),
        };
        let mut instant = named(
            EventType::Instant,
            track,
            format!("{name} returned {text}"),
            "probe",
        );
        instant
            .debug_annotations
            .push(annotation("returned", outcome(returned)));
        events.push((hit.time_ns, instant));
    }
}

fn failures(bundle: &Bundle, events: &mut Vec<Timed>) {
    for failure in &bundle.failures {
        let syscall = syscall_name(bundle.architecture(), failure.syscall);
        let name = format!("{syscall} {}", errno_name(failure.errno));
        let mut instant = named(
            EventType::Instant,
            thread_track(failure.pid),
            name,
            "failure",
        );
        instant.debug_annotations = vec![
            annotation("returned", error(failure.errno)),
            annotation("call", trace::call(bundle, failure)),
            annotation("comm", plain(&failure.comm)),
        ];
        events.push((failure.time_ns, instant));
    }
}

fn recorder(bundle: &Bundle, events: &mut Vec<Timed>) {
    let mut slice = |track, began_ns: u64, ended_ns: u64, name: String| {
        events.push((began_ns, named(EventType::SliceBegin, track, name, "etz")));
        events.push((ended_ns.max(began_ns), event(EventType::SliceEnd, track)));
    };
    for zoom in &bundle.zooms {
        let what = match zoom.pass {
            Pass::Graph => "function graph",
            Pass::Returns => "return values",
        };
        let syscall = syscall_name(bundle.architecture(), zoom.syscall);
        let name = format!("{what} of {syscall} {}", errno_name(zoom.errno));
        slice(ZOOMS, zoom.armed_ns, zoom.ended_ns, name);
    }
    for view in bundle.snapshots.all() {
        let name = match view.phase {
            Phase::Start => "snapshot at the start",
            Phase::Failure => "snapshot at a failure",
            Phase::End => "snapshot at the end",
        };
        slice(SNAPSHOTS, view.started_ns, view.ended_ns, name.into());
    }
}
