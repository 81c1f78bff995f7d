//! What the sentinels cost in a guest: `cargo xtask bench sentinels`.
//!
//! A program in the guest starts the recorder, and switches its sentinels off and on by turns while it times loops of
//! fork and wait, open and close, mount and umount: see `sentinels/loops.c`.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::samples::Samples;
use super::times::Times;
use crate::columns::Columns;
use crate::cross;
use crate::vm::boot::{Boot, Results, variable};
use crate::vm::kernel::{Kernel, SERIES};
use crate::{dirs, host};

const SCRIPT: &str = include_str!("sentinels/guest.sh");

const LOOPS: [&str; 3] = ["fork", "open", "mount"];

/// What a guest may take besides the timing.
const LIMIT: Duration = Duration::from_secs(180);

/// Time loops of fork, open and mount in a guest, with and without the sentinels
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kernel series, or the path of a kernel image with everything built in
    #[arg(long, default_values = SERIES)]
    kernel: Vec<String>,

    /// Seconds of timing
    #[arg(long, default_value_t = 40)]
    seconds: u32,

    #[command(flatten)]
    guest: cross::Guest,
}

/// Prints a table for each kernel.
pub(crate) fn run(args: &Args) -> Result<()> {
    host::require(host::VM)?;
    let capture = args.guest.capture()?;
    let sources = dirs::repo().join("xtask/src/bench/sentinels");
    let out = dirs::target("guest/programs").join(args.guest.arch.name());
    let mut programs = cross::c_programs(args.guest.arch, &sources, &out.join("sentinels"))?;
    programs.push(capture);
    for name in &args.kernel {
        let kernel = Kernel::find(name, args.guest.arch)?;
        let log = out.join(format!("sentinels-{}.log", kernel.label));
        let boot = Boot {
            config: &variable("SECONDS_ARMED", &args.seconds.to_string()),
            programs: &programs,
            ..Boot::bare(args.guest.arch, &kernel, SCRIPT, &log)
        };
        let results = boot.run(LIMIT + Duration::from_secs(args.seconds.into()))?;
        let log = log.display();
        ensure!(
            results.failure().is_empty(),
            "{}: {} (the log: {log})",
            kernel.label,
            results.failure()
        );
        println!(
            "{} {}\n{}\n",
            args.guest.arch.name(),
            kernel.label,
            table(&results)?
        );
    }
    Ok(())
}

fn table(results: &Results) -> Result<String> {
    let path = results.file("times").context("the guest kept no times")?;
    let times = Times(fs::read_to_string(path)?);
    let mut columns = Columns::new([
        "loop",
        "no recorder ns",
        "off ns",
        "on ns",
        "added",
        "rounds",
    ]);
    for name in LOOPS {
        let [alone, off, on] =
            ["alone", "off", "on"].map(|variant| times.of(&format!("{name}.{variant}")));
        columns.add([
            name.to_owned(),
            format!("{:.0}", median(&alone)),
            format!("{:.0}", median(&off)),
            format!("{:.0}", median(&on)),
            format!("{:+.1} %", 100.0 * added(&off, &on)),
            on.len().to_string(),
        ]);
    }
    let only = |key| median(&times.of(key));
    Ok(format!(
        "{columns}\n{:.0} probes, armed in {:.0} ms; from start to recording {:.0} ms",
        only("events"),
        only("arming_ms"),
        only("started_ms")
    ))
}

fn median(values: &[f64]) -> f64 {
    values.iter().copied().collect::<Samples>().median()
}

/// The part that `on` is longer: the median of the pairs, each measured at one time.
fn added(off: &[f64], on: &[f64]) -> f64 {
    let ratios: Vec<f64> = off.iter().zip(on).map(|(off, on)| on / off - 1.0).collect();
    median(&ratios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_compared_not_sums() {
        let times =
            Times("fork.off=100\nfork.on=110\nfork.off=1000\nfork.on=1010\nevents=4\n".into());
        let (off, on) = (times.of("fork.off"), times.of("fork.on"));
        assert_eq!(off, [100.0, 1000.0]);
        assert!((added(&off, &on) - 0.055).abs() < 1e-9);
        assert!((median(&times.of("events")) - 4.0).abs() < 1e-9);
    }
}
