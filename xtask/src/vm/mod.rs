//! Boots real kernels and runs scenarios in them: `cargo xtask vm`.

pub(crate) mod boot;
pub(crate) mod funcgraph;
mod guest;
mod initramfs;
pub(crate) mod kernel;
pub(crate) mod kill;
mod modules;
pub(crate) mod noise;
mod qemu;
pub(crate) mod redact;
mod table;
mod userland;

use std::path::PathBuf;

use anyhow::Result;

use crate::cross::{self, Arch};
use crate::process::{command, output};
use crate::scenario::Scenario;
use crate::totals::Totals;
use crate::{accuracy, dirs, host};
use guest::{Guest, Job};
use kernel::Kernel;
use noise::Noise;
use table::Table;

const DEFAULT_KERNEL: &str = "6.12";

/// Record scenarios with the real `capture` on Debian's kernels under QEMU
///
/// Leaves OUT/NAME.ARCH-KERNEL.etz and OUT/NAME.ARCH-KERNEL.log for each scenario, with the mix of
/// noise behind the kernel if there is one. Exits 1 when one failed.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) other: Option<Other>,

    /// Kernel series (6.1, 6.12, 7.2: the newest of Debian's), or the path of a kernel image with
    /// everything built in
    #[arg(long, default_value = DEFAULT_KERNEL)]
    pub(crate) kernel: Vec<String>,

    /// Architecture of the guest
    #[arg(long, value_enum, default_value = "arm64")]
    pub(crate) arch: Vec<Arch>,

    /// Run on every kernel series and architecture, and on the kernels that `vm kernel` has built
    #[arg(long, conflicts_with_all = ["kernel", "arch"])]
    pub(crate) all: bool,

    /// Instead of recording, check that each trigger fails as its scenario says and that its
    /// remedy.sh ends that; where OUT has the bundle of an earlier run, check in another boot that
    /// a command of the report's remedies does so too
    #[arg(long)]
    pub(crate) verify_remedy: bool,

    /// Record beside what goes wrong on every host: a mix of testdata/noise (`everyday`, `incident`)
    /// or a folder of your own; several with commas
    #[arg(
        long,
        value_name = "MIX",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = noise::EVERYDAY,
        value_delimiter = ',',
        conflicts_with = "verify_remedy"
    )]
    pub(crate) noise: Vec<String>,

    /// Seconds to record, unless the scenario says so [default: 15, with a Debian userland 40]
    #[arg(long = "for", value_name = "SECONDS")]
    pub(crate) seconds: Option<u64>,

    /// Processors of the guest [default: 1, with a Debian userland 2]
    #[arg(long)]
    pub(crate) cpus: Option<u32>,

    /// Use this static program as the recorder instead of building it
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) capture: Option<PathBuf>,

    /// Folder for bundles and logs
    #[arg(short, long, default_value = "out")]
    pub(crate) out: PathBuf,

    /// Folders of scenarios, or folders that hold such folders
    #[arg(required = true, value_name = "SCENARIO_DIR")]
    pub(crate) scenarios: Vec<PathBuf>,
}

/// What is done with guests besides recording scenarios.
#[derive(clap::Subcommand)]
pub(crate) enum Other {
    Funcgraph(funcgraph::Args),
    Kernel(kernel::build::Args),
    Kill(kill::Args),
    Redact(redact::Args),
}

impl Args {
    /// Records scenarios on the default kernel.
    pub(crate) fn new(scenarios: Vec<PathBuf>, out: PathBuf) -> Self {
        Self {
            other: None,
            kernel: vec![DEFAULT_KERNEL.into()],
            arch: vec![Arch::Arm64],
            all: false,
            verify_remedy: false,
            noise: Vec::new(),
            seconds: None,
            cpus: None,
            capture: None,
            out,
            scenarios,
        }
    }
}

/// Prints a table of all runs; fails when one failed.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.other {
        Some(Other::Funcgraph(args)) => return funcgraph::run(args),
        Some(Other::Kernel(args)) => return kernel::build::run(args),
        Some(Other::Kill(args)) => return kill::run(args),
        Some(Other::Redact(args)) => return redact::run(args),
        None => {}
    }
    run_all(args)?.conclude()
}

/// Runs every scenario on every kernel asked for, one boot each, and returns how many were good.
pub(crate) fn run_all(args: &Args) -> Result<Totals> {
    host::require(host::VM)?;
    let mut scenarios = Vec::new();
    for dir in &args.scenarios {
        scenarios.extend(Scenario::find(dir)?);
    }
    let out = std::path::absolute(&args.out)?;
    std::fs::create_dir_all(&out)?;
    let noise = Noise::find(&args.noise)?;

    let all = kernel::SERIES.map(str::to_owned);
    let kernels: &[String] = if args.all { &all } else { &args.kernel };
    let arches: &[Arch] = if args.all { &Arch::ALL } else { &args.arch };
    let mut table = Table::start();
    for &arch in arches {
        let capture = match &args.capture {
            _ if args.verify_remedy => None,
            Some(program) => Some(program.clone()),
            None => Some(cross::capture(arch)?),
        };
        let job = match &capture {
            Some(capture) => Job::Record {
                capture,
                seconds: args.seconds,
            },
            None => Job::VerifyRemedy,
        };
        let found = kernels.iter().map(|name| Kernel::find(name, arch));
        let mut found = found.collect::<Result<Vec<_>>>()?;
        if args.all {
            found.extend(Kernel::built(arch)?);
        }
        for kernel in &found {
            for scenario in &scenarios {
                if !scenario.spec.applies_to(kernel.series(), arch.name()) {
                    continue;
                }
                let programs = dirs::target("guest/programs");
                let guest = Guest {
                    scenario,
                    arch,
                    kernel,
                    noise: noise.as_ref(),
                    cpus: args.cpus,
                    programs: &programs,
                    out: &out,
                };
                table.add(&guest, guest.run(&job));
                if args.verify_remedy {
                    let commands = reported_remedies(&guest)?;
                    if !commands.is_empty() {
                        table.add(&guest, guest.run(&Job::VerifyReported(&commands)));
                    }
                }
            }
        }
    }
    if let Some(matrix) = table.matrix() {
        println!("\n{matrix}\n");
    }
    Ok(table.totals)
}

/// The remedies of the first culprit in the report on the guest's bundle; none where there is no bundle.
fn reported_remedies(guest: &Guest<'_>) -> Result<Vec<String>> {
    let bundle = guest.output("etz");
    if !bundle.exists() || guest.scenario.spec.is_control() {
        return Ok(Vec::new());
    }
    let analyze = accuracy::build_analyze()?;
    let json = output(command(&analyze).arg("--json").arg(&bundle))?;
    let report: serde_json::Value = serde_json::from_str(&json)?;
    let remedies = report["culprits"][0]["remedy"].as_array();
    let lines = remedies
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str());
    Ok(lines.map(str::to_owned).collect())
}
