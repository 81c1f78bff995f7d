//! The committed bundles.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder that they are in.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/bundles")
}

/// All of the scenarios, by name.
pub(crate) fn bundles() -> Vec<PathBuf> {
    bundles_in(&folder())
}

/// Those of other kernels, by name.
pub(crate) fn bundles_of_kernels() -> Vec<PathBuf> {
    bundles_in(&folder().join("kernels"))
}

/// The bundles in a folder, by name.
pub(crate) fn bundles_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "etz"));
    paths.sort();
    assert!(!paths.is_empty(), "no bundles in {}", folder.display());
    paths
}

/// The one of the scenario `name`.
pub(crate) fn bundle(name: &str) -> PathBuf {
    folder().join(format!("{name}.arm64-6.12.etz"))
}
