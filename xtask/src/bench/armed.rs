//! What an armed function graph costs the rest of a guest: `cargo xtask bench armed`.
//!
//! In the guest, one process fails and ends; the real recorder arms the graph on that failure, and waits in vain for
//! another one until its time is over. Meanwhile a program that has nothing to do with it times loops of system calls,
//! as it does before and after without any recorder: see `armed/loops.c`.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use format_spec::{Reader, record::Closing};

use super::samples::Samples;
use super::times::Times;
use crate::columns::Columns;
use crate::cross;
use crate::vm::boot::{Boot, Results, variable};
use crate::vm::kernel::Kernel;
use crate::{dirs, host};

const SCRIPT: &str = include_str!("armed/guest.sh");

/// The failures that the graph is armed on, and the loops that make the same syscall.
const TARGETS: [(&str, &[&str]); 3] = [
    ("mount", &["mount"]),
    ("openat", &["open"]),
    ("write", &["pipe", "udp"]),
];

const LOOPS: [&str; 9] = [
    "getppid", "open", "stat", "pipe", "udp", "file", "mmap", "fork", "mount",
];

/// How much slower an unrelated loop may be, in the runs that the rest of the machine disturbed least, and how long the graph may be armed.
const MOST_RATIO: f64 = 1.5;
const MOST_ARMED_S: f64 = 2.0;

/// What a guest may take for one round of all targets.
const LIMIT: Duration = Duration::from_secs(120);

/// Time loops of system calls in a guest while the graph is armed on another process
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kernel series, or the path of a kernel image with everything built in
    #[arg(long, default_values = ["6.12"])]
    kernel: Vec<String>,

    /// How often each failure is made and traced
    #[arg(long, default_value_t = 3)]
    rounds: u32,

    #[command(flatten)]
    guest: cross::Guest,
}

/// Prints a table for each kernel and failure.
pub(crate) fn run(args: &Args) -> Result<()> {
    host::require(host::VM)?;
    let capture = args.guest.capture()?;
    let sources = dirs::repo().join("xtask/src/bench/armed");
    let out = dirs::target("guest/programs").join(args.guest.arch.name());
    let mut programs = cross::c_programs(args.guest.arch, &sources, &out.join("armed"))?;
    programs.push(capture);
    let config = [
        variable("TARGETS", &TARGETS.map(|(target, _)| target).join(" ")),
        variable("ROUNDS", &args.rounds.to_string()),
    ];
    for name in &args.kernel {
        let kernel = Kernel::find(name, args.guest.arch)?;
        let log = out.join(format!("armed-{}.log", kernel.label));
        let boot = Boot {
            config: &config.concat(),
            programs: &programs,
            ..Boot::bare(args.guest.arch, &kernel, SCRIPT, &log)
        };
        let results = boot.run(LIMIT * (args.rounds + 1))?;
        ensure!(
            results.failure().is_empty(),
            "{}: {} (the log: {})",
            kernel.label,
            results.failure(),
            log.display()
        );
        println!("{} {}", args.guest.arch.name(), kernel.label);
        let path = results.file("times").context("the guest kept no times")?;
        let times = Times(fs::read_to_string(path)?);
        for (target, same) in TARGETS {
            println!("\n{}", table(&times, target, same));
            println!("{}", armed(&times, &results, target, args.rounds)?);
        }
    }
    Ok(())
}

fn table(times: &Times, target: &str, same: &[&str]) -> Columns {
    let mut columns = Columns::new([
        format!("{target} fails").as_str(),
        "alone ns",
        "armed ns",
        "ratio",
        "of medians",
        "samples",
        "at most 1.5",
    ]);
    for name in LOOPS {
        let [alone, armed] = ["alone", "armed"].map(|variant| {
            let values = times.of(&format!("{target}.{name}.{variant}"));
            values.into_iter().collect::<Samples>()
        });
        let ratio = armed.least() / alone.least();
        let verdict = match (ratio <= MOST_RATIO, same.contains(&name)) {
            (true, _) => "yes",
            (false, false) => "NO",
            (false, true) => "no: the same syscall",
        };
        columns.add([
            name.to_owned(),
            format!("{:.0}", alone.least()),
            format!("{:.0}", armed.least()),
            format!("{ratio:.2}"),
            format!("{:.2}", armed.median() / alone.median()),
            armed.len().to_string(),
            verdict.to_owned(),
        ]);
    }
    columns
}

/// How long the graph was armed: as each bundle says, and as the program in the guest saw it.
fn armed(times: &Times, results: &Results, target: &str, rounds: u32) -> Result<String> {
    let mut told = Samples::default();
    for round in 1..=rounds {
        let name = format!("{target}.{round}.etz");
        let path = results.file(&name).context("the guest kept no bundle")?;
        let file = fs::read(&path)?;
        let reader = Reader::new(&file)?;
        let frame = reader.frames_of::<Closing>().next();
        let closing: Closing = reader.decode(frame.context("a bundle without an end")?)?;
        told.push(Duration::from_nanos(closing.cost.graph_armed_ns).as_secs_f64());
    }
    let seen: Samples = times.of(&format!("{target}.seen_ms")).into_iter().collect();
    let verdict = if told.greatest() <= MOST_ARMED_S {
        "yes"
    } else {
        "NO"
    };
    Ok(format!(
        "armed {:.2} s at most by the bundles, {:.2} s as seen in the guest; at most {MOST_ARMED_S} s: {verdict}",
        told.greatest(),
        seen.greatest() / 1e3
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_loop_is_not_hidden() {
        let lines = "mount.stat.alone=100\nmount.stat.armed=160\nmount.mount.alone=100\nmount.mount.armed=190\n";
        let text = table(&Times(lines.into()), "mount", &["mount"]).to_string();
        let row = |name: &str| {
            let row = text.lines().find(|line| line.starts_with(name));
            row.unwrap_or_default().to_owned()
        };
        assert!(row("stat").contains("1.60") && row("stat").ends_with("NO"));
        assert!(row("mount ").ends_with("same syscall") || text.contains("1.90"));
    }
}
