//! Filters and modes of the real program on the host's own kernel. They need root; without it they say so and pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{fs, path::Path, thread, time::Duration};

use format_spec::{
    Reader,
    record::{Failure, Failures, Phase, Snapshot},
};
use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
    process::{Pid, Signal, kill_process},
};
use support::{may_record, start, wait_until_armed};

fn failures(folder: &Path) -> Vec<Failure> {
    let file = fs::read(folder.join("a.etz")).unwrap();
    let reader = Reader::new(&file[..]).unwrap();
    assert_eq!(reader.damage().len(), 0);
    let frames = reader.frames_of::<Failures>();
    frames
        .flat_map(|frame| reader.decode::<Failures>(frame).unwrap().rows)
        .collect()
}

/// Fails with EINVAL: both flags together make no sense.
fn fail_to_rename() {
    let flags = RenameFlags::EXCHANGE | RenameFlags::NOREPLACE;
    let failed = renameat_with(CWD, "/no/such/a", CWD, "/no/such/b", flags);
    assert_eq!(failed, Err(Errno::INVAL));
}

#[test]
fn nothing_to_keep_leaves_no_file_and_status_3() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["--only-failing", "--errno", "EMULTIHOP", "--for", "200ms"][..],
        &[
            "--flight-recorder",
            "1s",
            "--trigger",
            "EMULTIHOP",
            "--for",
            "200ms",
        ],
    ] {
        let status = start(folder.path(), arguments).wait().unwrap();
        assert_eq!(status.code(), Some(3), "{arguments:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn what_failed_is_kept_with_only_failing() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--only-failing",
        "--syscall",
        "rmdir,unlinkat",
        "--",
        "rmdir",
        "/no/such",
    ];
    // That of rmdir(1).
    let status = start(folder.path(), &arguments).wait().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(!failures(folder.path()).is_empty());
}

#[test]
fn the_flight_recorder_writes_what_came_before_its_trigger() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut child = start(
        path,
        &["--flight-recorder", "30s", "--trigger", "renameat2:EINVAL"],
    );
    wait_until_armed(path);
    let missing = path.join("missing");
    fs::remove_dir(&missing).unwrap_err();
    thread::sleep(Duration::from_millis(600));
    fail_to_rename();
    thread::sleep(Duration::from_millis(600));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    let rows = failures(path);
    let named = |row: &&Failure| {
        let mut paths = row.paths.iter();
        paths.any(|argument| argument.bytes == missing.as_os_str().as_encoded_bytes())
    };
    let before = rows.iter().find(named).unwrap();
    let trigger = rows
        .iter()
        .find(|row| row.errno == 22 && row.tgid == std::process::id());
    assert!(before.time_ns < trigger.unwrap().time_ns);
    let file = fs::read(path.join("a.etz")).unwrap();
    let reader = Reader::new(&file[..]).unwrap();
    let mut snapshots = reader.frames_of::<Snapshot>();
    assert!(
        snapshots
            .any(|frame| { reader.decode::<Snapshot>(frame).unwrap().phase == Phase::Failure })
    );
}

#[test]
fn a_signal_triggers_the_flight_recorder() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(folder.path(), &["--flight-recorder", "30s"]);
    wait_until_armed(folder.path());
    fail_to_rename();
    thread::sleep(Duration::from_millis(400));
    kill_process(Pid::from_child(&child), Signal::USR1).unwrap();
    thread::sleep(Duration::from_millis(600));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    let own = |row: &Failure| row.tgid == std::process::id();
    assert!(failures(folder.path()).iter().any(own));
}

#[test]
fn a_stopped_recorder_goes_on_and_nothing_is_miscounted() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(folder.path(), &[]);
    wait_until_armed(folder.path());
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::STOP).unwrap();
    for _ in 0..5_000 {
        fail_to_rename();
    }
    kill_process(pid, Signal::CONT).unwrap();
    thread::sleep(Duration::from_millis(500));
    kill_process(pid, Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    let file = fs::read(folder.path().join("a.etz")).unwrap();
    let reader = Reader::new(&file[..]).unwrap();
    let frame = reader
        .frames_of::<format_spec::record::Counts>()
        .next()
        .unwrap();
    let counts: format_spec::record::Counts = reader.decode(frame).unwrap();
    let mut rows = counts.rows.iter();
    let own = rows.find(|row| row.errno == 22 && row.tgid == std::process::id());
    let own = own.unwrap();
    assert!(own.count >= 5_000 && own.last_ns >= own.first_ns);
}

#[test]
fn samples_are_limited_to_a_control_group() {
    let root = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].map(Path::new);
    let root = root
        .into_iter()
        .find(|root| root.join("cgroup.procs").exists());
    let group = root.map(|root| root.join(format!("etz-test-{}", std::process::id())));
    let made =
        group.filter(|group| may_record() && fs::create_dir_all(group.join("inner")).is_ok());
    let Some(group) = made else {
        return eprintln!("skipped: no cgroup v2 that groups can be made in");
    };
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "rmdir /no/such/outside; echo $$ > {}/inner/cgroup.procs; rmdir /no/such/inside",
        group.display()
    );
    let mut child = start(
        folder.path(),
        &[
            "--cgroup",
            group.to_str().unwrap(),
            "--syscall",
            "rmdir",
            "--",
            "sh",
            "-c",
            &script,
        ],
    );
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let rows = failures(folder.path());
    let _ = fs::remove_dir(group.join("inner")).and_then(|()| fs::remove_dir(&group));
    let paths: Vec<_> = rows.iter().flat_map(|row| &row.paths).collect();
    assert_eq!(paths.len(), 1, "{paths:?}");
    assert_eq!(paths[0].bytes, b"/no/such/inside");
}

#[test]
fn a_filter_that_matches_nothing_is_told() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let child = start(folder.path(), &["--comm", "no-such-name", "--for", "200ms"]);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let lines: Vec<_> = told.lines().collect();
    assert!(
        lines[0].contains("no process is called no-such-name"),
        "{told}"
    );
    assert!(
        told.contains("nothing that was asked for has failed"),
        "{told}"
    );
}
