//! What is left of a killed recorder: nothing, within two seconds. `cargo xtask vm kill`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::boot::{Boot, Results, variable};
use super::kernel::Kernel;
use crate::columns::Columns;
use crate::cross;
use crate::process::{command, output};
use crate::totals::Totals;
use crate::{accuracy, dirs, host};

const SCRIPT: &str = include_str!("guest/kill/run.sh");

/// Kills in one boot: keeps a boot short, and what one of them left behind from hiding what others leave.
const BATCH: u32 = 40;

/// Most time that one kill takes in a guest, with all the waiting around it.
const LIMIT_EACH: Duration = Duration::from_secs(45);
const LIMIT_BOOT: Duration = Duration::from_secs(120);

/// Bytes of a bundle's file header (format-spec/SPEC.md): what has less was killed before it began.
const FILE_HEADER: u64 = 64;

/// Kill the recorder at random moments, and check that nothing of it is left
///
/// In a guest in which a system call keeps failing, capture is started and gets SIGKILL at a random moment of each of
/// its phases; every second time its guard does too, and another recorder is started. Within 2 s every setting of tracefs
/// must be as it was, and no instance, probe, BPF program, journal or process be left; then the bundles must be readable.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often
    #[arg(long, default_value_t = 200)]
    pub(crate) times: u32,

    /// Kernel series, or the path of a kernel image with everything built in
    #[arg(long, default_value = super::DEFAULT_KERNEL)]
    pub(crate) kernel: Vec<String>,

    #[command(flatten)]
    pub(crate) guest: cross::Guest,

    /// Folder for logs, and for the bundles that cannot be read
    #[arg(short, long, default_value = "out")]
    pub(crate) out: PathBuf,
}

impl Args {
    /// Kills on the default kernel.
    pub(crate) fn new(times: u32, out: PathBuf) -> Self {
        Self {
            times,
            kernel: vec![super::DEFAULT_KERNEL.into()],
            guest: cross::Guest::default(),
            out,
        }
    }
}

/// Prints a table of the phases for each kernel; fails when anything was left, or a bundle cannot be read.
pub(crate) fn run(args: &Args) -> Result<()> {
    run_all(args)?.conclude()
}

/// Counts each kill and each bundle.
pub(crate) fn run_all(args: &Args) -> Result<Totals> {
    host::require(host::VM)?;
    let capture = args.guest.capture()?;
    let analyze = accuracy::build_analyze()?;
    let out = std::path::absolute(&args.out)?;
    fs::create_dir_all(&out)?;
    let mut programs = cross::c_programs(
        args.guest.arch,
        &dirs::repo().join("xtask/src/vm/guest/kill"),
        &dirs::target("guest/programs")
            .join(args.guest.arch.name())
            .join("kill"),
    )?;
    programs.push(capture);

    let mut totals = Totals::default();
    for name in &args.kernel {
        let kernel = Kernel::find(name, args.guest.arch)?;
        let mut phases = Phases::default();
        let mut left = args.times;
        while left > 0 {
            let times = left.min(BATCH);
            left -= times;
            let log = out.join(format!(
                "kill-{left}.{}-{}.log",
                args.guest.arch.name(),
                kernel.label
            ));
            let boot = Boot {
                config: &variable("TIMES", &times.to_string()),
                programs: &programs,
                ..Boot::bare(args.guest.arch, &kernel, SCRIPT, &log)
            };
            let results = boot.run(LIMIT_BOOT + LIMIT_EACH * times)?;
            if !results.failure().is_empty() {
                println!(
                    "{}: {} (the log: {})",
                    kernel.label,
                    results.failure(),
                    log.display()
                );
            }
            phases.add(&results)?;
            phases.read_bundles(&results, &analyze, &out)?;
        }
        println!(
            "{} {}\n{}\n",
            args.guest.arch.name(),
            kernel.label,
            phases.table()
        );
        totals += phases.totals(args.times);
    }
    Ok(totals)
}

/// What was seen of the kills in one phase.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    kills: usize,
    clean: usize,
    /// Longest time until everything was as before, milliseconds.
    longest_ms: u64,
}

/// What was seen on one kernel.
#[derive(Debug, Default)]
struct Phases {
    by_name: BTreeMap<String, Seen>,
    bundles: usize,
    unreadable: usize,
}

impl Phases {
    fn add(&mut self, results: &Results) -> Result<()> {
        let text = match results.file("table") {
            Some(path) => fs::read_to_string(path)?,
            None => String::new(),
        };
        text.lines().try_for_each(|line| self.add_line(line))
    }

    /// `NUMBER PHASE yes|no MILLISECONDS`
    fn add_line(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[_, phase, clean, took] = words.as_slice() else {
            bail!("the guest's table has the line {line:?}");
        };
        let took: u64 = took
            .parse()
            .with_context(|| format!("in the line {line:?}"))?;
        let seen = self.by_name.entry(phase.to_owned()).or_default();
        seen.kills += 1;
        seen.clean += usize::from(clean == "yes");
        seen.longest_ms = seen.longest_ms.max(took);
        Ok(())
    }

    /// Has every bundle that was begun analyzed; one that cannot be is kept in `out`.
    fn read_bundles(&mut self, results: &Results, analyze: &Path, out: &Path) -> Result<()> {
        let Some(dir) = results.file("bundles") else {
            return Ok(());
        };
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.metadata()?.len() < FILE_HEADER {
                continue;
            }
            self.bundles += 1;
            if let Err(error) = output(command(analyze).arg("--json").arg(&path)) {
                self.unreadable += 1;
                let kept = out.join(format!("unreadable-{}.etz", self.unreadable));
                fs::copy(&path, &kept)?;
                println!("{}: {error:#}", kept.display());
            }
        }
        Ok(())
    }

    fn table(&self) -> String {
        let mut table = Columns::new(["killed in", "times", "clean", "longest ms"]);
        for (name, seen) in &self.by_name {
            table.add([
                name.clone(),
                seen.kills.to_string(),
                seen.clean.to_string(),
                seen.longest_ms.to_string(),
            ]);
        }
        let readable = self.bundles - self.unreadable;
        format!("{table}\nbundles readable: {readable} of {}", self.bundles)
    }

    /// A kill that was asked for and not made has failed too.
    fn totals(&self, asked: u32) -> Totals {
        let clean: usize = self.by_name.values().map(|seen| seen.clean).sum();
        Totals {
            passed: clean + self.bundles - self.unreadable,
            failed: (asked as usize).saturating_sub(clean) + self.unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Phases, Seen};

    #[test]
    fn counts_by_phase_and_misses_no_kill() {
        let mut phases = Phases::default();
        for line in ["0 graph yes 310", "1 graph no 2004", "2 start yes 5"] {
            phases.add_line(line).unwrap();
        }
        let graph = Seen {
            kills: 2,
            clean: 1,
            longest_ms: 2004,
        };
        assert_eq!(phases.by_name["graph"], graph);
        assert_eq!(phases.totals(3).failed, 1);
        assert_eq!(phases.totals(10).failed, 8);
        assert!(phases.add_line("3 killed").is_err());
    }
}
