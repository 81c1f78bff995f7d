//! How many bytes a recorded event takes: `cargo xtask bench density`, in etz and in its peers.
//!
//! A program makes a storm of failing calls, slowly enough that the recorder keeps each of them whole; every tool records
//! the same storm. The function graph is measured on bundles: what its frames take, and what the kernel's own
//! pages take under zstd, which is how trace-cmd keeps them. With `--guest` trace-cmd itself records both in a guest.

mod bundles;
mod guest;
mod peers;
mod trace_dat;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use format_spec::{Reader, record::Failures};

use crate::{
    columns::Columns,
    cross::{self, Arch},
    dirs,
    process::{command, quiet},
};

/// Targets, in bytes of each event.
const FAILURE_BYTES: f64 = 6.0;
const GRAPH_BYTES: f64 = 3.0;

/// Most of what the best peer takes for the same events.
const OF_PEER: f64 = 0.5;

/// Measure how many bytes each recorded event takes, in etz and in its peers
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each tool records the storm, in seconds
    #[arg(long, default_value_t = 20)]
    seconds: u64,

    /// Folder of bundles whose function graphs are measured
    #[arg(long, value_name = "FOLDER")]
    bundles: Option<PathBuf>,

    /// Use this program instead of building the recorder
    #[arg(long, value_name = "PROGRAM")]
    capture: Option<PathBuf>,

    /// Measure in guests instead: arm64 kernel series (6.1, 6.12, 7.2), or paths of kernel images; `--capture` is then
    /// a static arm64 program
    #[arg(long, value_name = "KERNEL")]
    guest: Vec<String>,
}

/// Prints both tables. Fails where a target is missed.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.guest.is_empty() {
        return guest::run(&args.guest, args.capture.as_ref(), args.seconds);
    }
    let folder = args.bundles.clone();
    let graph = bundles::print(&folder.unwrap_or_else(|| dirs::repo().join("testdata/bundles")))?;
    let failure = storm(args)?;
    ensure!(
        failure <= FAILURE_BYTES && graph <= GRAPH_BYTES,
        "a target is missed: {failure:.2} bytes for a failure, {graph:.2} for an entry or exit"
    );
    Ok(())
}

/// The program that makes calls fail.
fn storm_program(arch: Arch) -> Result<PathBuf> {
    let out = dirs::target("guest/programs")
        .join(arch.name())
        .join("density");
    let sources = dirs::repo().join("xtask/src/bench/density");
    let programs = cross::c_programs(arch, &sources, &out)?;
    programs.into_iter().next().context("storm.c")
}

/// Records the storm with every tool. Returns etz's bytes for each failure.
fn storm(args: &Args) -> Result<f64> {
    let arch = Arch::host()?;
    let capture = cross::capture_or(args.capture.as_ref(), arch)?;
    let seconds = args.seconds.to_string();
    let program = storm_program(arch)?;
    let program = program.to_str().context("a path in UTF-8")?;
    let line = [program, seconds.as_str(), "calls"];

    let folder = tempfile::tempdir()?;
    let (rows, bytes) = record(&capture, folder.path(), &line)?;
    ensure!(rows > 0, "the recorder kept no failure");
    let each = bytes as f64 / rows as f64;
    let mut table = Columns::new([
        "a storm of failing calls",
        "failures",
        "bytes",
        "bytes each",
        "etz to it",
    ]);
    table.add([
        "etz: arguments, paths, task, facts",
        &rows.to_string(),
        &bytes.to_string(),
        &format!("{each:.2}"),
        "",
    ]);
    let mut notes = Vec::new();
    for peer in peers::all(arch) {
        match peer.record(folder.path(), &line) {
            Ok(found) => {
                let of_each = found.bytes as f64 / found.failures.max(1) as f64;
                let verdict = if each <= OF_PEER * of_each { "" } else { " NO" };
                table.add([
                    peer.name.to_owned(),
                    found.failures.to_string(),
                    found.bytes.to_string(),
                    format!("{of_each:.2}"),
                    format!("{:.2}{verdict}", each / of_each),
                ]);
            }
            Err(error) => notes.push(format!("{}: not measured: {error:#}", peer.name)),
        }
    }
    println!("{table}");
    println!(
        "etz: all frames of failures; peers: the file without what one of no events takes; targets {FAILURE_BYTES} bytes, and at most {OF_PEER} of each peer"
    );
    for note in notes {
        println!("{note}");
    }
    Ok(each)
}

/// Failures that the recorder kept whole, and the bytes of their frames.
fn record(capture: &Path, folder: &Path, storm: &[&str]) -> Result<(usize, u64)> {
    let file = folder.join("density.etz");
    let mut recorder = command(capture);
    recorder.args(["--graph", "never", "--comm", "storm", "-o"]);
    quiet(recorder.arg(&file).arg("--").args(storm))?;
    failures(&fs::read(file)?)
}

/// Failures in a bundle, and the bytes of their frames.
fn failures(file: &[u8]) -> Result<(usize, u64)> {
    let reader = Reader::new(file)?;
    let mut rows = 0;
    let mut bytes = 0;
    for frame in reader.frames_of::<Failures>() {
        let failures: Failures = reader.decode(frame)?;
        rows += failures.rows.len();
        bytes += frame.len() as u64;
    }
    Ok((rows, bytes))
}
