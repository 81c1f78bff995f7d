//! Snapshots of a host with very many processes, mounts and control groups: `cargo xtask bench big-host`.
//!
//! A guest is made such a host by `big_host/crowd.c`, and recorded. How fast the guest is, compared with this machine, is
//! measured beside it: under emulation all of it takes many times as long.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use format_spec::{
    Reader,
    record::{Content, Phase, Snapshot},
};

use crate::columns::Columns;
use crate::cross::{self, Arch};
use crate::process::{command, output};
use crate::vm::boot::{Boot, Results, variable};
use crate::vm::kernel::Kernel;
use crate::{dirs, host};

const SCRIPT: &str = include_str!("big_host/guest.sh");

/// Bounds on making the host, and on recording it.
const LIMIT: Duration = Duration::from_secs(1500);

/// What a snapshot may take, in seconds.
const WALL_S: f64 = 3.0;
const PROCESSOR_S: f64 = 1.0;

/// Ticks of processor time in a second (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Take snapshots of a host with very many processes, mounts and control groups
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kernel series, or the path of a kernel image with everything built in
    #[arg(long, default_value = "6.12")]
    kernel: String,

    /// Sleeping processes
    #[arg(long, default_value_t = 100_000)]
    processes: u32,

    /// Bind mounts
    #[arg(long, default_value_t = 10_000)]
    mounts: u32,

    /// Control groups
    #[arg(long, default_value_t = 5_000)]
    cgroups: u32,

    /// The guest's memory, MiB; each process takes some 30 KiB of it
    #[arg(long, default_value_t = 6144)]
    memory_mib: u32,

    /// Processors of the guest
    #[arg(long, default_value_t = 2)]
    cpus: u32,

    /// Seconds to record
    #[arg(long = "for", default_value_t = 30)]
    seconds: u32,

    #[command(flatten)]
    guest: cross::Guest,
}

/// Prints a table of the snapshots.
pub(crate) fn run(args: &Args) -> Result<()> {
    host::require(host::VM)?;
    let arch = args.guest.arch;
    let mut programs = crowd(arch)?;
    programs.push(args.guest.capture()?);
    let kernel = Kernel::find(&args.kernel, arch)?;
    let out = dirs::repo().join("out");
    fs::create_dir_all(&out)?;
    let log = out.join(format!("big-host.{}-{}.log", arch.name(), kernel.label));
    let config = [
        variable("PROCESSES", &args.processes.to_string()),
        variable("MOUNTS", &args.mounts.to_string()),
        variable("CGROUPS", &args.cgroups.to_string()),
        variable("SECONDS_RECORDED", &args.seconds.to_string()),
    ];
    let boot = Boot {
        cpus: args.cpus,
        memory_mib: args.memory_mib,
        config: &config.concat(),
        programs: &programs,
        ..Boot::bare(arch, &kernel, SCRIPT, &log)
    };
    let results = boot.run(LIMIT)?;
    ensure!(
        results.failure().is_empty(),
        "{} (the log: {})",
        results.failure(),
        log.display()
    );
    let bundle = results.file("bundle.etz").context("no recording")?;
    let snapshots = snapshots(&fs::read(bundle)?)?;
    println!(
        "{} {}: {} processes, {} mounts, {} control groups, {} MiB left",
        arch.name(),
        kernel.label,
        results.value("processes"),
        results.value("mounts"),
        results.value("cgroups"),
        results.number::<u64>("free_kib") >> 10
    );
    println!("{}", table(&snapshots));
    print_cost(&results, snapshots.len())
}

fn crowd(arch: Arch) -> Result<Vec<PathBuf>> {
    let sources = dirs::repo().join("xtask/src/bench/big_host");
    let out = dirs::target("guest/programs").join(arch.name());
    cross::c_programs(arch, &sources, &out.join("big-host"))
}

/// One snapshot.
#[derive(Debug)]
struct Taken {
    phase: Phase,
    wall_s: f64,
    entries: usize,
    left_out: String,
}

fn snapshots(bundle: &[u8]) -> Result<BTreeMap<u32, Taken>> {
    let reader = Reader::new(bundle)?;
    let mut all: BTreeMap<u32, (u64, u64, Taken)> = BTreeMap::new();
    for frame in reader.frames_of::<Snapshot>() {
        let part = reader.decode::<Snapshot>(frame)?;
        let taken = Taken {
            phase: part.phase,
            wall_s: 0.0,
            entries: 0,
            left_out: String::new(),
        };
        let known = all.entry(part.number);
        let (started_ns, ended_ns, taken) = known.or_insert((part.started_ns, 0, taken));
        *started_ns = (*started_ns).min(part.started_ns);
        *ended_ns = (*ended_ns).max(part.ended_ns);
        taken.entries += part.entries.len();
        taken.wall_s = (*ended_ns - *started_ns) as f64 / 1e9;
        for entry in part.entries {
            if let (b"etz:left-out", Content::File { bytes, .. }) = (&*entry.path, entry.content) {
                taken.left_out = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }
    let all = all.into_iter();
    Ok(all.map(|(number, (_, _, taken))| (number, taken)).collect())
}

fn table(snapshots: &BTreeMap<u32, Taken>) -> String {
    let mut columns = Columns::new(["snapshot", "wall s", "entries", "left out"]);
    for (number, taken) in snapshots {
        let mut rows = taken.left_out.lines().skip(1);
        columns.add([
            format!("{number} {:?}", taken.phase),
            format!("{:.2}", taken.wall_s),
            taken.entries.to_string(),
            rows.next().unwrap_or_default().to_owned(),
        ]);
        for row in rows {
            columns.add(["", "", "", row].map(str::to_owned));
        }
    }
    columns.to_string()
}

/// Processor time of all snapshots together, and what that is on a machine as fast as this one.
fn print_cost(results: &Results, count: usize) -> Result<()> {
    let ticks: f64 =
        results.number::<f64>("helper_user_ticks") + results.number::<f64>("helper_system_ticks");
    let here = crowd(Arch::host()?)?;
    let here: f64 = output(command(&here[0]).arg("pace"))?.trim().parse()?;
    let there: f64 = results.number("pace");
    let slower = there / here;
    let each = ticks / TICKS / count.max(1) as f64;
    println!(
        "{count} snapshots took {:.2} s of processor time, {each:.2} s each; to read /proc/self/status takes {:.1} us here and \
         {:.1} us there: on a machine like this one {:.2} s each (goals: {PROCESSOR_S} s, and {WALL_S} s of wall)",
        ticks / TICKS,
        here / 1e3,
        there / 1e3,
        each / slower
    );
    Ok(())
}
