//! What is found in code that the recorder took in a guest: `testdata/bundles`.

use std::fs;

use super::super::{Kernel, summary};
use crate::{load::load, testing::committed};

/// Limits that the code of `function` blames for `errno`.
fn blamed(name: &str, function: &str, errno: u16) -> Vec<String> {
    let bundle = load(&fs::read(committed::bundle(name)).unwrap()).unwrap();
    let kernel = Kernel::of(&bundle);
    let address = bundle.symbols.named(function).next().unwrap().address;
    let facts = summary(&kernel, address, errno);
    facts.reads.iter().map(|read| read.id.clone()).collect()
}

#[test]
fn limits_are_blamed_from_recordings() {
    for name in [
        "bind-mount-max",
        "overlay-mount-max",
        "docker-run-mount-max",
    ] {
        assert_eq!(
            blamed(name, "count_mounts", 28),
            ["sysctl:fs.mount-max"],
            "{name}"
        );
    }
    assert_eq!(
        blamed("inotify-watches", "__arm64_sys_inotify_add_watch", 28),
        ["sysctl:fs.inotify.max_user_watches"]
    );
}
