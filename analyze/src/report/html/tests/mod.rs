//! The page in a real browser: it renders, its views work, nothing leaves it, nothing hostile runs.

mod hostile;
mod looks;
mod views;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    diagnosis::diagnose,
    load::{Bundle, load},
    report::Report,
    testing::{Page, Screen},
};

const WIDE: Screen = Screen {
    width: 1440,
    height: 900,
    dark: false,
};

const NARROW: Screen = Screen {
    width: 390,
    height: 844,
    dark: true,
};

/// The page of a bundle.
fn html(bundle: &Bundle) -> String {
    let diagnosis = diagnose(bundle);
    let mut out = Vec::new();
    super::write(
        &mut out,
        bundle,
        &diagnosis,
        &Report::new(bundle, &diagnosis),
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

/// The committed bundles.
fn bundles() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/bundles");
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "etz"));
    assert!(!paths.is_empty());
    paths.sort();
    paths
}

fn read(path: &Path) -> Bundle {
    load(&fs::read(path).unwrap()).unwrap()
}

/// The page of the committed bundle whose name begins so.
fn committed(name: &str) -> String {
    let paths = bundles();
    let named = |path: &&PathBuf| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(name)
    };
    html(&read(paths.iter().find(named).unwrap()))
}

/// That nothing was written to the console, refused or asked for.
fn assert_quiet(page: &Page, what: &str) {
    assert_eq!(page.problems, [""; 0], "{what}");
    assert_eq!(page.requests, [""; 0], "{what}");
}
