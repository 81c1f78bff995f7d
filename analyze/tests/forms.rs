//! The forms of the report as they are asked for: what is in the first screen, and what goes where.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by a panic, helpers outside of test functions too"
)]

mod support;

use std::{
    fs,
    process::{Command, Output},
};

use support::{bundle, bundles};
use unicode_width::UnicodeWidthStr;

fn analyze(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_analyze"));
    command.args(arguments);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

fn text(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "");
    String::from_utf8(output.stdout).unwrap()
}

fn incident() -> String {
    bundle("docker-run-mount-max").to_str().unwrap().to_owned()
}

#[test]
fn the_answer_is_in_the_first_screen_of_80_by_24() {
    for path in bundles() {
        let path = path.to_str().unwrap();
        let json = text(analyze(&["--json", path]).output().unwrap());
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        let page = text(analyze(&[path]).output().unwrap());
        for line in page.lines() {
            assert!(line.width() <= 80, "{path}: {line}");
        }
        let screen: Vec<&str> = page.lines().take(23).collect();
        let shows = |label: &str, value: &serde_json::Value| {
            let value = value.as_str().unwrap();
            let word = value.split(' ').next().unwrap();
            let line = screen.iter().find(|line| line.starts_with(label));
            assert!(
                line.is_some_and(|line| line.contains(word)),
                "{path}: {label} {word}"
            );
        };
        let culprit = &report["culprits"][0];
        if culprit.is_null() {
            assert!(page.starts_with("Nothing suspicious failed"), "{page}");
            continue;
        }
        shows("Cause", &culprit["id"]);
        shows("Said no", &report["origins"][0]["function"]);
        shows("Remedy", &culprit["remedy"][0]);
        let confidence = format!("confidence {}", culprit["confidence"].as_str().unwrap());
        assert!(screen.iter().any(|line| line.contains(&confidence)));
    }
}

#[test]
fn no_color_is_obeyed() {
    let path = incident();
    let forced = |command: &mut Command| text(command.env("CLICOLOR_FORCE", "1").output().unwrap());
    assert!(forced(&mut analyze(&[&path])).contains('\x1b'));
    assert!(!forced(analyze(&[&path]).env("NO_COLOR", "1")).contains('\x1b'));
}

#[test]
fn verbose_writes_what_is_cut_otherwise() {
    let path = incident();
    let short = text(analyze(&[&path]).output().unwrap());
    let long = text(analyze(&["--verbose", &path]).output().unwrap());
    assert!(long.lines().count() > short.lines().count());
    assert!(long.contains("containerd: futex ETIMEDOUT, "), "{long}");
    assert!(!long.contains("--verbose"));
}

#[test]
fn files_are_written_beside_what_goes_to_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (html, markdown, path) = (file("out.html"), file("out.md"), incident());
    let arguments = [&path, "--html", &html, "--markdown", &markdown];
    let page = text(analyze(&arguments).output().unwrap());
    assert!(
        page.starts_with("dockerd: mount fails with ENOSPC"),
        "{page}"
    );
    let read = |name: &str| fs::read_to_string(name).unwrap();
    assert!(read(&html).starts_with("<!DOCTYPE html>"));
    assert!(read(&markdown).starts_with("## `dockerd`: `mount` fails with `ENOSPC`"));

    let to_output = |form: &str| text(analyze(&[&path, form, "-"]).output().unwrap());
    assert_eq!(to_output("--html"), read(&html));
    assert_eq!(to_output("--markdown"), read(&markdown));
}

#[test]
fn one_form_alone_goes_to_standard_output() {
    let path = incident();
    let output = analyze(&[&path, "--json", "--html", "-"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let path = incident();
    let output = analyze(&[&path, "--html", "/no/such/folder/out.html"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("/no/such/folder/out.html"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn words_of_the_ticket_choose_the_failure() {
    let path = incident();
    let first = |arguments: &[&str]| {
        let output = analyze(&[&[path.as_str()], arguments].concat())
            .output()
            .unwrap();
        (output.status.code(), text(output))
    };
    for arguments in [
        &[
            "--symptom",
            "error creating overlay mount: no space left on device",
        ][..],
        &["--errno", "28"],
        &["--syscall", "mount", "--comm", "dockerd"],
        &["--failure", "0"],
    ] {
        let (status, page) = first(arguments);
        assert_eq!(status, Some(0));
        assert!(
            page.starts_with("dockerd: mount fails with ENOSPC"),
            "{page}"
        );
    }
    let (_, page) = first(&["--comm", "bash", "--errno", "ENXIO"]);
    assert!(page.starts_with("bash: openat fails with ENXIO"), "{page}");
    let output = analyze(&[&path, "--symptom", "text file busy"])
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors.contains("no failure in the recording fits; what failed: dockerd: mount ENOSPC"),
        "{errors}"
    );
}
