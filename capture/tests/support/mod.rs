//! What the tests of recordings share.

use std::process::Command;

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
