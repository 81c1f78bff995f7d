//! A storm of failing calls on all processors: counts stay exact, memory does not grow: `cargo xtask bench storm`.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use format_spec::{
    Reader,
    record::{Closing, Counts},
};
use rustix::{
    io::Errno,
    process::{Pid, getpgid},
};

use super::overhead::{Process, peak_mib};
use crate::cross::{self, Arch};

/// A process that is not there: beyond the kernel's largest id (`PID_MAX_LIMIT`, `include/linux/threads.h`).
const NOBODY: i32 = 0x7fff_fff0;

/// Most that the recorder's memory may grow in the storm, MiB.
const MOST_GROWTH_MIB: f64 = 8.0;

/// Fail known numbers of calls as fast as all processors can, and check the recorder's counts
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Failing calls of each thread
    #[arg(long, default_value_t = 5_000_000)]
    calls: u64,

    /// Use this program instead of building the recorder
    #[arg(long, value_name = "PROGRAM")]
    capture: Option<PathBuf>,
}

/// Prints rate, drops and memory. Fails unless every call was counted and memory stayed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let capture = cross::capture_or(args.capture.as_ref(), Arch::host()?)?;
    let folder = tempfile::tempdir()?;
    let arguments = ["-o", "storm.etz", "--graph", "never"];
    let mut process = Process::capture(&capture, &arguments, folder.path())?;
    let pid = process.0.id();
    thread::sleep(Duration::from_secs(1));
    let before_mib = peak_mib(pid);
    let threads = thread::available_parallelism()?.get() as u64;
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| fail(args.calls));
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    thread::sleep(Duration::from_millis(500));
    let after_mib = peak_mib(pid);
    process.interrupt();
    process.0.wait()?;

    let expected = threads * args.calls;
    let (counted, drops) = counted(&fs::read(folder.path().join("storm.etz"))?)?;
    println!(
        "{expected} failing calls of {threads} threads in {seconds:.1} s, {:.2} million a second: {counted} counted; {drops}; peak memory {before_mib:.1} MiB before, {after_mib:.1} MiB after",
        expected as f64 / seconds / 1e6
    );
    ensure!(
        counted == expected,
        "{counted} of {expected} calls were counted"
    );
    ensure!(
        after_mib - before_mib < MOST_GROWTH_MIB,
        "memory grew by {:.1} MiB",
        after_mib - before_mib
    );
    Ok(())
}

fn fail(calls: u64) {
    let nobody = Pid::from_raw(NOBODY);
    for _ in 0..calls {
        assert_eq!(getpgid(nobody), Err(Errno::SRCH));
    }
}

/// How many failures of this process the bundle counts, and what was dropped.
fn counted(file: &[u8]) -> Result<(u64, String)> {
    let reader = Reader::new(file)?;
    let mut counted = 0;
    for frame in reader.frames_of::<Counts>() {
        let counts: Counts = reader.decode(frame)?;
        let errno = u16::try_from(Errno::SRCH.raw_os_error())?;
        let own = counts.rows.iter();
        let own = own.filter(|row| row.tgid == std::process::id() && row.errno == errno);
        counted += own.map(|row| row.count).sum::<u64>();
    }
    let closing = reader
        .frames_of::<Closing>()
        .next()
        .context("no closing record")?;
    let closing: Closing = reader.decode(closing)?;
    let drops = closing.drops.iter().filter(|drop| drop.count > 0);
    let drops = drops.map(|drop| format!("{} {} ({})", drop.count, drop.what, drop.why));
    Ok((counted, drops.collect::<Vec<_>>().join(", ")))
}
