//! What the recorder costs every syscall, and what it costs itself: `cargo xtask bench overhead`.
//!
//! A loop of a call that succeeds (getppid) and one of a call that fails (openat of a path that is not there), alone,
//! under an empty raw tracepoint program on `sys_exit` (the floor), under `capture`, and under each peer that is
//! installed. Time is processor time of the loop's thread, so that a busy machine disturbs it little; the lower
//! quartile of many short slices is a measurement, the median over the rounds the result.

mod calls;
mod figures;
mod observer;

use std::{path::PathBuf, thread, time::Duration};

use anyhow::{Result, ensure};

use super::{rounds::interleave, samples::Samples};
use crate::{
    columns::Columns,
    cross::{self, Arch},
};
use calls::Call;
use observer::Observer;

pub(super) use figures::peak_mib;
pub(super) use observer::Process;

/// Most that a successful call may cost, compared with the floor.
const MOST_OF_FLOOR: f64 = 1.1;

/// Time what capture and its peers add to a call that succeeds and to one that fails
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// How long an idle recording is watched
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    idle: u64,

    /// Use this program instead of building the recorder
    #[arg(long, value_name = "PROGRAM")]
    capture: Option<PathBuf>,
}

/// Prints both tables. Fails when a target is missed.
pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "kernel programs are for root: run this as root"
    );
    let capture = cross::capture_or(args.capture.as_ref(), Arch::host()?)?;
    let observers = Observer::available(&capture)?;
    let succeeding = measure(args.rounds, &observers, Call::Succeeding)?;
    let failing = measure(args.rounds, &observers, Call::Failing)?;
    let mut missed = compare(&observers, &succeeding, &failing);
    missed.extend(figures::print(&capture, Duration::from_secs(args.idle))?);
    ensure!(missed.is_empty(), "missed: {}", missed.join("; "));
    Ok(())
}

/// Nanoseconds of one call under each observer.
fn measure(rounds: usize, observers: &[Observer], call: Call) -> Result<Vec<f64>> {
    let name = |observer: &Observer| observer.name().to_owned();
    let samples = interleave(rounds, observers, name, |observer| {
        let running = observer.start()?;
        // Frequencies and caches settle.
        thread::sleep(Duration::from_millis(200));
        let ns = call.time_ns();
        running.stop()?;
        Ok(ns)
    })?;
    Ok(samples.iter().map(Samples::median).collect())
}

/// Prints what each adds, and returns the targets that were missed.
fn compare(observers: &[Observer], succeeding: &[f64], failing: &[f64]) -> Vec<String> {
    let place = |wanted: &str| observers.iter().position(|one| one.name() == wanted);
    let added = |times: &[f64], index: usize| times[index] - times[0];
    let mut table = Columns::new([
        "",
        "getppid",
        "added",
        "of floor",
        "openat ENOENT",
        "added",
        "of floor",
    ]);
    let floor = place(observer::FLOOR).unwrap_or(0);
    for (index, observer) in observers.iter().enumerate() {
        let mut row = vec![observer.name().to_owned()];
        for times in [succeeding, failing] {
            let (added, least) = (added(times, index), added(times, floor));
            row.push(format!("{:.0} ns", times[index]));
            row.push(if index == 0 {
                String::new()
            } else {
                format!("{added:+.0} ns")
            });
            row.push(if index == 0 {
                String::new()
            } else {
                format!("{:.2}", added / least)
            });
        }
        table.add(row);
    }
    println!("{table}\n");
    let mut missed = Vec::new();
    let Some(own) = place(observer::CAPTURE) else {
        return missed;
    };
    let mine = added(succeeding, own);
    if mine > MOST_OF_FLOOR * added(succeeding, floor) {
        missed.push(format!(
            "a successful call adds more than {MOST_OF_FLOOR} times the floor"
        ));
    }
    for (index, peer) in observers
        .iter()
        .enumerate()
        .filter(|(_, one)| one.is_peer())
    {
        if mine >= added(succeeding, index) {
            missed.push(format!(
                "a successful call costs no less than under {}",
                peer.name()
            ));
        }
    }
    if let Some(bare) = place(observer::SYSCOUNT)
        && added(failing, own) > added(failing, bare)
    {
        missed.push(format!(
            "a failing call costs more than under {}",
            observer::SYSCOUNT
        ));
    }
    missed
}
