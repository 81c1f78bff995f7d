//! Whatever happens to the recorder, its disk or its file, what was recorded stays: on the host's own kernel. They need
//! root; without it they say so and pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use format_spec::{
    Reader,
    record::{CountUpdates, Counts, Failures, Record},
};
use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
    mount::{MountFlags, UnmountFlags, mount, unmount},
    process::{Pid, Signal, kill_process},
};
use support::{may_record, start, wait_until_armed};

const INVALID: u16 = 22;

/// Fails with EINVAL: both flags together make no sense.
fn fail_to_rename() {
    let flags = RenameFlags::EXCHANGE | RenameFlags::NOREPLACE;
    let failed = renameat_with(CWD, "/no/such/a", CWD, "/no/such/b", flags);
    assert_eq!(failed, Err(Errno::INVAL));
}

fn all<R: Record>(file: &[u8]) -> Vec<R> {
    let reader = Reader::new(file).unwrap();
    let frames = reader.frames_of::<R>();
    frames.map(|frame| reader.decode(frame).unwrap()).collect()
}

/// How many of our failures a bundle holds whole, and how many it counts.
fn own_failures(file: &[u8]) -> (usize, u64) {
    let own = std::process::id();
    let failures = all::<Failures>(file);
    let whole = failures.iter().flat_map(|part| &part.rows);
    let whole = whole.filter(|row| (row.tgid, row.errno) == (own, INVALID));
    let updates = all::<CountUpdates>(file);
    let counted = updates.iter().flat_map(|part| &part.rows);
    let mut counted = counted.filter(|row| (row.tgid, row.errno) == (own, INVALID));
    (
        whole.count(),
        counted.next_back().map_or(0, |row| row.count),
    )
}

#[test]
fn a_killed_recorder_loses_a_second_and_nothing_that_was_there() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.etz");
    fs::write(&path, "the last incident").unwrap();
    let mut child = start(folder.path(), &["--force"]);
    wait_until_armed(folder.path());
    for _ in 0..3 {
        fail_to_rename();
        thread::sleep(Duration::from_millis(200));
    }
    thread::sleep(Duration::from_secs(1));
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"the last incident");
    let partial = folder.path().join("a.etz.partial");
    assert_eq!(
        partial.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    let file = fs::read(&partial).unwrap();
    assert_eq!(own_failures(&file), (3, 3));
    assert_eq!(all::<Counts>(&file), []);
}

#[test]
fn a_full_disk_leaves_what_was_written_and_says_how_much() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = c"size=16m";
    mount("none", folder.path(), "tmpfs", MountFlags::empty(), data).unwrap();
    let mut child = start(folder.path(), &[]);
    wait_until_armed(folder.path());
    fail_to_rename();
    thread::sleep(Duration::from_millis(1500));
    // As much as there is room for.
    let filled = fs::write(folder.path().join("filler"), vec![0; 32 << 20]);
    let deadline = Instant::now() + Duration::from_secs(20);
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        // Others than before: what does not change is not written.
        fail_to_rename();
        thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let file = fs::read(folder.path().join("a.etz"));
    unmount(folder.path(), UnmountFlags::DETACH).unwrap();
    assert!(filled.is_err());
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("No space left on device"), "{told}");
    assert!(
        told.contains("a.etz holds ") && told.contains(" failures of the first "),
        "{told}"
    );
    assert!(own_failures(&file.unwrap()).0 >= 1);
}

#[test]
fn what_a_command_prints_is_not_in_the_bundle() {
    if !may_record() {
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_capture"))
        .args([
            "--graph",
            "never",
            "-o",
            "-",
            "--",
            "sh",
            "-c",
            "echo what it prints; exit 7",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7));
    let reader = Reader::new(&output.stdout).unwrap();
    assert_eq!(reader.damage(), []);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("what it prints"), "{told}");
}

#[test]
fn files_of_one_template_are_kept_up_to_a_number() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let record = |keep: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_capture"))
            .args([
                "--graph", "never", "--for", "100ms", "--keep", keep, "-o", "a-%t.etz",
            ])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        thread::sleep(Duration::from_millis(1100));
    };
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    record("2");
    let first = names();
    record("2");
    record("2");
    let left = names();
    assert_eq!((first.len(), left.len()), (1, 2));
    assert!(!left.contains(&first[0]));
    assert!(
        Path::new(&left[0])
            .extension()
            .is_some_and(|end| end == "etz")
    );
}
