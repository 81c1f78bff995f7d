//! File systems whose server never answers: the recorder ends in time all the same, and says what it did not see.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/fuse.rs"]
mod fuse;
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use format_spec::{
    Reader,
    record::{Content, Snapshot},
};
use fuse::Server;
use rustix::{
    mount::{MountFlags, UnmountFlags, mount, mount_bind, unmount},
    process::{Pid, Signal, kill_process},
};
use support::may_record;

/// Mounts beside the dead ones: their mountinfo takes more than 64 KiB, which is all that was looked at once.
const MOUNTS: usize = 900;

/// How long a recording may take to end, what it waits for silent file systems included.
const END: Duration = Duration::from_secs(9);

/// Names the folder for the mounts.
const FOLDER: &str = "ETZ_TEST_FOLDER";

/// Makes the mounts in a mount namespace of its own.
#[test]
fn a_dead_server_holds_nothing_up() {
    if !may_record() || !Path::new("/dev/fuse").exists() {
        return;
    }
    let own = std::env::current_exe().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut unshare = Command::new("unshare");
    unshare.env(FOLDER, folder.path());
    let inner = [
        "--exact",
        "--ignored",
        "--nocapture",
        "in_a_mount_namespace_of_its_own",
    ];
    let status = unshare.arg("--mount").arg(own).args(inner).status();
    assert!(status.unwrap().success());
}

#[test]
#[ignore = "makes many mounts: the test above runs it"]
fn in_a_mount_namespace_of_its_own() {
    // Nothing of what is in it is removed: that would ask the dead server. It goes with the namespace.
    let folder = std::env::var_os(FOLDER).unwrap();
    let root = Path::new(&folder);
    let nothing: Option<&std::ffi::CStr> = None;
    mount("tmpfs", root, "tmpfs", MountFlags::empty(), nothing).unwrap();
    let path = |name: &str| {
        let path = root.join(name);
        fs::create_dir_all(&path).unwrap();
        path
    };
    let source = path("source");
    for number in 0..MOUNTS {
        mount_bind(&source, path(&format!("one-of-{MOUNTS}-mounts-{number}"))).unwrap();
    }
    let dead = path("z-dead");
    let server = Server::mount(&dead);
    let (upper, work, merged) = (path("upper"), path("work"), path("z-merged"));
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        dead.display(),
        upper.display(),
        work.display()
    );
    let options = std::ffi::CString::new(options).unwrap();
    mount(
        "overlay",
        &merged,
        "overlay",
        MountFlags::empty(),
        options.as_c_str(),
    )
    .unwrap();
    // The kernel knows both folders by now: a call on them fails without asking the server.
    let named = [dead.join("folder"), merged.join("folder")];
    assert!(named.iter().all(|path| path.is_dir()));
    server.die();

    let bundle = root.join("by-time.etz");
    let began = Instant::now();
    let stderr = record(&bundle, &named, Some("5s"));
    assert!(
        began.elapsed() < Duration::from_secs(5) + END,
        "{:?}",
        began.elapsed()
    );
    for point in [&dead, &merged] {
        let said = format!("{} does not answer", point.display());
        assert!(stderr.contains(&said), "{stderr}");
    }
    let unanswered = last(&bundle, "etz:unanswered");
    assert!(
        unanswered.contains(&format!(" fuse.dead yes {}\n", dead.display())),
        "{unanswered}"
    );
    assert!(
        unanswered.contains(&format!(" overlay yes {}\n", merged.display())),
        "{unanswered}"
    );
    let mounts = last(&bundle, "/proc/self/mountinfo");
    assert!(mounts.contains("z-merged") && mounts.len() > 64 << 10);
    // What answers was asked.
    assert!(statfs(&bundle).contains(&root.to_owned()));

    let bundle = root.join("by-signal.etz");
    let began = Instant::now();
    record(&bundle, &named, None);
    assert!(
        began.elapsed() < Duration::from_secs(2) + END,
        "{:?}",
        began.elapsed()
    );
}

/// Records calls on `named` that fail; for a time, or until SIGINT after 2 s. Returns what was said.
fn record(bundle: &Path, named: &[PathBuf], time: Option<&str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture"));
    command.args(["--graph", "never", "--syscall", "umount2", "-o"]);
    command.arg(bundle).stderr(Stdio::piped());
    if let Some(time) = time {
        command.args(["--for", time]);
    }
    let recorder = command.spawn().unwrap();
    let pid = Pid::from_child(&recorder);
    for _ in 0..10 {
        thread::sleep(Duration::from_millis(200));
        for path in named {
            assert!(unmount(path, UnmountFlags::NOFOLLOW).is_err());
        }
    }
    if time.is_none() {
        kill_process(pid, Signal::INT).unwrap();
    }
    let output = recorder.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    stderr
}

fn snapshots(bundle: &Path) -> Vec<Snapshot> {
    let file = fs::read(bundle).unwrap();
    let reader = Reader::new(&file).unwrap();
    let frames = reader.frames_of::<Snapshot>();
    frames.map(|frame| reader.decode(frame).unwrap()).collect()
}

/// The last text at a path.
fn last(bundle: &Path, path: &str) -> String {
    let parts = snapshots(bundle).into_iter().rev();
    let mut entries = parts.flat_map(|part| part.entries.into_iter().rev());
    let found = entries.find_map(|entry| match entry.content {
        Content::File { bytes, .. } if entry.path == path.as_bytes() => Some(bytes),
        _ => None,
    });
    String::from_utf8(found.unwrap_or_default()).unwrap()
}

/// The mount points that statfs(2) was asked of.
fn statfs(bundle: &Path) -> Vec<PathBuf> {
    let entries = snapshots(bundle).into_iter().flat_map(|part| part.entries);
    let asked = entries.filter(|entry| matches!(entry.content, Content::StatFs { .. }));
    asked
        .map(|entry| String::from_utf8(entry.path).unwrap().into())
        .collect()
}
