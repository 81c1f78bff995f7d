//! The saved corpus of the fuzz targets, replayed without a fuzzer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

#[path = "../fuzz/src/formats.rs"]
#[allow(unreachable_pub, reason = "a library of its own to the fuzzer")]
mod fuzz;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(folder).unwrap() {
        run(&fs::read(entry.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "no corpus for {target}");
}

#[test]
fn container() {
    replay("container", fuzz::container);
}

#[test]
fn records() {
    replay("records", fuzz::record);
}

#[test]
fn pages() {
    replay("pages", fuzz::page);
}

#[test]
fn formats() {
    replay("formats", fuzz::format);
}
