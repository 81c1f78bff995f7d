//! The saved corpus of the analyzer's fuzzers, replayed without a fuzzer.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{fs, path::Path};

#[path = "../../format-spec/fuzz/src/analysis.rs"]
#[allow(unreachable_pub, reason = "a library of its own to the fuzzer")]
mod analysis;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../format-spec/fuzz/corpus");
    let mut inputs = 0;
    for entry in fs::read_dir(folder.join(target)).unwrap() {
        run(&fs::read(entry.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "no corpus for {target}");
}

#[test]
fn bundles() {
    replay("bundle", analysis::bundle);
}

#[test]
fn snapshots() {
    replay("snapshot", analysis::snapshot);
}
