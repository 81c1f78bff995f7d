//! `capture -- COMMAND` on the host's own kernel: whose failures are the command's, how processes end, and which exit
//! status is passed on. They need root; without it they say so and pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output},
};

use format_spec::{
    Reader,
    record::{Closing, Counts, Exit, Exits, FactTable, Failure, Failures, Record},
};
use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};
use support::may_record;

/// Records to `a.etz` in `folder`.
fn capture(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture"));
    command.args(["--graph", "never", "-o", "a.etz"]);
    // A folder that is looked into in vain, by whoever looks for the command.
    let mut path = folder.join("no-such-folder").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    command.args(arguments).current_dir(folder);
    command.env("PATH", path).output().unwrap()
}

fn status(folder: &Path, arguments: &[&str]) -> ExitStatus {
    let output = capture(folder, arguments);
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    output.status
}

struct Recorded(Vec<u8>);

impl Recorded {
    fn read(folder: &Path) -> Self {
        Self(fs::read(folder.join("a.etz")).unwrap())
    }

    fn all<R: Record>(&self) -> Vec<R> {
        let reader = Reader::new(&self.0).unwrap();
        assert_eq!(reader.damage().len(), 0);
        let frames = reader.frames_of::<R>();
        frames.map(|frame| reader.decode(frame).unwrap()).collect()
    }

    fn failures(&self) -> Vec<Failure> {
        let parts = self.all::<Failures>().into_iter();
        parts.flat_map(|part| part.rows).collect()
    }

    fn exits(&self) -> Vec<Exit> {
        let parts = self.all::<Exits>().into_iter();
        parts.flat_map(|part| part.rows).collect()
    }

    fn fact(&self, failure: &Failure, name: &str) -> Option<u64> {
        let facts = &self.all::<FactTable>()[0].facts;
        let id = facts.iter().find(|fact| fact.name == name).unwrap().id;
        let found = failure.facts.iter().find(|(known, _)| *known == id);
        found.map(|(_, value)| *value)
    }
}

/// A folder that rmdir(2) fails on, as it is not empty.
fn full(folder: &Path) -> PathBuf {
    let full = folder.join("full");
    fs::create_dir_all(full.join("inner")).unwrap();
    full
}

/// The failure of rmdir(2) on `path`.
fn failure_on<'f>(failures: &'f [Failure], path: &Path) -> &'f Failure {
    let path = path.as_os_str().as_bytes();
    let named = |row: &&Failure| row.paths.iter().any(|argument| argument.bytes == path);
    failures.iter().find(named).unwrap()
}

#[test]
fn the_recorders_own_failures_do_not_appear() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let full = full(folder.path());
    let script = format!("rmdir {0}; exit 0", full.display());
    assert!(status(folder.path(), &["--", "sh", "-c", &script]).success());
    let recorded = Recorded::read(folder.path());
    let failures = recorded.failures();
    let shell = recorded.fact(failure_on(&failures, &full), "parent.tgid");
    let counts = &recorded.all::<Counts>()[0].rows;
    let of_shell = |tgid: u32| Some(u64::from(tgid)) == shell;
    let rows: Vec<_> = counts.iter().filter(|row| of_shell(row.tgid)).collect();
    // Its own look for rmdir along PATH.
    assert!(!rows.is_empty());
    for row in rows {
        // Before it executed the shell it had the recorder's name.
        assert_eq!(row.comm, b"sh", "{row:?}");
    }
}

#[test]
fn all_descendants_are_of_the_command_and_nobody_else() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let full = full(folder.path());
    // The innermost shell outlives the one that started it.
    let script = format!(
        "(sh -c 'sleep 0.3; rmdir {0}; exit 7' &); touch {1}/begun; sleep 1",
        full.display(),
        folder.path().display(),
    );
    let begun = folder.path().join("begun");
    let recording = std::thread::scope(|scope| {
        let recording = scope.spawn(|| status(folder.path(), &["--", "sh", "-c", &script]));
        while !begun.exists() && !recording.is_finished() {
            std::thread::yield_now();
        }
        let flags = RenameFlags::EXCHANGE | RenameFlags::NOREPLACE;
        let failed = renameat_with(CWD, "/no/such/a", CWD, "/no/such/b", flags);
        assert_eq!(failed, Err(Errno::INVAL));
        recording.join().unwrap()
    });
    assert!(recording.success());
    let recorded = Recorded::read(folder.path());
    let failures = recorded.failures();
    let of_command = |row: &Failure| recorded.fact(row, "task.of_command");
    assert_eq!(of_command(failure_on(&failures, &full)), Some(1));
    let own = failures.iter().find(|row| row.tgid == std::process::id());
    assert_eq!(of_command(own.unwrap()), None);
}

#[test]
fn the_command_does_not_share_its_samples_with_a_busy_host() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let full = full(folder.path());
    let other = folder.path().join("other");
    fs::create_dir_all(other.join("inner")).unwrap();
    // Each of its processes fails for the first time.
    let storm = format!("while :; do rmdir {}; done 2>&-", other.display());
    let mut storm = Command::new("sh").args(["-c", &storm]).spawn().unwrap();
    let script = format!("sleep 2; rmdir {0}; exit 0", full.display());
    let arguments = ["--syscall", "rmdir,unlinkat", "--", "sh", "-c", &script];
    let recording = status(folder.path(), &arguments);
    storm.kill().unwrap();
    storm.wait().unwrap();
    assert!(recording.success());
    let recorded = Recorded::read(folder.path());
    let dropped = recorded.all::<Closing>()[0].drops.clone();
    let over_rate = dropped.iter().find(|drop| drop.why == "over the rate");
    assert!(over_rate.unwrap().count > 0, "the host was not busy");
    failure_on(&recorded.failures(), &full);
}

