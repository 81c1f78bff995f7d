//! The fuzzers of every parser of untrusted bytes: `cargo xtask fuzz`.
//!
//! libFuzzer needs no more of the compiler than its coverage counters, which stable Rust has: no nightly, no cargo-fuzz.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    columns::Columns,
    cross::Arch,
    dirs,
    process::{command, run as run_command},
};

/// What cargo-fuzz sets too: counters for every edge, comparisons told to the fuzzer, and every check of a debug build.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Coverflow-checks -Cdebug-assertions -Ccodegen-units=1";

/// Most memory of a fuzzed parser, in MiB, and most seconds of one input.
const MEMORY_MIB: u32 = 512;
const INPUT_SECONDS: u32 = 10;

/// Longest inputs of targets that take whole files, in bytes.
const FILE_LEN: usize = 1 << 20;

/// Fuzz every parser of untrusted bytes; what it finds is left in out/fuzz
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
    let found = dirs::repo().join("out/fuzz");
    fs::create_dir_all(&found)?;
    let each = (args.time / targets.len().max(1) as u64).max(1);
    let mut table = Columns::new(["target", "runs", "edges", "found"]);
    let mut failed = Vec::new();
    for name in targets {
        let program = built.join(triple).join("release").join(&name);
        let result = fuzz(&program, &name, &folder, &built, &found, each)?;
        table.add([
            name.clone(),
            result.runs,
            result.edges,
            result.found.to_string(),
        ]);
        if result.found {
            failed.push(name);
        }
    }
    println!("{table}");
    ensure!(
        failed.is_empty(),
        "{} found something: see {}",
        failed.join(", "),
        found.display()
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

struct Outcome {
    runs: String,
    edges: String,
    found: bool,
}

/// Fuzzes one target; new inputs go beside the build, the committed ones are seeds.
fn fuzz(
    program: &Path,
    name: &str,
    folder: &Path,
    built: &Path,
    found: &Path,
    seconds: u64,
) -> Result<Outcome> {
    let grown = built.join("corpus").join(name);
    fs::create_dir_all(&grown)?;
    let mut seeds: Vec<PathBuf> = vec![grown, folder.join("corpus").join(name)];
    let takes_files = matches!(name, "bundle" | "container");
    if takes_files {
        seeds.push(dirs::repo().join("testdata/bundles"));
    }
    let len = if takes_files { FILE_LEN } else { 1 << 16 };
    let output = command(program)
        .args([
            format!("-max_total_time={seconds}"),
            format!("-max_len={len}"),
            format!("-rss_limit_mb={MEMORY_MIB}"),
            format!("-timeout={INPUT_SECONDS}"),
            format!("-artifact_prefix={}/{name}-", found.display()),
            "-print_final_stats=1".to_owned(),
        ])
        .args(seeds.iter().filter(|seed| seed.is_dir()))
        .stdout(Stdio::null())
        .output()
        .with_context(|| format!("start {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let tail: Vec<&str> = said.lines().rev().take(30).collect();
        eprintln!("{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    let after = |mark: &str| {
        let last = said.lines().rev().find_map(|line| line.split_once(mark));
        last.and_then(|(_, rest)| rest.split_whitespace().next())
            .unwrap_or("?")
            .to_owned()
    };
    Ok(Outcome {
        runs: after("stat::number_of_executed_units:"),
        edges: after(" cov: "),
        found: !output.status.success(),
    })
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
