//! Exports, opened by what they are made for: Graphviz, an SVG renderer, Perfetto's own schema.
//!
//! Perfetto's trace_processor is in no package registry: the trace is read by the classes that Perfetto generates from
//! its whole schema (`pip install perfetto`), which is a check of the schema and not of what it draws. Each consumer that
//! is not installed is passed over, and said so.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by a panic, helpers outside of test functions too"
)]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use support::bundle;

fn export(bundle: &Path, format: &str, file: &Path) -> Output {
    let mut analyze = Command::new(env!("CARGO_BIN_EXE_analyze"));
    let analyze = analyze.arg("export").arg(bundle).arg(format).arg(file);
    analyze.output().unwrap()
}

/// Exports the recording of the scenario `name`.
fn exported(name: &str, format: &str, file: &Path) {
    let output = export(&bundle(name), format, file);
    assert!(output.status.success(), "{output:?}");
}

/// Runs a consumer; `None` when it is not installed.
fn open(program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        eprintln!("SKIPPED: {program} is not installed");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if errors.contains("No module named") {
        eprintln!("SKIPPED: {errors}");
        return None;
    }
    assert!(output.status.success(), "{program}: {errors}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn dot_lays_the_call_graph_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.dot");
    exported("bind-mount-max", "--dot", &file);
    if let Some(svg) = open("dot", &["-Tsvg", file.to_str().unwrap()]) {
        assert!(svg.contains("count_mounts") && svg.contains("ENOSPC") && svg.contains("</svg>"));
    }
}

#[test]
fn the_flame_graph_is_an_image() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flame.svg");
    exported("bind-mount-max", "--flamegraph", &file);
    let svg = fs::read_to_string(&file).unwrap();
    assert!(svg.contains("count_mounts [ENOSPC]"), "no failing function");
    let image = folder.path().join("flame.png");
    let arguments = [file.to_str().unwrap(), "-o", image.to_str().unwrap()];
    if open("rsvg-convert", &arguments).is_some() {
        assert!(fs::read(image).unwrap().starts_with(b"\x89PNG"));
    }
}

#[test]
fn folded_stacks_are_frames_and_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("folded.txt");
    exported("docker-run-mount-max", "--folded", &file);
    let text = fs::read_to_string(&file).unwrap();
    for line in text.lines() {
        let (frames, weight) = line.rsplit_once(' ').unwrap();
        assert!(
            weight.parse::<u64>().unwrap() > 0 && frames.split(';').count() > 1,
            "{line}"
        );
    }
    assert!(text.contains(";mount [ENOSPC];__arm64_sys_mount"));
}

/// Prints how many slices begin and end, and those that returned an error; fails on a track that is not described.
const READ_PERFETTO: &str = r#"
import sys
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema
trace = schema.Trace()
trace.ParseFromString(open(sys.argv[1], "rb").read())
tracks = {packet.track_descriptor.uuid for packet in trace.packet if packet.HasField("track_descriptor")}
events = [packet.track_event for packet in trace.packet if packet.HasField("track_event")]
assert all(event.track_uuid in tracks for event in events)
kinds = [schema.TrackEvent.Type.Name(event.type) for event in events]
errors = [event.name for event in events if "error" in event.categories]
print(kinds.count("TYPE_SLICE_BEGIN"), kinds.count("TYPE_SLICE_END"), "count_mounts" in errors)
"#;

#[test]
fn perfetto_reads_the_trace() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.pftrace");
    exported("bind-mount-max", "--perfetto", &file);
    if let Some(said) = open("python3", &["-c", READ_PERFETTO, file.to_str().unwrap()]) {
        let words: Vec<&str> = said.split_whitespace().collect();
        assert!(
            words[0] == words[1] && words[0] != "0" && words[2] == "True",
            "{said}"
        );
    }
}

#[test]
fn standard_output_gets_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.pftrace");
    exported("bind-mount-max", "--perfetto", &file);
    let piped = export(&bundle("bind-mount-max"), "--perfetto", Path::new("-"));
    assert!(piped.status.success());
    assert!(piped.stdout == fs::read(&file).unwrap());
}

#[test]
fn without_a_format_it_is_wrong_usage() {
    let mut export = Command::new(env!("CARGO_BIN_EXE_analyze"));
    let output = export
        .arg("export")
        .arg(bundle("bind-mount-max"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--perfetto"));
}

#[test]
fn two_formats_are_not_mixed_on_standard_output() {
    let mut export = Command::new(env!("CARGO_BIN_EXE_analyze"));
    let output = export
        .args(["export", "--dot", "-", "--folded", "-"])
        .arg(bundle("bind-mount-max"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_recording_without_calls_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flame.svg");
    let output = export(&bundle("enoent-lookups"), "--flamegraph", &file);
    assert!(output.status.success() && !file.exists());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no calls"));
    let nowhere = folder.path().join("no/such/folder.svg");
    let output = export(&bundle("bind-mount-max"), "--flamegraph", &nowhere);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
}
