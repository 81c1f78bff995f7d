//! What a recording itself takes: time to start and to stop, processor time when idle, memory.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{super::samples::Samples, observer::Process};
use crate::columns::Columns;

/// Targets: milliseconds from exec until `sys_exit` is attached; from SIGINT to the end; of processor time in 60 s of
/// idling; and MiB of peak memory.
const ARMED_MS: f64 = 150.0;
const STOP_MS: f64 = 300.0;
const IDLE_MS: f64 = 100.0;
const MEMORY_MIB: f64 = 24.0;

/// How often start and stop are measured.
const TRIES: usize = 5;

/// What one recording took.
struct Figures {
    armed_ms: f64,
    stop_ms: f64,
    idle_ms: f64,
    memory_mib: f64,
}

/// Prints the figures, and returns the targets that were missed.
pub(super) fn print(capture: &Path, idle: Duration) -> Result<Vec<String>> {
    let mut runs = vec![record(capture, idle)?];
    for _ in 1..TRIES {
        runs.push(record(capture, Duration::from_millis(500))?);
    }
    let median = |of: fn(&Figures) -> f64| runs.iter().map(of).collect::<Samples>().median();
    // As if it had been watched for 60 s.
    let idle_ms = runs[0].idle_ms * 60.0 / idle.as_secs_f64().max(0.5);
    let rows = [
        (
            "start to sys_exit attached",
            median(|run| run.armed_ms),
            ARMED_MS,
            "ms",
        ),
        ("SIGINT to end", median(|run| run.stop_ms), STOP_MS, "ms"),
        ("processor time of 60 s idle", idle_ms, IDLE_MS, "ms"),
        (
            "peak memory",
            median(|run| run.memory_mib),
            MEMORY_MIB,
            "MiB",
        ),
    ];
    let mut table = Columns::new(["", "measured", "target"]);
    let mut missed = Vec::new();
    for (what, value, target, unit) in rows {
        table.add([
            what.to_owned(),
            format!("{value:.0} {unit}"),
            format!("under {target:.0} {unit}"),
        ]);
        if value >= target {
            missed.push(format!("{what} takes {value:.0} {unit}"));
        }
    }
    println!("{table}");
    Ok(missed)
}

fn record(capture: &Path, idle: Duration) -> Result<Figures> {
    let folder = tempfile::tempdir()?;
    let begun = Instant::now();
    let mut process = Process::capture(capture, &["-o", "bench.etz"], folder.path())?;
    let pid = process.0.id();
    let armed_ms = begun.elapsed().as_secs_f64() * 1e3;
    // The first snapshot is not idling.
    thread::sleep(Duration::from_secs(1));
    let before = ticks(pid);
    thread::sleep(idle);
    let idle_ms = (ticks(pid) - before) * 1e3 / rustix::param::clock_ticks_per_second() as f64;
    let asked = Instant::now();
    process.interrupt();
    let mut memory_mib: f64 = 0.0;
    while process.0.try_wait()?.is_none() {
        memory_mib = memory_mib.max(peak_mib(pid));
        thread::sleep(Duration::from_millis(1));
    }
    Ok(Figures {
        armed_ms,
        stop_ms: asked.elapsed().as_secs_f64() * 1e3,
        idle_ms,
        memory_mib,
    })
}

/// utime and stime of a process, in clock ticks.
fn ticks(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|field| field.parse::<f64>().ok()).sum()
}

/// VmHWM of a process, in MiB; 0 when it has ended.
pub(crate) fn peak_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
