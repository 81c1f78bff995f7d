//! The committed bundles: each gives the report that is kept beside, on every OS and CPU; cut anywhere, it still gives
//! one, and says what is missing.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by a panic, helpers outside of test functions too"
)]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use analyze::{
    diagnosis::{diagnose, diagnose_by},
    incident::Wish,
    load::load,
    report::Report,
};

use support::{bundles, bundles_of_kernels};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn report(bytes: &[u8]) -> Option<Report> {
    let bundle = load(bytes).ok()?;
    Some(Report::new(&bundle, &diagnose(&bundle)))
}

/// `UPDATE=1 cargo test -p analyze --test bundles` writes the reports anew: look at the difference before committing it.
#[test]
fn each_gives_the_report_that_is_kept() {
    let mut different = Vec::new();
    for path in bundles() {
        let found = report(&fs::read(&path).unwrap()).unwrap();
        let found = serde_json::to_string_pretty(&found).unwrap() + "\n";
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let golden = folder("tests/golden").join(format!("{name}.json"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        // Git may give text files other line ends.
        let kept = fs::read_to_string(&golden)
            .unwrap_or_default()
            .replace("\r\n", "\n");
        if kept != found {
            different.push(name);
        }
    }
    assert_eq!(different, [""; 0]);
}

#[test]
fn cut_anywhere_each_says_what_is_missing() {
    for path in bundles() {
        let bytes = fs::read(&path).unwrap();
        for part in 1..20 {
            let cut = &bytes[..bytes.len() * part / 20];
            let found = report(cut).unwrap();
            assert!(
                !found.losses.is_empty(),
                "{} cut at {}",
                path.display(),
                cut.len()
            );
        }
    }
}

#[test]
fn the_same_bundle_gives_the_same_report_twice() {
    let bytes = fs::read(&bundles()[0]).unwrap();
    let json = || serde_json::to_string(&report(&bytes).unwrap()).unwrap();
    let first = json();
    assert!((0..4).all(|_| json() == first));
}

/// Sysctls that are to be found on each kernel by general signals alone.
const LEAST_WITHOUT_RULES: usize = 8;

/// The culprit that the scenario of a bundle `NAME.ARCH-KERNEL.etz` names.
fn expected(name: &str) -> String {
    let scenario = folder("../testdata/scenarios").join(name);
    let text = fs::read_to_string(scenario.join("scenario.toml")).unwrap();
    let spec: toml::Table = text.parse().unwrap();
    spec["culprit"].as_str().unwrap().to_owned()
}

#[test]
fn sysctls_are_found_without_any_rule() {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut missed = Vec::new();
    for path in bundles().into_iter().chain(bundles_of_kernels()) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (name, kernel) = stem.split_once('.').unwrap();
        let culprit = expected(name);
        if !culprit.starts_with("sysctl:") {
            continue;
        }
        let bundle = load(&fs::read(&path).unwrap()).unwrap();
        let first = diagnose_by(&bundle, &Wish::default(), &[])
            .culprits
            .into_iter()
            .next();
        match first.filter(|first| first.id == culprit) {
            Some(_) => found.entry(kernel.into()).or_default().push(culprit),
            None => missed.push(stem),
        }
    }
    for sysctls in found.values_mut() {
        sysctls.dedup();
    }
    let enough = |sysctls: &Vec<String>| sysctls.len() >= LEAST_WITHOUT_RULES;
    assert!(
        found.len() >= 4 && found.values().all(enough),
        "found {found:#?}, missed {missed:?}"
    );
}
