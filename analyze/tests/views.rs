//! Every view and export of every committed bundle, through the program: they end well, say something, and stop when
//! their reader does.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by a panic, helpers outside of test functions too"
)]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use support::{bundle, bundles};

const VIEWS: [&[&str]; 15] = [
    &["syscount"],
    &["syscount", "-P"],
    &["syscount", "--json"],
    &["trace", "-k"],
    &["trace", "--json"],
    &["funcgraph", "--max-depth", "3"],
    &["stacks"],
    &["limits"],
    &["limits", "--json"],
    &["sysctl"],
    &["sysctl", "--changed"],
    &["df", "-h"],
    &["df", "-i"],
    &["deleted"],
    &["replay", "--speed", "0"],
];

fn command(view: &[&str], bundle: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_analyze"));
    command.arg(view[0]).arg(bundle).args(&view[1..]);
    command
}

fn text(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn view(view: &[&str], bundle: &Path) -> String {
    text(command(view, bundle).output().unwrap())
}

#[test]
fn every_view_of_every_bundle_says_something() {
    for bundle in bundles() {
        for arguments in VIEWS {
            let text = view(arguments, &bundle);
            assert!(
                !text.trim().is_empty(),
                "{arguments:?} of {}",
                bundle.display()
            );
            assert!(
                !text.contains('\u{1b}'),
                "{arguments:?} of {}",
                bundle.display()
            );
        }
    }
}

#[test]
fn every_view_of_a_cut_bundle_ends_well() {
    let bytes = fs::read(bundle("docker-run-mount-max")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for part in [1, 3, 7] {
        let cut = folder.path().join(format!("{part}.etz"));
        fs::write(&cut, &bytes[..bytes.len() * part / 8]).unwrap();
        for arguments in VIEWS {
            view(arguments, &cut);
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bundle = bundle("docker-run-mount-max");
    for arguments in VIEWS {
        let mut child = command(arguments, &bundle)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn the_docker_incident_can_be_followed_by_hand() {
    let bundle = bundle("docker-run-mount-max");
    let counts = view(&["syscount", "-P", "-e", "ENOSPC"], &bundle);
    assert!(
        counts.lines().nth(1).unwrap().contains("dockerd"),
        "{counts}"
    );
    let trace = view(&["trace", "-e", "mount,ENOSPC", "-k"], &bundle);
    assert!(
        trace.contains("mount(\"overlay\", \"/var/lib/docker/"),
        "{trace}"
    );
    assert!(
        trace.contains("= -1 ENOSPC (No space left on device)\n > count_mounts()\n"),
        "{trace}"
    );
    let limits = view(&["limits"], &bundle);
    assert!(
        limits
            .lines()
            .nth(1)
            .unwrap()
            .contains("sysctl:fs.mount-max"),
        "{limits}"
    );
    let sysctls = view(&["sysctl", "--changed"], &bundle);
    assert!(
        sysctls.contains("# fs.mount-max is 100000 by default\nfs.mount-max = 12\n"),
        "{sysctls}"
    );
    let graph = view(
        &["funcgraph", "__arm64_sys_mount", "--max-depth", "2"],
        &bundle,
    );
    assert!(graph.contains("path_mount();"), "{graph}");
}

#[test]
fn what_matches_nothing_is_status_1_and_no_output() {
    let bundle = bundle("docker-run-mount-max");
    let choices: [&[&str]; 9] = [
        &["syscount", "-p", "999999"],
        &["syscount", "-e", "EDOM"],
        &["trace", "-P", "/no/such/path", "--json"],
        &["funcgraph", "no_such_function"],
        &["stacks", "-e", "EDOM"],
        &["limits", "--from", "4000"],
        &["sysctl", "no.such."],
        &["deleted", "-p", "999999"],
        &["replay", "--speed", "0", "-p", "999999"],
    ];
    for arguments in choices {
        let output = command(arguments, &bundle).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said, "", "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said, "analyze: nothing matches\n", "{arguments:?}");
    }
    // That nothing was changed below a name is an answer.
    let changed = view(&["sysctl", "vm.", "--changed"], &bundle);
    assert!(changed.starts_with("# changed during"), "{changed}");
}

#[test]
fn two_recordings_are_compared() {
    let before = bundle("bind-mount-max");
    let after = bundle("enoent-lookups");
    let after = after.to_str().unwrap();
    let said = view(&["diff", after], &before);
    assert!(
        said.starts_with("The remedy worked: mount ENOSPC by mount is gone: "),
        "{said}"
    );
    assert!(said.contains("fs.mount-max: 11, then 100000"), "{said}");
    let json: serde_json::Value =
        serde_json::from_str(&view(&["diff", after, "--json"], &before)).unwrap();
    assert_eq!(
        (&json["schema"], &json["verdict"]["outcome"]),
        (&"etz-diff/1".into(), &"worked".into())
    );
    let same = view(&["diff", before.to_str().unwrap()], &before);
    assert!(
        same.starts_with("The remedy did not work: mount ENOSPC by mount still comes"),
        "{same}"
    );
    assert!(same.contains("the same function says no"), "{same}");
}

#[test]
fn errors_are_told_without_a_bundle() {
    let mut errno = Command::new(env!("CARGO_BIN_EXE_analyze"));
    let said = text(errno.args(["errno", "ENOSPC"]).output().unwrap());
    assert!(
        said.starts_with("ENOSPC 28 No space left on device\n"),
        "{said}"
    );
    let mut errno = Command::new(env!("CARGO_BIN_EXE_analyze"));
    let refused = errno.args(["errno", "ENONSENSE"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
}
