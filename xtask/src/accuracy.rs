//! How often the analyzer is right: the real `analyze --json` on recorded scenarios against what their
//! `scenario.toml` says.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::dirs;
use crate::process::{command, output, run as run_command};
use crate::scenario::{NO_CULPRIT, Scenario, Spec};

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
}

/// Prints a row for each bundle, then the totals; fails below `--min-top1`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let score = measure(&args.bundles, &args.scenarios)?;
    println!("{score}");
    if score.bundles() == 0 {
        bail!("no bundle of a scenario in {}", args.bundles.display());
    }
    if score.top1 * 100 < args.min_top1 * score.failures {
        bail!("top-1 is below {} %", args.min_top1);
    }
    if args.min_top1 > 0 && score.calm < score.controls {
        bail!("a healthy control is blamed with high confidence");
    }
    Ok(())
}

/// Counts over the bundles.
#[derive(Debug, Default)]
pub(crate) struct Score {
    /// Bundles of scenarios with a culprit, and in how many of them it comes first, or among the first three.
    failures: usize,
    top1: usize,
    top3: usize,
    /// Bundles whose scenario names origins, and in how many the first origin found is one of them.
    origins: usize,
    origins_right: usize,
    /// Bundles of healthy controls, and in how many no culprit has high confidence.
    controls: usize,
    calm: usize,
    /// Bundles on which nothing is wrong: neither the culprit nor the origin.
    right: usize,
}

impl Score {
    /// Bundles analyzed.
    pub(crate) fn bundles(&self) -> usize {
        self.failures + self.controls
    }

    /// Bundles with the right first culprit, or for a control none to be sure of, and the right origin.
    pub(crate) fn right(&self) -> usize {
        self.right
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = |part: usize, whole: usize| match whole {
            0 => "none".to_owned(),
            _ => format!("{part} of {whole} ({} %)", part * 100 / whole),
        };
        write!(
            f,
            "top-1 {}; top-3 {}; origin {}; controls not blamed {}",
            share(self.top1, self.failures),
            share(self.top3, self.failures),
            share(self.origins_right, self.origins),
            share(self.calm, self.controls),
        )
    }
}

/// The parts of an `etz-report/1` that are compared.
#[derive(Debug, Deserialize)]
struct Report {
    origins: Vec<Origin>,
    culprits: Vec<Culprit>,
}

#[derive(Debug, Deserialize)]
struct Origin {
    function: String,
}

#[derive(Debug, Deserialize)]
struct Culprit {
    id: String,
    confidence: String,
}

/// Analyzes every bundle in `bundles` that belongs to a scenario in `scenarios`, and prints a row for each.
pub(crate) fn measure(bundles: &Path, scenarios: &Path) -> Result<Score> {
    let analyze = build_analyze()?;
    let scenarios = Scenario::find(scenarios)?;
    let entries = fs::read_dir(bundles).with_context(|| format!("read {}", bundles.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "etz"));
    paths.sort();

    println!("{:<46} {:<32} {:<42} origin", "bundle", "expected", "found");
    let mut score = Score::default();
    for path in paths {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let belongs = |scenario: &&Scenario| stem.starts_with(&format!("{}.", scenario.name));
        let Some(scenario) = scenarios.iter().find(belongs) else {
            continue;
        };
        let json = output(command(&analyze).arg("--json").arg(&path));
        let report = json.and_then(|json| {
            serde_json::from_str(&json).with_context(|| format!("the report on {}", path.display()))
        });
        match report {
            Ok(report) => score.add(&stem, &scenario.spec, &report),
            Err(error) => {
                println!("{stem:<46} {:<32} FAILED: {error:#}", scenario.spec.culprit);
                score.add_unreadable(&scenario.spec);
            }
        }
    }
    Ok(score)
}

impl Score {
    fn add(&mut self, stem: &str, spec: &Spec, report: &Report) {
        let first = report.culprits.first();
        let found = first.map_or_else(
            || NO_CULPRIT.to_owned(),
            |culprit| format!("{} ({})", culprit.id, culprit.confidence),
        );
        let rank = report
            .culprits
            .iter()
            .position(|culprit| culprit.id == spec.culprit || spec.also.contains(&culprit.id));
        let verdict = if spec.is_control() {
            let calm = report
                .culprits
                .iter()
                .all(|culprit| culprit.confidence != "high");
            self.controls += 1;
            self.calm += usize::from(calm);
            calm
        } else {
            self.failures += 1;
            self.top1 += usize::from(rank == Some(0));
            self.top3 += usize::from(rank.is_some_and(|rank| rank < 3));
            rank == Some(0)
        };
        let origin = report
            .origins
            .first()
            .map_or("none", |origin| origin.function.as_str());
        let origin_right = spec.origin.is_empty()
            || spec
                .origin
                .iter()
                .any(|name| base_name(name) == base_name(origin));
        if !spec.origin.is_empty() {
            self.origins += 1;
            self.origins_right += usize::from(origin_right);
        }
        self.right += usize::from(verdict && origin_right);
        let mark = |right| if right { "" } else { " WRONG" };
        println!(
            "{stem:<46} {:<32} {:<42} {origin}{}",
            spec.culprit,
            found + mark(verdict),
            mark(origin_right)
        );
    }

    fn add_unreadable(&mut self, spec: &Spec) {
        if spec.is_control() {
            self.controls += 1;
        } else {
            self.failures += 1;
        }
        self.origins += usize::from(!spec.origin.is_empty());
    }
}

/// A function's name without what compilers append: `attach_recursive_mnt.isra.0`.
fn base_name(function: &str) -> &str {
    function.split('.').next().unwrap_or(function)
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

#[cfg(test)]
mod tests {
    use super::{Report, Score};
    use crate::scenario::Spec;

    fn spec(culprit: &str) -> Spec {
        let text = format!(
            "summary = ''\nsyscall = 'mount'\nerrno = 'ENOSPC'\nculprit = '{culprit}'\norigin = ['count_mounts']"
        );
        toml::from_str(&text).unwrap()
    }

    fn report(origin: &str, culprits: &[(&str, &str)]) -> Report {
        let culprits: Vec<_> = culprits
            .iter()
            .map(|(id, confidence)| serde_json::json!({"id": id, "confidence": confidence}))
            .collect();
        let json = serde_json::json!({"origins": [{"function": origin}], "culprits": culprits});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn counts_ranks_and_origins() {
        let mut score = Score::default();
        let (right, other) = ("sysctl:fs.mount-max", "fs:blocks");
        score.add(
            "a",
            &spec(right),
            &report("count_mounts.isra.0", &[(right, "high")]),
        );
        score.add(
            "b",
            &spec(right),
            &report("path_mount", &[(other, "low"), (right, "low")]),
        );
        score.add("c", &spec(right), &report("count_mounts", &[]));
        assert_eq!((score.failures, score.top1, score.top3), (3, 1, 2));
        assert_eq!((score.origins, score.origins_right, score.right), (3, 2, 1));
    }

    #[test]
    fn a_control_may_be_suspected_but_not_blamed() {
        let mut score = Score::default();
        score.add(
            "a",
            &spec("none"),
            &report("count_mounts", &[("fs:blocks", "medium")]),
        );
        score.add(
            "b",
            &spec("none"),
            &report("count_mounts", &[("fs:blocks", "high")]),
        );
        assert_eq!((score.controls, score.calm, score.failures), (2, 1, 0));
    }
}
