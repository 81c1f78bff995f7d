//! The recording as a Perfetto trace: a track for each thread with the traced kernel functions as slices, their return
//! values and errors as arguments, failing syscalls as instants; a track for what the recorder did.

mod events;
mod proto;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use prost::Message as _;

use self::proto::{
    Clock, ClockSnapshot, ProcessDescriptor, ThreadDescriptor, Trace, TracePacket, TrackDescriptor,
    clock,
};
use crate::{load::Bundle, text::plain};

/// The one sequence of packets.
const SEQUENCE: u32 = 1;

/// Tracks of the recorder itself.
const ZOOMS: u64 = 1;
const SNAPSHOTS: u64 = 2;

/// Writes the trace. Returns whether it has any event.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle) -> io::Result<bool> {
    let events = events::all(bundle);
    let found = !events.is_empty();
    let mut packet = |packet: TracePacket| {
        let one = Trace {
            packet: vec![packet],
        };
        out.write_all(&one.encode_to_vec())
    };
    if let Some(manifest) = &bundle.manifest {
        let clocks = &manifest.clocks;
        let at = |clock_id, timestamp| Clock {
            clock_id: Some(clock_id),
            timestamp: Some(timestamp),
        };
        packet(TracePacket {
            clock_snapshot: Some(ClockSnapshot {
                clocks: vec![
                    at(clock::REALTIME, clocks.realtime_ns),
                    at(clock::MONOTONIC, clocks.monotonic_ns),
                    at(clock::BOOTTIME, clocks.boottime_ns),
                ],
                primary_trace_clock: Some(clock::MONOTONIC),
            }),
            trusted_packet_sequence_id: Some(SEQUENCE),
            ..TracePacket::default()
        })?;
    }
    for track in tracks(bundle, &events) {
        packet(TracePacket {
            track_descriptor: Some(track),
            trusted_packet_sequence_id: Some(SEQUENCE),
            ..TracePacket::default()
        })?;
    }
    for (time_ns, event) in events {
        packet(TracePacket {
            timestamp: Some(time_ns),
            timestamp_clock_id: Some(clock::MONOTONIC),
            track_event: Some(event),
            trusted_packet_sequence_id: Some(SEQUENCE),
            ..TracePacket::default()
        })?;
    }
    Ok(found)
}

/// The track of a thread.
fn thread_track(tid: u32) -> u64 {
    1 << 32 | u64::from(tid)
}

/// The track of a process.
fn process_track(tgid: u32) -> u64 {
    2 << 32 | u64::from(tgid)
}

/// The recorder's tracks, and those of all threads that did something with their processes.
fn tracks(bundle: &Bundle, events: &[(u64, proto::TrackEvent)]) -> Vec<TrackDescriptor> {
    let mut tracks = Vec::new();
    for (uuid, name) in [(ZOOMS, "etz: zooms"), (SNAPSHOTS, "etz: snapshots")] {
        tracks.push(TrackDescriptor {
            uuid: Some(uuid),
            name: Some(name.into()),
            ..TrackDescriptor::default()
        });
    }
    // What failures tell of threads: their process and their name.
    let known: BTreeMap<u32, (u32, String)> = bundle
        .failures
        .iter()
        .map(|failure| (failure.pid, (failure.tgid, plain(&failure.comm))))
        .collect();
    let mut threads: Vec<u32> = events
        .iter()
        .filter_map(|(_, event)| u32::try_from(event.track_uuid? ^ 1 << 32).ok())
        .collect();
    threads.sort_unstable();
    threads.dedup();
    let mut processes: BTreeMap<u32, String> = BTreeMap::new();
    for &tid in &threads {
        let (tgid, comm) = known.get(&tid).cloned().unwrap_or((tid, String::new()));
        let name = processes.entry(tgid).or_default();
        if name.is_empty() || tid == tgid {
            name.clone_from(&comm);
        }
        tracks.push(TrackDescriptor {
            uuid: Some(thread_track(tid)),
            parent_uuid: Some(process_track(tgid)),
            thread: Some(ThreadDescriptor {
                pid: i32::try_from(tgid).ok(),
                tid: Some(tid.into()),
                thread_name: Some(comm).filter(|comm| !comm.is_empty()),
            }),
            ..TrackDescriptor::default()
        });
    }
    tracks.extend(processes.into_iter().map(|(tgid, name)| TrackDescriptor {
        uuid: Some(process_track(tgid)),
        process: Some(ProcessDescriptor {
            pid: i32::try_from(tgid).ok(),
            process_name: Some(name).filter(|name| !name.is_empty()),
        }),
        ..TrackDescriptor::default()
    }));
    tracks
}

#[cfg(test)]
mod tests {
    use super::{proto::EventType, *};
    use crate::testing::Recording;

    fn decoded(recording: &Recording) -> Trace {
        let mut out = Vec::new();
        write(&mut out, &recording.load()).unwrap();
        Trace::decode(&out[..]).unwrap()
    }

    #[test]
    fn slices_nest_and_have_their_errors() {
        let mut recording = Recording::new();
        let kernel = &mut recording.kernel;
        kernel.syscall_enter(40);
        kernel.enter("path_mount");
        kernel.returned("count_mounts", -28);
        kernel.call("never_returned_a_value");
        kernel.leave_with("path_mount", Some(-28));
        kernel.syscall_exit(40, -28);
        let time_ns = kernel.events.last().unwrap().time_ns;
        recording.take_events(1);
        recording.fail(40, 28, "dockerd", time_ns);
        let trace = decoded(&recording);
        assert_eq!(
            trace.packet[0]
                .clock_snapshot
                .as_ref()
                .unwrap()
                .clocks
                .len(),
            3
        );
        let events: Vec<_> = trace
            .packet
            .iter()
            .filter_map(|packet| packet.track_event.as_ref())
            .collect();
        let mut open: Vec<&str> = Vec::new();
        let mut deepest = Vec::new();
        for event in &events {
            match event.r#type() {
                EventType::SliceBegin => open.push(event.name()),
                EventType::SliceEnd => assert!(open.pop().is_some()),
                _ => {}
            }
            if open.len() > deepest.len() {
                deepest.clone_from(&open);
            }
        }
        assert!(open.is_empty());
        assert_eq!(deepest, ["mount", "path_mount", "count_mounts"]);
        let slice = events
            .iter()
            .find(|event| event.name() == "count_mounts")
            .unwrap();
        assert_eq!(slice.debug_annotations[0].name(), "returned");
        assert_eq!(
            slice.debug_annotations[0].string_value(),
            "-28 ENOSPC (No space left on device)"
        );
        assert_eq!(slice.categories, ["error"]);
        let failure = events
            .iter()
            .find(|event| event.r#type() == EventType::Instant)
            .unwrap();
        assert_eq!(
            (failure.name(), failure.track_uuid()),
            ("mount ENOSPC", thread_track(100))
        );
        let described = trace
            .packet
            .iter()
            .filter_map(|packet| packet.track_descriptor.as_ref());
        let thread = described
            .filter_map(|track| track.thread.as_ref())
            .next()
            .unwrap();
        assert_eq!((thread.tid(), thread.thread_name()), (100, "dockerd"));
    }

    #[test]
    fn times_never_go_back_on_a_track() {
        let mut recording = Recording::new();
        let kernel = &mut recording.kernel;
        kernel.enter("outer");
        kernel.enter("lost_its_return");
        kernel.leave("outer");
        recording.take_events(1);
        let trace = decoded(&recording);
        let times = trace
            .packet
            .iter()
            .filter(|packet| packet.track_event.is_some());
        assert!(times.map(TracePacket::timestamp).is_sorted());
    }
}
