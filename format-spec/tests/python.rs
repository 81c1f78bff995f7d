//! The reader in `python/etz.py`, written from SPEC.md, reads every bundle as this crate does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use format_spec::{Reader, json};
use serde_json::Value;

/// Interpreters: Debian's own has Debian's zstd package, another one that comes first on the PATH need not.
const INTERPRETERS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// What the Python reader says about each file; `None` when there is no Python or no zstd package for it.
fn python(files: &[PathBuf]) -> Option<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/etz.py");
    let run = |python: &&str| Command::new(python).arg(&script).args(files).output().ok();
    let lacks_zstd = |output: &Output| {
        String::from_utf8_lossy(&output.stderr).contains("No module named 'zstandard'")
    };
    let output = INTERPRETERS
        .iter()
        .filter_map(run)
        .find(|output| !lacks_zstd(output));
    let Some(output) = output else {
        eprintln!("SKIPPED: there is no python3 with the zstd package `zstandard`");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let lines = str::from_utf8(&output.stdout).unwrap().lines();
    Some(
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// A length beyond the payload may also be over a bound: either reason will do.
fn plain(frame: &Value) -> Value {
    let mut frame = frame.clone();
    if frame["error"] == "bound" {
        frame["error"] = "malformed".into();
    }
    frame
}

fn compare(bundles: &[(String, Vec<u8>)]) {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = bundles
        .iter()
        .enumerate()
        .map(|(number, (_, bytes))| {
            let file = folder.path().join(number.to_string());
            fs::write(&file, bytes).unwrap();
            file
        })
        .collect();
    let Some(found) = python(&files) else {
        return;
    };
    assert_eq!(found.len(), bundles.len());
    for (found, (name, bytes)) in found.iter().zip(bundles) {
        let expected = json::dump(&Reader::new(bytes).unwrap());
        for part in ["header", "damage"] {
            assert_eq!(found[part], expected[part], "{name}");
        }
        let [found, expected] = [found, &expected].map(|dump| dump["frames"].as_array().unwrap());
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(plain(found), plain(expected), "{name}");
        }
    }
}

#[test]
fn every_record() {
    compare(&[("every record".into(), support::bundle(8))]);
}

#[test]
fn the_worked_examples() {
    let frames = support::worked::frames().into_iter();
    let mut bundles: Vec<_> = frames
        .map(|worked| (worked.record.to_string(), worked.bundle))
        .collect();
    bundles.push(("the bundle".into(), support::worked::whole_bundle()));
    compare(&bundles);
}

fn compare_folder(folder: &str) {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    let Ok(entries) = fs::read_dir(testdata.join(folder)) else {
        return;
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let bundles: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "etz"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    compare(&bundles);
}

#[test]
fn every_committed_bundle() {
    compare_folder("bundles");
}

#[test]
fn every_committed_bundle_of_other_kernels_and_recorders() {
    compare_folder("bundles/kernels");
}

/// Cuts, holes, flips, copies and swaps: what is left and what is reported are part of the specification.
#[test]
fn damaged_bundles() {
    let whole = support::bundle(2);
    let ends = support::ends(&whole);
    let mut bundles = Vec::new();
    let mut add = |name: String, bytes: Vec<u8>| bundles.push((name, bytes));
    for at in (64..whole.len()).step_by(191).chain(ends.iter().copied()) {
        add(format!("cut at {at}"), whole[..at].to_vec());
        if at + 30 < whole.len() {
            let mut hole = whole.clone();
            hole.drain(at..at + 30);
            add(format!("hole at {at}"), hole);
            let mut strange = whole.clone();
            strange.splice(at..at, *b"\xf5ETZ and ETZ-END\n");
            add(format!("strange bytes at {at}"), strange);
        }
        if let Some(byte) = whole.get(at) {
            let mut flipped = whole.clone();
            flipped[at] = byte ^ 0x10;
            add(format!("flip at {at}"), flipped);
        }
    }
    let parts: Vec<_> = ends
        .windows(2)
        .map(|pair| &whole[pair[0]..pair[1]])
        .collect();
    for at in 0..parts.len() {
        let of = |parts: &[&[u8]]| [&whole[..64], &parts.concat()].concat();
        let mut other = parts.clone();
        other.remove(at);
        add(format!("without part {at}"), of(&other));
        other.insert(at / 2, parts[at]);
        add(format!("part {at} moved"), of(&other));
        other.push(parts[at]);
        add(format!("part {at} moved and again"), of(&other));
    }
    compare(&bundles);
}

/// Payloads with a byte changed under a right checksum: both readers take them, or refuse them for the same reason.
#[test]
fn payloads_that_are_not_as_they_should_be() {
    let whole = support::bundle(4);
    let reader = Reader::new(&whole).unwrap();
    let mut frames = Vec::new();
    for frame in reader.frames() {
        let payload = reader.payload(frame).unwrap();
        for at in (0..payload.len()).step_by(1 + payload.len() / 20) {
            for change in [1, 0x80, 0xff, payload[at] ^ 0xfd] {
                let mut payload = payload.clone();
                payload[at] ^= change;
                let sequence = u32::try_from(frames.len()).unwrap();
                let header = frame.header;
                let changed =
                    support::frame(header.frame_type, sequence, 0, payload.len(), &payload);
                frames.push(support::with_version(changed, header.layout.version));
            }
        }
    }
    compare(&[("changed payloads".into(), support::open_bundle(&frames))]);
}
