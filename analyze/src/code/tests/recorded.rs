//! What is found in code that the recorder took in a guest: `testdata/bundles`.

use std::{fs, path::PathBuf};

use super::super::{Kernel, summary};
use crate::load::{Bundle, load};

fn bundle(name: &str) -> Bundle {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata/bundles");
    load(&fs::read(folder.join(name)).unwrap()).unwrap()
}

/// Limits that the code of `function` blames for `errno`.
fn blamed(name: &str, function: &str, errno: u16) -> Vec<String> {
    let bundle = bundle(name);
    let kernel = Kernel::new(
        bundle.symbols.all(),
        &bundle.code,
        &bundle.ctl_entries,
        &bundle.fields,
        bundle.architecture(),
    );
    let address = bundle.symbols.named(function).next().unwrap().address;
    let facts = summary(&kernel, address, errno);
    facts.reads.into_iter().map(|read| read.id).collect()
}

#[test]
fn limits_are_blamed_from_recordings() {
    for name in [
        "bind-mount-max",
        "overlay-mount-max",
        "docker-run-mount-max",
    ] {
        let name = format!("{name}.arm64-6.12.etz");
        assert_eq!(
            blamed(&name, "count_mounts", 28),
            ["sysctl:fs.mount-max"],
            "{name}"
        );
    }
    assert_eq!(
        blamed(
            "inotify-watches.arm64-6.12.etz",
            "__arm64_sys_inotify_add_watch",
            28
        ),
        ["sysctl:fs.inotify.max_user_watches"]
    );
}
