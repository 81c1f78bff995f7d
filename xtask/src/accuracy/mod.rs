//! How often the analyzer is right: the real `analyze --json` on recorded scenarios against what their
//! `scenario.toml` says.

mod answer;
mod hint;
mod incident;
mod report;
mod results;
mod score;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::dirs;
use crate::process::{command, output, run as run_command};
use crate::recording::Recording;
use crate::scenario::{Scenario, Spec};
use crate::vm::noise::with_extension;
use answer::Answer;
use hint::Hint;
use incident::Bystanders;
use report::Report;
use results::{Results, Row};
pub(crate) use score::Score;

/// Analyze recorded scenarios and count how often incident, culprit and origin are right
///
/// Recordings made beside noise (`cargo xtask vm --noise`) are counted apart too.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with NAME.ARCH-KERNEL.etz and NAME.ARCH-KERNEL.NOISE.etz
    #[arg(long, default_value = "testdata/bundles")]
    pub(crate) bundles: PathBuf,

    /// Folder with the scenarios that the bundles were recorded from
    #[arg(long, default_value = "testdata/scenarios")]
    pub(crate) scenarios: PathBuf,

    #[command(flatten)]
    pub(crate) told: Told,

    /// Exit 1 when fewer than this percentage of the culprits come first, or when a control is blamed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) min_top1: usize,

    /// Write the tables as a page of Markdown too
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

/// What the analyzer is told beside the bundle, and what it must do without.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Told {
    /// Tell the analyzer what a person would know of the incident
    #[arg(long, value_enum)]
    pub(crate) hint: Option<Hint>,

    /// Leave out all rules, or all names of kernel functions in them, as on a kernel that nobody knows
    #[arg(long, value_name = "PART", value_parser = ["rules", "names"])]
    pub(crate) without: Option<String>,
}

impl Told {
    /// The options as `cargo xtask accuracy` takes them.
    fn options(&self) -> String {
        let hint = self
            .hint
            .map(|hint| format!(" --hint {}", hint.option().trim_start_matches('-')));
        let without = self
            .without
            .as_ref()
            .map(|part| format!(" --without {part}"));
        hint.unwrap_or_default() + &without.unwrap_or_default()
    }
}

/// Prints a row for each bundle, kernel and confidence; fails below `--min-top1`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let results = measure(&args.bundles, &args.scenarios, &args.told)?;
    println!("\n{}", results.by_kernel());
    println!("\n{}", results.by_confidence());
    let score = results.score();
    if score.bundles() == 0 {
        bail!("no bundle of a scenario in {}", args.bundles.display());
    }
    if let Some(file) = &args.markdown {
        let bundles = args.bundles.display();
        let command = format!(
            "cargo xtask accuracy --bundles {bundles}{}",
            args.told.options()
        );
        let page = results.markdown(&command);
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
pub(crate) fn measure(bundles: &Path, scenarios: &Path, told: &Told) -> Result<Results> {
    let analyze = build_analyze()?;
    let bystanders = Bystanders::find()?;
    let scenarios = Scenario::find(scenarios)?;
    if let Some(hint) = told.hint {
        println!("Told with {} what a person would know.", hint.option());
    }
    if let Some(part) = &told.without {
        println!("Without {part}.");
    }
    println!(
        "{:<46} {:<32} {:<42} {:<32} incident",
        "bundle", "expected", "found", "origin"
    );
    let mut results = Results::default();
    for path in with_extension(bundles, "etz")? {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let Some(recording) = Recording::parse(&stem) else {
            continue;
        };
        let is_its = |scenario: &&Scenario| scenario.name == recording.scenario;
        let Some(scenario) = scenarios.iter().find(is_its) else {
            continue;
        };
        let spec = &scenario.spec;
        let answer = match report(&analyze, &path, told, spec, &bystanders) {
            Ok(report) => Answer::of(&report, spec, &bystanders),
            Err(error) => Answer::none(format!("FAILED: {error:#}"), spec),
        };
        let mark = |right| if right { "" } else { " WRONG" };
        println!(
            "{stem:<46} {:<32} {:<42} {:<32} {}{}",
            spec.culprit,
            answer.found.clone() + mark(answer.culprit_right),
            answer.origin.clone() + mark(answer.origin_right),
            answer.incident,
            mark(answer.incident_right)
        );
        results.add(Row {
            recording,
            expected: spec.culprit.clone(),
            answer,
        });
    }
    Ok(results)
}

/// What the analyzer says of a bundle, told the hint if there is one.
fn report(
    analyze: &Path,
    bundle: &Path,
    told: &Told,
    spec: &Spec,
    bystanders: &Bystanders,
) -> Result<Report> {
    let read = |arguments: &[String]| -> Result<Report> {
        let mut analyze = command(analyze);
        analyze.arg("--json").args(arguments);
        if let Some(part) = &told.without {
            analyze.args(["--without", part]);
        }
        let json = output(analyze.arg(bundle))?;
        serde_json::from_str(&json).with_context(|| format!("the report on {}", bundle.display()))
    };
    let plain = read(&[])?;
    let Some(hint) = told.hint else {
        return Ok(plain);
    };
    read(&hint.arguments(spec, &plain.failures, bystanders)?)
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