#[test]
fn the_end_of_a_process_that_failed_is_recorded() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let full = full(folder.path());
    let other = folder.path().join("other");
    fs::create_dir_all(other.join("inner")).unwrap();
    let script = format!(
        "rmdir {}; sh -c 'cd {}/inner/..; exec 2>&-; rmdir {} || kill -KILL $$'; true",
        full.display(),
        other.display(),
        other.display(),
    );
    assert!(status(folder.path(), &["--", "sh", "-c", &script]).success());
    let recorded = Recorded::read(folder.path());
    let (failures, exits) = (recorded.failures(), recorded.exits());
    let failure = failure_on(&failures, &full);
    let ends: Vec<_> = exits
        .iter()
        .filter(|exit| exit.tgid == failure.tgid)
        .collect();
    let [end] = ends[..] else {
        panic!("one end: {ends:?}")
    };
    assert_eq!(end.status, 1 << 8);
    assert!(end.time_ns >= failure.time_ns);
    // The shell around the other one looked for it along PATH, in vain at first, and was killed.
    let shell = recorded.fact(failure_on(&failures, &other), "parent.tgid");
    let killed = exits.iter().find(|exit| Some(exit.tgid.into()) == shell);
    assert_eq!(killed.unwrap().status, 9);
}

#[test]
fn the_exit_status_of_the_command_is_passed_on() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (script, passed_on, recorded) in [
        ("exit 0", 0, 0),
        ("exit 3", 3, 3 << 8),
        ("exit 255", 255, 255 << 8),
        ("kill -TERM $$", 143, 15),
    ] {
        let code = status(path, &["--force", "--", "sh", "-c", script]).code();
        assert_eq!(code, Some(passed_on), "{script}");
        let closing = &Recorded::read(path).all::<Closing>()[0];
        assert_eq!(closing.command_status, Some(recorded), "{script}");
    }
    fs::remove_file(path.join("a.etz")).unwrap();
    let arguments = ["--only-failing", "--errno", "EMULTIHOP", "--"];
    let nothing = [&arguments[..], &["sh", "-c", "exit 9"]].concat();
    assert_eq!(status(path, &nothing).code(), Some(9));
    assert!(!path.join("a.etz").exists());
    // It goes on when the recording ends: it has no status.
    let goes_on = path.join("goes-on");
    fs::write(&goes_on, "").unwrap();
    let script = "exec >&- 2>&-; while [ -e goes-on ]; do sleep 0.1; done";
    let sooner = ["--for", "200ms", "--", "sh", "-c", script];
    assert_eq!(status(path, &sooner).code(), Some(0));
    fs::remove_file(&goes_on).unwrap();
    assert_eq!(
        Recorded::read(path).all::<Closing>()[0].command_status,
        None
    );
}

#[test]
fn what_is_not_the_commands_status_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let usage = ["--errno", "ENOSPACE", "--", "true"];
    assert_eq!(status(path, &usage).code(), Some(125));
    if !may_record() {
        return;
    }
    assert_eq!(status(path, &["--", "no-such-program"]).code(), Some(127));
    assert_eq!(status(path, &["--", "/etc/passwd"]).code(), Some(126));
    assert!(!path.join("a.etz").exists());
    // It is executable, and no program.
    let text = path.join("text");
    fs::copy(env!("CARGO_BIN_EXE_capture"), &text).unwrap();
    fs::write(&text, "no program\n").unwrap();
    assert_eq!(status(path, &["--", "./text"]).code(), Some(126));
    assert!(!path.join("a.etz").exists());
    fs::write(path.join("a.etz"), "another's").unwrap();
    assert_eq!(status(path, &["--", "true"]).code(), Some(125));
}

/// What the command says of itself.
fn says(arguments: &[&str], sudo: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture"));
    command.args(["--graph", "never", "-o", "a.etz"]);
    command.args(arguments).current_dir(folder.path());
    for name in ["SUDO_UID", "SUDO_GID"] {
        match sudo {
            Some(id) => command.env(name, id),
            None => command.env_remove(name),
        };
    }
    let script = "echo $(id -u) $(id -g) $(id -G) $KEPT; exit 5";
    let output = command.args(["--", "sh", "-c", script]).env("KEPT", "kept");
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_command_is_of_the_user_who_called_sudo_or_is_asked_for() {
    if !may_record() {
        return;
    }
    assert!(says(&[], None).starts_with("0 0 "));
    assert_eq!(says(&[], Some("65534")), "65534 65534 65534 kept");
    assert_eq!(says(&["-u", "nobody"], None), "65534 65534 65534 kept");
    assert!(says(&["-u", "root"], Some("65534")).starts_with("0 0 "));
}

#[test]
fn the_command_is_ended_with_the_recording_when_that_is_asked_for() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--for", "1", "--end-command", "--", "sleep", "100"];
    let begun = std::time::Instant::now();
    let status = status(folder.path(), &arguments);
    assert_eq!(status.code(), Some(128 + 15));
    assert!(begun.elapsed().as_secs() < 60);
}

#[test]
fn what_cannot_be_had_is_told_before_anything_is_written() {
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (["--pid", "4194303"], "there is no such process"),
        (["--graph", "no_such_function"], "--graph no_such_function"),
        (["-u", "no-such-user"], "there is no such user"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_capture"));
        let output = command.args(["-o", "a.etz"]).args(arguments);
        let output = output.args(["--", "true"]).current_dir(folder.path());
        let output = output.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(125), "{told}");
        assert!(told.contains(expected), "{told}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
