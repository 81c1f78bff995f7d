//! The recording in order of time: what failed, what the recorder did, when.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use clap::Args;
use format_spec::record::{EndReason, Failure, Pass, Phase, Zoom};

use super::{clock, trace};
use crate::{
    load::Bundle,
    names::{errno_name, syscall_name},
    text::plain,
};

/// How it is shown.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// So many times as fast as it happened; 0 for as fast as it can be written
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Only what these processes or threads did
    #[arg(short, long, value_delimiter = ',')]
    pub pid: Vec<u32>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let usual = speed.is_finite() && (speed == 0.0 || speed >= 0.001);
    usual
        .then_some(speed)
        .ok_or_else(|| "0, or 0.001 and more".into())
}

/// Writes the events, each when its time has come. Returns whether there was any of those that were asked for.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle, options: &Options) -> io::Result<bool> {
    let ours = |failure: &Failure| is_wanted(failure, &options.pid);
    if !options.pid.is_empty() && !bundle.failures.iter().any(ours) {
        return Ok(false);
    }
    let mut events = events(bundle, &options.pid);
    events.sort_by_key(|&(time_ns, _)| time_ns);
    let mut before = events.first().map_or(0, |&(time_ns, _)| time_ns);
    for (time_ns, text) in events {
        if options.speed > 0.0 && time_ns > before {
            // What waits must be seen.
            out.flush()?;
            let gap = Duration::from_nanos(time_ns - before);
            thread::sleep(gap.div_f64(options.speed));
        }
        before = time_ns;
        writeln!(out, "{text}")?;
    }
    Ok(true)
}

fn events(bundle: &Bundle, pids: &[u32]) -> Vec<(u64, String)> {
    let mut events: Vec<(u64, String)> = Vec::new();
    let mut note = |time_ns: u64, text: String| {
        let time = clock::time_of_day(bundle, time_ns);
        events.push((time_ns, format!("-- {time} {text}")));
    };
    for view in bundle.snapshots.all() {
        let phase = match view.phase {
            Phase::Start => "at the start",
            Phase::Failure => "at a failure",
            Phase::End => "at the end",
        };
        let ms = view.ended_ns.saturating_sub(view.started_ns) / 1_000_000;
        note(
            view.started_ns,
            format!("snapshot {phase}, taken in {ms} ms"),
        );
    }
    for zoom in &bundle.zooms {
        note(zoom.armed_ns, armed(bundle, zoom));
        let lost = match zoom.lost_events {
            0 => String::new(),
            lost => format!(", {lost} events lost"),
        };
        note(
            zoom.ended_ns,
            format!(
                "zoom {} off: {} failures seen{lost}",
                zoom.number, zoom.failures
            ),
        );
    }
    if let Some(closing) = &bundle.closing {
        let why = match &closing.reason {
            EndReason::Time => "its time was over".into(),
            EndReason::Command => "the command ended".into(),
            EndReason::Signal(number) => format!("signal {number}"),
            EndReason::Size => "the bundle was full".into(),
            EndReason::Error(error) => plain(error.as_bytes()),
        };
        note(closing.ended_ns, format!("the recording ended: {why}"));
    }
    for failure in &bundle.failures {
        if is_wanted(failure, pids) {
            let time = clock::time_of_day(bundle, failure.time_ns);
            events.push((failure.time_ns, trace::line(bundle, failure, &time)));
        }
    }
    events
}

fn is_wanted(failure: &Failure, pids: &[u32]) -> bool {
    pids.is_empty() || pids.contains(&failure.tgid) || pids.contains(&failure.pid)
}

fn armed(bundle: &Bundle, zoom: &Zoom) -> String {
    let what = match zoom.pass {
        Pass::Graph => "function graph",
        Pass::Returns => "return values",
    };
    let syscall = syscall_name(bundle.architecture(), zoom.syscall);
    format!(
        "zoom {} on: {what} of {syscall} {}",
        zoom.number,
        errno_name(zoom.errno)
    )
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::testing::Recording;

    #[test]
    fn all_comes_in_order_of_time() {
        let mut recording = Recording::new();
        recording.fail(49, 2, "sh", 200);
        recording.fail(49, 13, "sh", 100);
        recording.snapshot(Phase::Start, 50, &[]);
        let mut out = Vec::new();
        let options = Options {
            speed: 0.0,
            pid: Vec::new(),
        };
        write(&mut out, &recording.load(), &options).unwrap();
        let text = String::from_utf8(out).unwrap();
        let found: Vec<bool> = [
            "snapshot at the start",
            "EACCES",
            "ENOENT",
            "the recording ended",
        ]
        .iter()
        .zip(text.lines())
        .map(|(wanted, line)| line.contains(wanted))
        .collect();
        assert_eq!(found, [true; 4], "{text}");
    }

    #[test]
    fn it_waits_as_long_as_it_took() {
        let mut recording = Recording::new();
        recording.closing = None;
        recording.fail(49, 2, "sh", 0);
        recording.fail(49, 2, "sh", 400_000_000);
        let begun = Instant::now();
        let options = Options {
            speed: 4.0,
            pid: Vec::new(),
        };
        write(&mut Vec::new(), &recording.load(), &options).unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(100));
        assert!(speed("-1").is_err() && speed("0").is_ok() && speed("inf").is_err());
    }
}
