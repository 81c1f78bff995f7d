//! The program as it is called: exit status, and what goes where.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by a panic, helpers outside of test functions too"
)]

mod support;

use std::{
    fs,
    io::{Read, Write},
    process::{Command, Output, Stdio},
};

use support::bundle;

fn analyze(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(arguments)
        .output()
        .unwrap()
}

/// That it failed with `status`, and said why in one line that contains `why`.
fn assert_refused(output: &Output, status: i32, why: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(output.stdout.is_empty());
    assert!(said.contains(why), "{said}");
    if status == 1 {
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn errors_are_one_line_and_status_1() {
    assert_refused(&analyze(&["/no/such/file.etz"]), 1, "/no/such/file.etz");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert_refused(&analyze(&[manifest]), 1, "not an .etz bundle");
}

#[test]
fn wrong_usage_is_status_2() {
    assert_refused(&analyze(&[]), 2, "Usage");
    assert_refused(&analyze(&["--no-such-option"]), 2, "--no-such-option");
}

#[test]
fn a_bundle_comes_from_a_file_or_from_standard_input() {
    let path = bundle("bind-mount-max");
    let from_file = analyze(&["--json", path.to_str().unwrap()]);
    assert!(from_file.status.success());
    let mut child = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(["--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(&path).unwrap())
        .unwrap();
    let from_input = child.wait_with_output().unwrap();
    assert!(from_input.status.success());
    assert_eq!(from_file.stdout, from_input.stdout);
}

#[test]
fn what_is_no_terminal_gets_no_colours() {
    let output = analyze(&[bundle("bind-mount-max").to_str().unwrap()]);
    assert!(output.status.success() && !output.stdout.is_empty());
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(["--json", bundle("bind-mount-max").to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(said, "");
}
