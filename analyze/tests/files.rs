//! The commands on bundles as files, on every committed bundle.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by a panic, helpers outside of test functions too"
)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use format_spec::{
    Reader, Writer,
    record::{Content, Entry, Phase, Snapshot},
};
use serde_json::Value;
use support::{bundles, bundles_of_kernels};

fn analyze(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(arguments)
        .output()
        .unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = analyze(arguments);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A copy of the first bundle, changed.
fn changed(folder: &Path, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = fs::read(&bundles()[0]).unwrap();
    change(&mut bytes);
    let path = folder.join("changed.etz");
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn info_accounts_for_every_byte_and_agrees_with_verify() {
    for path in bundles() {
        let info = json(&["info", "--json", text(&path)]);
        let verdict = json(&["verify", "--json", text(&path)]);
        assert_eq!(verdict["whole"], true, "{}", path.display());
        assert_eq!(verdict["blake3"], info["blake3"]);
        let streams = info["streams"].as_array().unwrap();
        let stored = streams
            .iter()
            .map(|one| one["stored_bytes"].as_u64().unwrap());
        let len = fs::metadata(&path).unwrap().len();
        // Header, index and trailer are no streams.
        let rest = len - stored.sum::<u64>();
        assert!((64 + 40 + 32..8_192).contains(&rest), "{rest} bytes");
        assert!(info["manifest"]["host"]["kernel_release"].is_string());
        let shown = analyze(&["info", text(&path)]).stdout;
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.contains(info["blake3"].as_str().unwrap()), "{shown}");
    }
}

#[test]
fn one_wrong_bit_is_status_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = changed(folder.path(), |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
    });
    let output = analyze(&["verify", text(&path)]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("damaged:"), "{said}");
}

#[test]
fn a_cut_bundle_becomes_a_clean_one_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for part in [3, 2] {
        let path = changed(folder.path(), |bytes| bytes.truncate(bytes.len() / part));
        let new = folder.path().join(format!("{part}.etz"));
        let repair = json(&["repair", text(&path), "-o", text(&new), "--json"]);
        assert!(repair["closed"].as_bool().unwrap());
        assert_eq!(json(&["verify", "--json", text(&new)])["whole"], true);
        let before = json(&["--json", text(&path)]);
        let after = json(&["--json", text(&new)]);
        assert_eq!(before["culprits"], after["culprits"]);
        let losses = after["losses"].to_string();
        assert!(losses.contains("analyze repair"), "{losses}");
        // Not over it, unasked.
        let again = analyze(&["repair", text(&path), "-o", text(&new)]);
        assert_eq!(again.status.code(), Some(1));
    }
}

#[test]
fn repair_hides_the_addresses_that_an_early_recorder_left() {
    let folder = tempfile::tempdir().unwrap();
    let modules = b"bridge 315392 0 - Live 0xffffb3212b73f000\n";
    let path = bundle_with(folder.path(), "/proc/modules", modules);
    let new = folder.path().join("new.etz");
    let repair = json(&["repair", text(&path), "-o", text(&new), "--json"]);
    assert_eq!(
        (&repair["hidden"], &repair["lost_bytes"]),
        (&1.into(), &0.into())
    );
    let content = analyze(&["extract", text(&new), "--path", "/proc/modules"]).stdout;
    assert_eq!(content, b"bridge 315392 0 - Live 0x0000000000000000\n");
    let again = folder.path().join("again.etz");
    let repair = json(&["repair", text(&new), "-o", text(&again), "--json"]);
    assert_eq!(repair["hidden"], 0);
}

#[test]
fn no_committed_bundle_has_anything_to_hide() {
    for path in bundles().into_iter().chain(bundles_of_kernels()) {
        let bytes = fs::read(&path).unwrap();
        let reader = Reader::new(&bytes).unwrap();
        let repair = analyze::file::repair(&bytes, &reader, std::io::sink()).unwrap();
        assert_eq!(repair.hidden, 0, "{}", path.display());
    }
}

