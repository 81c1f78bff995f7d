//! Suites: each counts what passed and failed in it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result};

use super::Outcome;
use crate::accuracy::{self, Score, Told};
use crate::process::command;
use crate::totals::Totals;
use crate::vm;
use crate::{dirs, host};

/// Recorded anew by every run of the tests: the real incident, a limit of each general kind, and a control.
const RECORDED: [&str; 4] = [
    "docker-run-mount-max",
    "inotify-watches",
    "rlimit-nofile",
    "enoent-lookups",
];

/// Recorded beside everyday noise: limits that are met by one program while others fail too.
const RECORDED_WITH_NOISE: [&str; 2] = ["inotify-watches", "threads-max"];

/// One for each phase.
const KILLS: u32 = 6;

pub(super) fn tests() -> Result<Outcome> {
    for packages in [host::PYTHON, host::BROWSER, host::CONSUMERS] {
        if host::can_require(packages).is_ok() {
            host::require(packages)?;
        }
    }
    let nextest = command("cargo-nextest").arg("--version").output().is_ok();
    let args: &[&str] = if nextest {
        &[
            "nextest",
            "run",
            "--locked",
            "--workspace",
            "--no-fail-fast",
            "--no-tests=pass",
        ]
    } else {
        &[
            "test",
            "--locked",
            "--workspace",
            "--no-fail-fast",
            "--lib",
            "--bins",
            "--tests",
        ]
    };
    counted(command("cargo").args(args))
}

pub(super) fn doc_tests() -> Result<Outcome> {
    counted(command("cargo").args(["test", "--quiet", "--locked", "--workspace", "--doc"]))
}

/// Runs a test runner, and adds up its summaries. One that fails without any, as a build does, counts as one.
fn counted(runner: &mut Command) -> Result<Outcome> {
    runner
        .current_dir(dirs::repo())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = runner.spawn().context("start cargo")?;
    let stderr = child.stderr.take().context("cargo's errors")?;
    let stdout = child.stdout.take().context("cargo's output")?;
    let copy = thread::spawn(move || tee(stderr));
    let mut text = tee(stdout);
    text += &copy.join().unwrap_or_default();
    let mut totals = Totals::of_output(&text);
    if !child.wait()?.success() && totals.failed == 0 {
        totals += Totals::FAILED;
    }
    Ok(Outcome::Ran(totals))
}

/// Copies lines to the terminal as they come, and returns them all.
fn tee(from: impl Read) -> String {
    let mut text = String::new();
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        println!("{line}");
        text += &line;
        text.push('\n');
    }
    text
}

/// Every committed bundle still gets its right answer.
pub(super) fn committed_bundles() -> Result<Outcome> {
    let bundles = dirs::repo().join("testdata/bundles");
    score(&accuracy::measure(&bundles, &scenarios(), &Told::default())?.score())
}

/// A Debian arm64 6.12 guest records, with and without noise, and the bundles get their right answers.
pub(super) fn guest() -> Result<Outcome> {
    if let Err(why) = host::can_require(host::VM) {
        return Ok(Outcome::Skipped(why));
    }
    let out = dirs::target("test-vm");
    let _ = fs::remove_dir_all(&out);
    let folders = |names: &[&str]| names.iter().map(|name| scenarios().join(name)).collect();
    let mut totals = vm::run_all(&vm::Args::new(folders(&RECORDED), out.clone()))?;
    let mut noisy = vm::Args::new(folders(&RECORDED_WITH_NOISE), out.clone());
    noisy.noise = vec![vm::noise::EVERYDAY.into()];
    totals += vm::run_all(&noisy)?;
    let results = accuracy::measure(&out, &scenarios(), &Told::default())?;
    println!("\n{}\n", results.by_kernel());
    if let Outcome::Ran(analyzed) = score(&results.score())? {
        totals += analyzed;
    }
    Ok(Outcome::Ran(totals))
}

/// On every kernel series the analyzer prints a function graph as the kernel itself does.
pub(super) fn funcgraph() -> Result<Outcome> {
    if let Err(why) = host::can_require(host::VM) {
        return Ok(Outcome::Skipped(why));
    }
    let args = vm::funcgraph::Args::new(dirs::target("test-vm"));
    Ok(Outcome::Ran(vm::funcgraph::run_all(&args)?))
}

/// A Debian arm64 6.12 guest kills the recorder once in each of its phases.
pub(super) fn kills() -> Result<Outcome> {
    if let Err(why) = host::can_require(host::VM) {
        return Ok(Outcome::Skipped(why));
    }
    let args = vm::kill::Args::new(KILLS, dirs::target("test-vm"));
    Ok(Outcome::Ran(vm::kill::run_all(&args)?))
}

/// A Debian arm64 6.12 guest full of names records with `--redact`, and none is in the bundle.
pub(super) fn redaction() -> Result<Outcome> {
    if let Err(why) = host::can_require(host::VM) {
        return Ok(Outcome::Skipped(why));
    }
    let args = vm::redact::Args::new(dirs::target("test-vm"));
    Ok(Outcome::Ran(vm::redact::run_all(&args)?))
}

fn scenarios() -> PathBuf {
    dirs::repo().join("testdata/scenarios")
}

fn score(score: &Score) -> Result<Outcome> {
    println!("{score}");
    anyhow::ensure!(score.bundles() > 0, "there is no bundle of any scenario");
    let failed = score.bundles() - score.right();
    Ok(Outcome::Ran(Totals {
        passed: score.right(),
        failed,
    }))
}
