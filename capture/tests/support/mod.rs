//! What the tests of recordings share.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it; a test that cannot go on has failed"
)]

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Whether this host allows a recording; says why not.
pub(crate) fn may_record() -> bool {
    let output = Command::new(env!("CARGO_BIN_EXE_capture"))
        .arg("check")
        .output()
        .unwrap();
    if !output.status.success() {
        eprintln!(
            "skipped: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    output.status.success()
}

/// Starts a recording in `folder`, to `a.etz` there: a relative path.
pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_capture"))
        .args(["--graph", "never", "-o", "a.etz"])
        .args(arguments)
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn();
    child.unwrap()
}

/// Waits until failures are counted and the manifest is written.
pub(crate) fn wait_until_armed(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while fs::metadata(folder.join("a.etz.partial")).map_or(0, |found| found.len()) < 1000 {
        assert!(Instant::now() < deadline, "nothing was recorded");
        thread::sleep(Duration::from_millis(10));
    }
}
