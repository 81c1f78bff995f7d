//! The end of a recording: everything is taken back, the last records are written, one line says what was recorded.

use bytesize::ByteSize;
use capture_ebpf::Loss;
use format_spec::record::{Closing, Cost, Drop, EndReason, Phase, ZoomEnd};

use super::{
    Done, Kept,
    session::{End, SNAPSHOT_TIME, Session},
};
use crate::{
    clock::monotonic_ns,
    cost,
    error::Error,
    output::Sink,
    sources::snapshot::{Account, Extent},
    tracefs,
    zoom::Tools,
};

/// Most file systems that do not answer that are named.
const MAX_SILENT: usize = 5;

impl Session<'_> {
    /// Takes back what is armed, writes the last records and says what was recorded.
    ///
    /// With `only_failing` there is no bundle when nothing failed that was asked for; nor is there one of a flight
    /// recorder without a trigger.
    pub(super) fn close(&mut self, mut end: End, only_failing: bool) -> Result<Done, Error> {
        let zoom_end = match end.reason {
            EndReason::Size => ZoomEnd::Bytes,
            _ => ZoomEnd::Recording,
        };
        let recorded = self.started.elapsed();
        let not_restored = self.disarm(zoom_end)?;
        let failures = self.syscalls.take();
        for failure in &failures {
            self.noting.note(failure);
        }
        self.keep(failures)?;
        self.keep_exits();
        self.write_failures()?;
        if self.held.is_none() && self.noting.policy.is_limited() && self.bundle.failures() == 0 {
            eprintln!("capture: nothing that was asked for has failed; what else did is counted");
        }
        let nothing = match &self.held {
            Some(_) => Some("no trigger came"),
            None if only_failing && !self.noting.worthwhile => Some("nothing failed"),
            None => None,
        };
        if let Some(why) = nothing.filter(|_| self.bundle.discard()) {
            eprintln!("capture: {why}: no file was kept");
            return restored(&not_restored).map(|()| Done {
                kept: Kept::Nothing,
                command_status: end.command.status(),
            });
        }
        self.bundle.write_last(0, &self.syscalls.counts())?;
        self.snapshot(Phase::End, Extent::Host, SNAPSHOT_TIME);
        self.finish_snapshots()?;
        // What Ctrl-C ends the recording with ends the command too, a moment later.
        let command_status = end.command.status();
        let closing = Closing {
            ended_ns: monotonic_ns(),
            reason: end.reason,
            command_status,
            cost: self.cost(),
            drops: self.drops(),
            not_restored: not_restored.clone(),
        };
        self.bundle.write_last(0, &closing)?;
        for line in not_looked_at(self.snapshots.account()) {
            eprintln!("capture: {line}");
        }
        for why in self.zooming.refused() {
            eprintln!("capture: not traced: {why}");
        }
        let (failures, kinds) = self.totals();
        let summary = format!(
            "{:.1} s: {failures} failures of {kinds} kinds, {} traced; left out: {}; cost {:.2} s of processor time, {} of memory, {}",
            recorded.as_secs_f64(),
            self.zooming.count(),
            left_out(&closing.drops),
            (closing.cost.user_ns + closing.cost.system_ns) as f64 / 1e9,
            ByteSize(closing.cost.peak_memory_bytes).display().iec(),
            programs(&closing.cost),
        );
        let (path, len) = self.bundle.finish()?;
        let len = ByteSize(len).display().iec();
        eprintln!("{}: {len} in {summary}", path.display());
        let kept = match nothing {
            Some(_) => Kept::Nothing,
            None => Kept::Bundle,
        };
        restored(&not_restored).map(|()| Done {
            kept,
            command_status,
        })
    }

    /// Takes back what is armed, when nothing can be written any more.
    pub(super) fn give_up(&mut self) {
        for line in self.take_back(ZoomEnd::Error, &mut drop) {
            eprintln!("capture: could not be put back: {line}");
        }
    }

    fn disarm(&mut self, end: ZoomEnd) -> Result<Vec<String>, Error> {
        let mut outputs = Vec::new();
        let not_restored = self.take_back(end, &mut |output| outputs.push(output));
        for output in outputs {
            self.bundle.write_output(&output)?;
        }
        Ok(not_restored)
    }

    /// Takes back everything. Returns what could not be put back.
    fn take_back(&mut self, end: ZoomEnd, sink: Sink<'_>) -> Vec<String> {
        let mut tools = Tools {
            guard: &mut self.guard,
            sentinels: &mut self.sentinels,
            evidence: &mut self.evidence,
            sink,
        };
        let mut failed = self.zooming.end(end, &mut tools);
        failed.extend(
            tools
                .sentinels
                .disarm(tools.guard, tools.evidence, tools.sink),
        );
        failed.extend(tools.guard.finish());
        failed
    }

    /// All failures, and the number of their kinds.
    pub(super) fn totals(&mut self) -> (u64, usize) {
        let totals = self.syscalls.totals();
        (totals.values().sum(), totals.len())
    }

    fn cost(&self) -> Cost {
        let stats = self.syscalls.run_stats();
        let (own, snapshots) = (cost::own(), self.snapshots.account());
        Cost {
            user_ns: own.user_ns + snapshots.user_ns,
            system_ns: own.system_ns + snapshots.system_ns,
            peak_memory_bytes: own.peak_memory_bytes
                + snapshots.peak_memory_bytes
                + tracefs::peak_bytes()
                + cost::bpf_bytes(),
            bpf_run_ns: stats.and_then(|(time, _)| u64::try_from(time.as_nanos()).ok()),
            bpf_runs: stats.map(|(_, runs)| runs),
            graph_armed_ns: self.zooming.graph_armed_ns(),
        }
    }

    fn drops(&self) -> Vec<Drop> {
        let loss = |loss| self.syscalls.lost(loss);
        let mut drops: Vec<Drop> = [
            ("failure samples", "ring buffer full", loss(Loss::RingFull)),
            ("failure samples", "over the rate", loss(Loss::OverRate)),
            (
                "failures by process",
                "too many processes",
                loss(Loss::CountsFull),
            ),
            (
                "failures by process",
                "perhaps, while room was made",
                self.syscalls.doubtful_counts(),
            ),
            ("failure samples", "too many kinds", loss(Loss::BucketsFull)),
            (
                "failures",
                "by the numbers of 32-bit programs",
                loss(Loss::Compat),
            ),
            ("failures", "of no system call", loss(Loss::NoSyscall)),
            ("path strings", "not readable", loss(Loss::StringUnreadable)),
            (
                "ends of processes",
                "ring buffer full",
                loss(Loss::ExitsFull),
            ),
            (
                "snapshot entries",
                "over a bound, or no answer",
                self.snapshots.account().left_out,
            ),
            (
                "snapshots",
                "what was looked at did not answer",
                self.snapshots.account().given_up,
            ),
            ("records", "bundle full", self.bundle.refused()),
            (
                "records",
                "larger than a frame may be",
                self.bundle.too_large(),
            ),
        ]
        .into_iter()
        .map(|(what, why, count)| Drop {
            what: what.into(),
            why: why.into(),
            count,
        })
        .collect();
        drops.extend(self.sentinels.drops());
        drops.push(self.given_up());
        drops
    }
}

