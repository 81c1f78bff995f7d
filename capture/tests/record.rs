//! The real program on the host's own kernel. Recording needs root; without it those tests say so and pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use format_spec::{
    Reader,
    record::{Closing, Counts, EndReason, FactTable, Failures, Manifest, Phase, Record, Snapshot},
};
use rustix::process::{Pid, Signal, kill_process};
use support::may_record;

fn capture(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture"));
    command.args(arguments);
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether this host allows to record; says why not.
fn all<R: Record>(file: &[u8]) -> Vec<R> {
    let reader = Reader::new(file).unwrap();
    assert_eq!(reader.damage().len(), 0);
    let frames = reader.frames_of::<R>();
    frames.map(|frame| reader.decode(frame).unwrap()).collect()
}

#[test]
fn wrong_usage_is_told_in_a_line_with_status_2() {
    for (arguments, expected) in [
        (
            &["--errno", "ENOSPACE", "-o", "x"][..],
            "did you mean ENOSPC",
        ),
        (&["--syscall", "opennat", "-o", "x"], "did you mean openat"),
        (&["--for", "60x", "-o", "x"], "write 60s"),
        (&["--for", "60s"], "-o incident.etz"),
    ] {
        let output = capture(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

#[test]
fn records_a_command() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("a.etz");
    // rmdir(1) of a folder that is not empty fails, and nothing else on the host does that at this path.
    let full = folder.path().join("full");
    fs::create_dir_all(full.join("inner")).unwrap();
    let script = format!("rmdir {0}; rmdir {0}; exit 3", full.display());
    let output = capture(&["--graph", "never", "-o"])
        .arg(&bundle)
        .args(["--", "sh", "-c", &script])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));

    let file = fs::read(&bundle).unwrap();
    let reader = Reader::new(&file).unwrap();
    assert_eq!(reader.frames()[0].header.frame_type, Manifest::TYPE);
    let facts = &all::<FactTable>(&file)[0].facts;
    let failures: Vec<_> = all::<Failures>(&file)
        .into_iter()
        .flat_map(|part| part.rows)
        .collect();
    let path = full.as_os_str().as_encoded_bytes();
    let own: Vec<_> = failures
        .iter()
        .filter(|row| row.paths.iter().any(|argument| argument.bytes == path))
        .collect();
    assert_eq!(own.len(), 2);
    for row in &own {
        assert_eq!(
            (row.errno, &row.comm[..], row.not_entered),
            (39, &b"rmdir"[..], false)
        );
        let fact = |name: &str| {
            let id = facts.iter().find(|fact| fact.name == name).unwrap().id;
            row.facts.iter().find(|(known, _)| *known == id).unwrap().1
        };
        assert_eq!(fact("ns.mnt"), inode("/proc/self/ns/mnt"));
        assert_eq!(fact("cred.euid"), 0);
        assert!(fact("mnt_ns.mounts") >= 1 && fact("rlimit.NOFILE") >= 3);
    }
    let counts = &all::<Counts>(&file)[0].rows;
    for row in &own {
        let found = counts.iter().find(|count| {
            (count.syscall, count.errno, count.tgid) == (row.syscall, row.errno, row.tgid)
        });
        assert_eq!(found.unwrap().count, 1);
    }
    let phases: Vec<_> = all::<Snapshot>(&file)
        .iter()
        .map(|part| part.phase)
        .collect();
    assert!(phases.starts_with(&[Phase::Start]) && phases.ends_with(&[Phase::End]));
    let closing = &all::<Closing>(&file)[0];
    assert_eq!(closing.reason, EndReason::Command);
    assert_eq!(closing.command_status, Some(3 << 8));
    assert!(closing.cost.peak_memory_bytes > 0 && closing.not_restored.is_empty());
    assert!(closing.drops.iter().any(|drop| drop.count == 0));
}

fn inode(path: &str) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).unwrap().ino()
}

#[test]
fn signals_end_it_cleanly_however_often_they_come() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("a.etz");
    let child = capture(&["--graph", "never", "-o"])
        .arg(&bundle)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    // The manifest is written once signals are caught.
    let partial = folder.path().join("a.etz.partial");
    while fs::metadata(&partial).map_or(0, |found| found.len()) < 1000 {
        assert!(Instant::now() < deadline, "nothing was recorded");
        thread::sleep(Duration::from_millis(10));
    }
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let file = fs::read(&bundle).unwrap();
    assert_eq!(all::<Closing>(&file)[0].reason, EndReason::Signal(2));
}

#[test]
fn what_keeps_it_from_writing_is_told_in_a_line_with_status_1() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken.etz");
    fs::write(&taken, "x").unwrap();
    let taken_path = taken.to_str().unwrap();
    for (arguments, expected) in [
        (
            &["--for", "5s", "-o", taken_path][..],
            "--force to replace it",
        ),
        (
            &["--for", "5s", "--force", "-o", "/dev/full"],
            "No space left on device",
        ),
        (
            &["--for", "5s", "-o", "/no/such/folder/a.etz"],
            "the folder does not exist",
        ),
    ] {
        let output = capture(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    }
    assert_eq!(fs::read(&taken).unwrap(), b"x");
}

#[test]
fn the_guard_takes_back_what_is_left_when_the_pipe_closes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("current_tracer");
    fs::write(&file, "function_graph").unwrap();
    let mut child = capture(&["guard"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    writeln!(
        pipe,
        "write {} {}",
        hex(file.as_os_str().as_encoded_bytes()),
        hex(b"nop")
    )
    .unwrap();
    // What Ctrl-C and a service manager send must not end it.
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        thread::sleep(Duration::from_millis(100));
        kill_process(Pid::from_child(&child), signal).unwrap();
    }
    thread::sleep(Duration::from_millis(100));
    assert_eq!(read(&file), "function_graph");
    drop(pipe);
    assert!(child.wait().unwrap().success());
    assert_eq!(read(&file), "nop");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
