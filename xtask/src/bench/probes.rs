//! How often arming the sentinels stops all processors, and for how long: `cargo xtask bench probes`.
//!
//! On arm64 each probe that is put on an instruction, and each that is taken away, is patched while all processors stand
//! still (`aarch64_insn_patch_text`, `arch/arm64/kernel/patching.c`, 6.1 to 7.2). A guest counts that by the function
//! graph of `multi_cpu_stop`, in which they do so. Under emulation with more processors than the machine has, the count is
//! right and the time is an upper bound.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::columns::Columns;
use crate::cross;
use crate::vm::boot::{Boot, Results};
use crate::vm::kernel::{Kernel, SERIES};
use crate::{dirs, host};

const SCRIPT: &str = include_str!("probes/guest.sh");

const LIMIT: Duration = Duration::from_secs(600);

/// Count the stops of all processors that arming the sentinels takes
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kernel series, or the path of a kernel image with everything built in
    #[arg(long, default_values = SERIES)]
    kernel: Vec<String>,

    /// Processors of the guest
    #[arg(long, default_value_t = 8)]
    cpus: u32,

    #[command(flatten)]
    guest: cross::Guest,
}

/// Prints a row for each kernel, and each way.
pub(crate) fn run(args: &Args) -> Result<()> {
    host::require(host::VM)?;
    let programs = [args.guest.capture()?];
    let out = dirs::repo().join("out");
    fs::create_dir_all(&out)?;
    let mut table = Columns::new(["kernel", "probes", "", "stops", "ms in all", "longest us"]);
    for name in &args.kernel {
        let kernel = Kernel::find(name, args.guest.arch)?;
        let label = format!("{}-{}", args.guest.arch.name(), kernel.label);
        let log = out.join(format!("probes.{label}.log"));
        let boot = Boot {
            cpus: args.cpus,
            memory_mib: 2048,
            programs: &programs,
            ..Boot::bare(args.guest.arch, &kernel, SCRIPT, &log)
        };
        let results = boot.run(LIMIT)?;
        ensure!(
            results.failure().is_empty(),
            "{label}: {} (the log: {})",
            results.failure(),
            log.display()
        );
        for (way, key) in [("armed", "arm"), ("taken away", "disarm")] {
            table.add(row(&label, way, key, &results));
        }
        println!(
            "{label}, {} processors: fprobe events {}; {:.1} MiB of memory less while it records",
            results.value("cpus"),
            results.value("fprobes"),
            results.number::<f64>("memory_kib") / 1024.0
        );
    }
    println!("{table}");
    Ok(())
}

fn row(label: &str, way: &str, key: &str, results: &Results) -> [String; 6] {
    let cpus = results.number::<f64>("cpus").max(1.0);
    let each = |name: &str| results.number::<f64>(&format!("{key}.{name}"));
    [
        label.to_owned(),
        results.value("probes").to_owned(),
        way.to_owned(),
        format!("{:.0}", each("lines") / cpus),
        format!("{:.1}", each("sum_us") / cpus / 1e3),
        format!("{:.0}", each("most_us")),
    ]
}
