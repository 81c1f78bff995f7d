//! The reports of the committed bundles keep to the published schema, by a validator that knows nothing of the types
//! that both come from.
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

use support::bundle;

const VALIDATOR: &str = "
import json, sys
try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(77)
with open(sys.argv[1], encoding='utf-8') as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
for path in sys.argv[2:]:
    with open(path, encoding='utf-8') as file:
        for error in Draft202012Validator(schema).iter_errors(json.load(file)):
            sys.exit(f'{path}: {error.json_path}: {error.message}')
";

/// What the validator says of some files; `None`, after a line that says so, where there is none.
fn validate(schema: &str, reports: &[PathBuf]) -> Option<Output> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(schema);
    let mut python = Command::new("python3");
    let output = python.args(["-c", VALIDATOR]).arg(schema).args(reports);
    match output.output() {
        Ok(output) if output.status.code() != Some(77) => Some(output),
        _ => {
            let needed = cfg!(target_os = "linux") && std::env::var_os("CI").is_some();
            assert!(!needed, "no validator of schemas");
            eprintln!("SKIPPED: there is no python3 with the package `jsonschema`");
            None
        }
    }
}

fn golden() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = fs::read_dir(folder).unwrap();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(!paths.is_empty());
    paths
}

#[test]
fn the_reports_keep_to_the_published_schema() {
    let Some(output) = validate("report.schema.json", &golden()) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn what_does_not_keep_to_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let report = fs::read_to_string(&golden()[0]).unwrap();
    for (number, (right, wrong)) in [
        ("\"etz-report/1\"", "\"etz-report/2\""),
        ("\"count\": ", "\"count\": -"),
        ("\"failures\":", "\"failure\":"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(report.contains(right), "{right}");
        let path = folder.path().join(format!("{number}.json"));
        fs::write(&path, report.replacen(right, wrong, 1)).unwrap();
        let Some(output) = validate("report.schema.json", &[path]) else {
            return;
        };
        assert!(!output.status.success(), "{wrong} is not refused");
    }
}

#[test]
fn comparisons_keep_to_the_published_schema() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["bind-mount-max", "rlimit-nofile", "enoent-lookups"];
    let mut written = Vec::new();
    for before in names {
        for after in names {
            let mut diff = Command::new(env!("CARGO_BIN_EXE_analyze"));
            let diff = diff.args(["diff", "--json"]);
            let output = diff
                .arg(bundle(before))
                .arg(bundle(after))
                .output()
                .unwrap();
            assert!(output.status.success());
            let path = folder.path().join(format!("{before}-{after}.json"));
            fs::write(&path, output.stdout).unwrap();
            written.push(path);
        }
    }
    let wrong = folder.path().join("wrong.json");
    let text = fs::read_to_string(&written[0]).unwrap();
    assert!(text.contains("\"etz-diff/1\""));
    fs::write(&wrong, text.replace("\"etz-diff/1\"", "\"etz-diff/2\"")).unwrap();
    let Some(output) = validate("diff.schema.json", &written) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let refused = validate("diff.schema.json", &[wrong]).unwrap();
    assert!(!refused.status.success());
}
