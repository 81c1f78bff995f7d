//! Redaction: every committed bundle keeps its ranking.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by a panic, helpers outside of test functions too"
)]

mod support;

use std::{fs, path::PathBuf, process::Command};

use serde_json::Value;

fn analyze(arguments: &[&str]) -> Vec<u8> {
    let program = env!("CARGO_BIN_EXE_analyze");
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    output.stdout
}

/// What is blamed, how surely, and where the errors began.
fn ranking(file: &str) -> Value {
    let report: Value = serde_json::from_slice(&analyze(&["--json", file])).unwrap();
    let of = |list: &str, fields: &[&str]| -> Vec<Value> {
        let all = report[list].as_array().unwrap().iter();
        all.map(|one| fields.iter().map(|&field| one[field].clone()).collect())
            .collect()
    };
    Value::Array(vec![
        of("culprits", &["id", "score", "confidence"]).into(),
        of("origins", &["function", "errno", "path"]).into(),
        of("failures", &["syscall", "errno", "count"]).into(),
    ])
}

/// `ETZ_BUNDLES` names another folder of bundles to be tried.
fn bundles() -> Vec<PathBuf> {
    let other = std::env::var_os("ETZ_BUNDLES").map(PathBuf::from);
    support::bundles_in(&other.unwrap_or_else(support::folder))
}

#[test]
fn every_bundle_keeps_its_ranking() {
    let folder = tempfile::tempdir().unwrap();
    let mut different = Vec::new();
    for bundle in bundles() {
        let new = folder.path().join("redacted.etz");
        let (old, new) = (bundle.to_str().unwrap(), new.to_str().unwrap());
        let redaction: Value =
            serde_json::from_slice(&analyze(&["redact", old, "-o", new, "--force", "--json"]))
                .unwrap();
        assert_eq!(redaction["left_out"].as_array().unwrap().len(), 0);
        assert!(!redaction["replaced"].as_array().unwrap().is_empty());
        assert_ne!(
            fs::read(old).unwrap()[32..48],
            fs::read(new).unwrap()[32..48],
            "the id is another"
        );
        analyze(&["verify", new]);
        let (before, after) = (ranking(old), ranking(new));
        if before != after {
            different.push(format!("{old}\n  {before}\n  {after}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn one_key_gives_one_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "a secret of many letters").unwrap();
    let bundle = bundles().remove(0);
    let redacted = |name: &str| {
        let new = folder.path().join(name);
        analyze(&[
            "redact",
            bundle.to_str().unwrap(),
            "-o",
            new.to_str().unwrap(),
            "--key",
            key.to_str().unwrap(),
        ]);
        // All but the id, which is random, and its checksum.
        fs::read(new).unwrap().split_off(64)
    };
    assert!(redacted("a.etz") == redacted("b.etz"));
    let report = String::from_utf8(analyze(&[
        "redact",
        bundle.to_str().unwrap(),
        "-o",
        folder.path().join("c").to_str().unwrap(),
        "--report",
    ]))
    .unwrap();
    assert!(report.contains("host names: 1 different"), "{report}");
}
