//! Times of a recording: since its start, and of day.

use std::time::{Duration, UNIX_EPOCH};

use crate::load::Bundle;

/// Nanoseconds since 1970-01-01 UTC at a time of the recording; without the manifest, the recording's own clock.
pub(crate) fn since_epoch(bundle: &Bundle, time_ns: u64) -> u64 {
    bundle.manifest.as_ref().map_or(time_ns, |manifest| {
        let clocks = &manifest.clocks;
        let behind = time_ns.wrapping_sub(clocks.monotonic_ns);
        clocks.realtime_ns.wrapping_add(behind)
    })
}

/// The time of day in UTC with microseconds, as strace(1) prints it with `-tt`.
pub(crate) fn time_of_day(bundle: &Bundle, time_ns: u64) -> String {
    let ns = since_epoch(bundle, time_ns);
    let seconds = ns / 1_000_000_000;
    format!(
        "{:02}:{:02}:{:02}.{:06}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        ns % 1_000_000_000 / 1000
    )
}

/// Date and time of day in UTC, to the second.
pub(crate) fn date(bundle: &Bundle, time_ns: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_nanos(since_epoch(bundle, time_ns));
    humantime::format_rfc3339_seconds(time).to_string()
}

/// When the recording began and ended, nanoseconds of its clock; where it was cut, the last thing that it tells.
pub(crate) fn span(bundle: &Bundle) -> (u64, u64) {
    let snapshots = bundle.snapshots.all();
    let starts = snapshots.iter().map(|view| view.started_ns);
    let failed = bundle.failures.iter().map(|failure| failure.time_ns);
    let counted = bundle.counts.iter().map(|count| count.first_ns);
    let first = starts.chain(failed).chain(counted).min().unwrap_or(0);
    let last = || {
        let ends = snapshots.iter().map(|view| view.ended_ns);
        let failed = bundle.failures.iter().map(|failure| failure.time_ns);
        ends.chain(failed).max().unwrap_or(first)
    };
    let end = bundle.closing.as_ref().map(|closing| closing.ended_ns);
    (first, end.unwrap_or_else(last).max(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    #[test]
    fn times_are_those_of_the_host() {
        let mut recording = Recording::new();
        recording.fail(40, 28, "mount", 2_500_000);
        let bundle = recording.load();
        assert_eq!(time_of_day(&bundle, 2_500_000), "22:13:20.002500");
        assert_eq!(date(&bundle, 0), "2023-11-14T22:13:20Z");
        assert_eq!(span(&bundle), (2_500_000, 1_000_000_000));
    }
}
