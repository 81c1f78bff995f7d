//! The saved corpus of the fuzzers of this module's parsers, replayed without a fuzzer.

use std::{fs, path::Path};

use super::{btf::Btf, kallsyms::Kallsyms};

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../format-spec/fuzz/corpus");
    let entries = fs::read_dir(folder.join(target)).unwrap();
    let inputs: Vec<_> = entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(!inputs.is_empty());
    inputs
}

#[test]
fn btf() {
    let mut paths = 0;
    for input in inputs("btf") {
        if let Ok(types) = Btf::from_bytes(input) {
            paths += usize::from(
                types
                    .path("task_struct", "nsproxy->mnt_ns->nr_mounts")
                    .is_some(),
            );
            let _ = types.layouts();
            let _ = types.return_type("count_mounts", None);
        }
    }
    assert!(paths > 0, "no seed has the path");
}

#[test]
fn kallsyms() {
    let mut symbols = 0;
    for input in inputs("kallsyms") {
        if let Ok(table) = Kallsyms::parse(&input[..]) {
            symbols += table.functions().count();
        }
    }
    assert!(symbols > 0, "no seed has a symbol");
}
