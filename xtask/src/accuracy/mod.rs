//! How often the analyzer is right: the real `analyze --json` on recorded scenarios against what their
//! `scenario.toml` says.

mod results;
mod score;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::dirs;
use crate::process::{command, output, run as run_command};
use crate::scenario::Scenario;
use results::{Results, Row};
use score::Answer;
pub(crate) use score::Score;

/// Analyze recorded scenarios and count how often the culprit and the origin are right
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with NAME.ARCH-KERNEL.etz
    #[arg(long, default_value = "testdata/bundles")]
    pub(crate) bundles: PathBuf,

    /// Folder with the scenarios that the bundles were recorded from
    #[arg(long, default_value = "testdata/scenarios")]
    pub(crate) scenarios: PathBuf,

    /// Exit 1 when fewer than this percentage of the culprits come first, or when a control is blamed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) min_top1: usize,

    /// Write the tables as a page of Markdown too
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

/// Prints a row for each bundle and for each kernel; fails below `--min-top1`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let results = measure(&args.bundles, &args.scenarios)?;
    println!("\n{}", results.by_kernel());
    let score = results.score();
    if score.bundles() == 0 {
        bail!("no bundle of a scenario in {}", args.bundles.display());
    }
    if let Some(file) = &args.markdown {
        let bundles = args.bundles.display();
        let page = results.markdown(&format!("cargo xtask accuracy --bundles {bundles}"));
        fs::write(file, page).with_context(|| format!("write {}", file.display()))?;
    }
    if score.top1 * 100 < args.min_top1 * score.failures {
        bail!("top-1 is below {} %", args.min_top1);
    }
    if args.min_top1 > 0 && score.calm < score.controls {
        bail!("a healthy control is blamed with high confidence");
    }
    Ok(())
}

/// Analyzes every bundle in `bundles` that belongs to a scenario in `scenarios`, and prints a row for each.
pub(crate) fn measure(bundles: &Path, scenarios: &Path) -> Result<Results> {
    let analyze = build_analyze()?;
    let scenarios = Scenario::find(scenarios)?;
    let entries = fs::read_dir(bundles).with_context(|| format!("read {}", bundles.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "etz"));
    paths.sort();

    println!("{:<46} {:<32} {:<42} origin", "bundle", "expected", "found");
    let mut results = Results::default();
    for path in paths {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let Some((name, kernel)) = stem.split_once('.') else {
            continue;
        };
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.name == name) else {
            continue;
        };
        let spec = &scenario.spec;
        let json = output(command(&analyze).arg("--json").arg(&path));
        let report = json.and_then(|json| {
            serde_json::from_str(&json).with_context(|| format!("the report on {}", path.display()))
        });
        let answer = match report {
            Ok(report) => Answer::of(&report, spec),
            Err(error) => Answer::none(format!("FAILED: {error:#}"), spec),
        };
        let mark = |right| if right { "" } else { " WRONG" };
        println!(
            "{stem:<46} {:<32} {:<42} {}{}",
            spec.culprit,
            answer.found.clone() + mark(answer.culprit_right),
            answer.origin,
            mark(answer.origin_right)
        );
        results.add(Row {
            scenario: name.to_owned(),
            kernel: kernel.to_owned(),
            expected: spec.culprit.clone(),
            answer,
        });
    }
    Ok(results)
}

/// Builds the analyzer, and returns the program's path.
pub(crate) fn build_analyze() -> Result<PathBuf> {
    let mut cargo = command("cargo");
    cargo
        .current_dir(dirs::repo())
        .args(["build", "--quiet", "--locked", "--release"]);
    run_command(cargo.args(["--package", "analyze"]))?;
    Ok(dirs::target("release/analyze"))
}
