//! The page in a real browser: it renders, its views work, nothing leaves it, nothing hostile runs.

mod hostile;
mod looks;
mod views;

use std::{fs, path::Path};

use crate::{
    diagnosis::diagnose,
    load::{Bundle, load},
    report::Report,
    testing::{Page, Screen, committed},
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

fn read(path: &Path) -> Bundle {
    load(&fs::read(path).unwrap()).unwrap()
}

/// The page of the committed bundle of a scenario.
fn page_of(name: &str) -> String {
    html(&read(&committed::bundle(name)))
}

/// That nothing was written to the console, refused or asked for.
fn assert_quiet(page: &Page, what: &str) {
    assert_eq!(page.problems, [""; 0], "{what}");
    assert_eq!(page.requests, [""; 0], "{what}");
}