#[test]
fn parts_come_out_as_they_went_in() {
    let path = &bundles()[0];
    let wanted = "/proc/sys/fs/nr_open";
    let listed = analyze(&["extract", text(path)]).stdout;
    let listed = String::from_utf8(listed).unwrap();
    assert!(listed.contains(&format!("0 {wanted}\n")));
    let content = analyze(&["extract", text(path), "--path", wanted]).stdout;
    assert_eq!(content, b"1048576\n");
    let failures = analyze(&["extract", text(path), "--stream", "failures"]).stdout;
    let rows: usize = String::from_utf8(failures)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|frame| frame["record"]["rows"].as_array().unwrap().len())
        .sum();
    assert_eq!(
        json(&["info", "--json", text(path)])["failures_whole"],
        rows
    );
    assert_eq!(
        analyze(&["extract", text(path), "--stream", "none"])
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        analyze(&["extract", text(path), "--path", "/none"])
            .status
            .code(),
        Some(1)
    );
}

/// Escape sequences of a terminal, in a file that the recorder read and so in the bundle.
const ESCAPES: &[u8] = b"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b1m \x00\xff end";

/// A bundle with one file in a snapshot.
fn bundle_with(folder: &Path, file: &str, bytes: &[u8]) -> PathBuf {
    let content = Content::File {
        bytes: bytes.to_vec(),
        truncated: false,
    };
    let snapshot = Snapshot {
        number: 0,
        phase: Phase::Start,
        started_ns: 1,
        ended_ns: 2,
        entries: vec![Entry {
            path: file.into(),
            content,
        }],
    };
    let path = folder.join("small.etz");
    let mut writer = Writer::new(fs::File::create(&path).unwrap(), [7; 16], 1).unwrap();
    writer.write(0, &snapshot).unwrap();
    writer.finish().unwrap();
    path
}

#[test]
fn standard_output_gets_the_bytes_that_a_file_gets() {
    let folder = tempfile::tempdir().unwrap();
    let path = bundle_with(folder.path(), "/proc/escapes", ESCAPES);
    let path = text(&path);
    let content = analyze(&["extract", path, "--path", "/proc/escapes"]);
    assert_eq!(content.stdout, ESCAPES);

    let new = folder.path().join("new.etz");
    let repair = analyze(&["repair", path, "-o", text(&new)]);
    let piped = analyze(&["repair", path, "-o", "-"]);
    let file = fs::read(&new).unwrap();
    assert!(file.windows(ESCAPES.len()).any(|part| part == ESCAPES));
    assert_eq!(piped.stdout, file);
    assert_eq!(
        piped.stderr, repair.stdout,
        "the answer is not in the bundle"
    );

    let key = folder.path().join("key");
    fs::write(&key, "a secret of many letters").unwrap();
    let redact = |out: &str| {
        analyze(&[
            "redact",
            path,
            "-o",
            out,
            "--key",
            text(&key),
            "--force",
            "--json",
        ])
    };
    let to_file = redact(text(&new));
    let piped = redact("-");
    // All but the id, which is random, and its checksum.
    assert_eq!(piped.stdout[64..], fs::read(&new).unwrap()[64..]);
    assert_eq!(piped.stderr, to_file.stdout);
}

#[test]
fn pages_have_the_length_that_the_kernel_gave_them() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("pages");
    let files = json(&[
        "extract",
        text(&bundles()[0]),
        "--pages",
        text(&out),
        "--json",
    ]);
    let mut pages = 0;
    for file in files.as_array().unwrap() {
        let name = file["name"].as_str().unwrap();
        let len = fs::metadata(out.join(name)).unwrap().len();
        assert_eq!(file["len_bytes"], len);
        if name.ends_with(".raw") {
            assert_eq!(len % 4096, 0);
            pages += len / 4096;
        }
    }
    assert!(pages > 0 && out.join("events/header_page").exists());
}
