//! The fuzzers of every parser of untrusted bytes: `cargo xtask fuzz`.
//!
//! libFuzzer needs no more of the compiler than its coverage counters, which stable Rust has: no nightly, no cargo-fuzz.

mod target;

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    cross::Arch,
    dirs,
    process::{command, run as run_command},
};
use target::Target;

/// What cargo-fuzz sets too: counters for every edge, comparisons told to the fuzzer, and every check of a debug build.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Coverflow-checks -Cdebug-assertions -Ccodegen-units=1";

/// Fuzz every parser of untrusted bytes
///
/// Prints a line for each target. A finding is a panic, an input that takes 2 s, one that takes 256 MiB, or too deep a
/// recursion: its input is kept in out/fuzz, with the command that runs it again, and the exit status is 1. The
/// target's whole output is in out/fuzz/NAME.log. What reaches new code is kept beside the build, for the next run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long in all, for example 60s or 60m, shared out evenly
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = seconds)]
    time: u64,

    /// Only these targets
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
}

fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.len() - usize::from(text.ends_with(['s', 'm', 'h'])));
    let factor = match unit {
        "m" => 60,
        "h" => 3600,
        _ => 1,
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a number and s, m or h".to_owned())?;
    Ok(number * factor)
}

/// Builds all targets and runs them one after the other. Fails when one finds something.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = dirs::repo().join("format-spec/fuzz");
    let mut targets = names(&folder.join("fuzz_targets"))?;
    if let Some(unknown) = args.target.iter().find(|name| !targets.contains(name)) {
        bail!("there is no target {unknown}: {}", targets.join(", "));
    }
    targets.retain(|name| args.target.is_empty() || args.target.contains(name));
    let built = dirs::target("fuzz");
    let triple = Arch::host()?.triple();
    // With --target, build scripts and macros are not instrumented.
    run_command(
        command("cargo")
            .args(["build", "--release", "--target", triple, "--manifest-path"])
            .arg(folder.join("Cargo.toml"))
            .env("CARGO_TARGET_DIR", &built)
            .env("RUSTFLAGS", RUSTFLAGS),
    )?;
    let kept = dirs::repo().join("out/fuzz");
    fs::create_dir_all(&kept)?;
    let each = (args.time / targets.len().max(1) as u64).max(1);
    println!("{}", target::HEAD);
    let mut findings = 0;
    for name in &targets {
        let target = Target {
            name,
            program: built.join(triple).join("release").join(name),
            grown: built.join("corpus").join(name),
            committed: folder.join("corpus").join(name),
            bundles: folder.join("corpus/bundle"),
            kept: &kept,
        };
        let outcome = target.fuzz(each)?;
        println!("{outcome}");
        findings += outcome.findings.len();
    }
    ensure!(
        findings == 0,
        "{findings} findings: mend each, and put its input into {}/TARGET, which the tests replay",
        folder.join("corpus").display()
    );
    Ok(())
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        assert_eq!(
            [seconds("60s"), seconds("2m"), seconds("1h"), seconds("7")],
            [Ok(60), Ok(120), Ok(3600), Ok(7)]
        );
        assert!(seconds("x").is_err() && seconds("").is_err());
    }

    #[test]
    fn every_target_has_seeds() {
        let folder = dirs::repo().join("format-spec/fuzz");
        for name in names(&folder.join("fuzz_targets")).unwrap_or_default() {
            let seeds = fs::read_dir(folder.join("corpus").join(&name)).map(Iterator::count);
            assert!(seeds.is_ok_and(|count| count > 0), "{name} has no seeds");
        }
    }
}