/// An error when something could not be put back.
fn restored(not_restored: &[String]) -> Result<(), Error> {
    let error = |first: &String| {
        Error::new("tracing could not be put back", first).hint("run capture cleanup")
    };
    not_restored
        .first()
        .map_or(Ok(()), |first| Err(error(first)))
}

/// What snapshots had to leave out as it did not answer, a line each.
fn not_looked_at(account: &Account) -> Vec<String> {
    let shown = account.silent.iter().take(MAX_SILENT);
    let mut lines: Vec<String> = shown
        .map(|point| {
            let point = point.escape_ascii();
            format!("not looked at: the file system at {point} does not answer")
        })
        .collect();
    let more = account.silent.len().saturating_sub(MAX_SILENT);
    if more > 0 {
        lines.push(format!(
            "not looked at: {more} file systems more that do not answer"
        ));
    }
    lines
}

/// What the eBPF programs took, in words.
fn programs(cost: &Cost) -> String {
    match (cost.bpf_run_ns, cost.bpf_runs) {
        (Some(ns), Some(runs)) => {
            format!("{:.2} s in {runs} runs of eBPF programs", ns as f64 / 1e9)
        }
        _ => "eBPF time not counted (kernel.bpf_stats_enabled is 0)".into(),
    }
}

/// The losses that there were, in words.
fn left_out(drops: &[Drop]) -> String {
    let lost = drops.iter().filter(|drop| drop.count > 0);
    let lost: Vec<String> = lost
        .map(|drop| format!("{} {} ({})", drop.count, drop.what, drop.why))
        .collect();
    match lost.is_empty() {
        true => "nothing".into(),
        false => lost.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_losses_are_told() {
        let drop = |count| Drop {
            what: "samples".into(),
            why: "full".into(),
            count,
        };
        assert_eq!(left_out(&[drop(0)]), "nothing");
        assert_eq!(left_out(&[drop(0), drop(3)]), "3 samples (full)");
    }
}
