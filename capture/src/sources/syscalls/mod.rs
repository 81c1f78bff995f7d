//! Failing syscalls, counted and sampled by the kernel programs of `capture-ebpf`.
//!
//! Hooks: raw tracepoint `sys_exit` for the whole recording; raw tracepoint `sys_enter` for short whiles in which
//! seccomp may be at work; raw tracepoint `sched_process_exit`; raw tracepoint `sched_process_fork` when a command is
//! recorded. Output: [`Counts`], [`Failures`](format_spec::record::Failures), a fact table, and
//! [`Exits`](format_spec::record::Exits).
//! Links die with the process: nothing is left behind, however the recorder ends.

mod arguments;
mod decode;
mod facts;
mod focus;
mod helpers;
mod load;
mod loader;
mod samples;
mod tally;
mod totals;

use std::{
    collections::BTreeMap,
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use aya::{
    Ebpf,
    maps::{Array, MapData, PerCpuArray, RingBuf},
    programs::raw_trace_point::RawTracePointLinkId,
};
use capture_ebpf::{CountKey, CountValue, Loss, is_restart};
use format_spec::record::{Count, CountUpdates, Counts, Exit, Failure};

pub(crate) use arguments::paths;
pub(crate) use facts::{Facts, OF_COMMAND};
pub(crate) use focus::Focus;
pub(crate) use helpers::Helpers;

use load::program;
use samples::Samples;
use tally::Tally;
use totals::{Key, Totals};

use crate::{clock::monotonic_ns, error::Error};

/// How many failures of each (syscall, errno, process) are first ones.
pub(crate) const FIRST: u64 = 4;

/// Samples of one (syscall, errno) in a second, when they keep coming.
pub(crate) const RATE: u64 = 20;

/// Samples of one (syscall, errno) that may come at once.
const BURST: u64 = 64;

/// Which processes belong to the recording itself.
#[derive(Clone, Default)]
pub(crate) struct Own {
    /// The recorder's helpers, whose failures are not the host's.
    pub(crate) helpers: Helpers,
    /// Whether the recorder will start a command, whose processes are told from others.
    pub(crate) command: bool,
}

/// The programs and their maps.
pub(crate) struct Syscalls {
    ebpf: Ebpf,
    samples: Samples,
    exits: RingBuf<MapData>,
    tally: Tally,
    totals: Totals,
    losses: PerCpuArray<MapData, u64>,
    watched_since: Array<MapData, u64>,
    can_watch: bool,
    has_tree: bool,
    entries: Option<RawTracePointLinkId>,
}

/// [`CountKey`] and [`CountValue`] as arrays: what aya takes without unsafe code.
type CountKeyWords = [u32; size_of::<CountKey>() / 4];
type CountValueWords = [u64; size_of::<CountValue>() / 8];

impl Syscalls {
    /// Attaches the programs: from now on failures are counted.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn attach(&mut self) -> Result<(), Error> {
        if self.has_tree {
            program(&mut self.ebpf, "sched_process_fork")?.attach("sched_process_fork")?;
        }
        program(&mut self.ebpf, "sched_process_exit")?.attach("sched_process_exit")?;
        program(&mut self.ebpf, "sys_exit")?.attach("sys_exit")?;
        Ok(())
    }

    /// Attaches `sys_enter`, so that samples tell whether the kernel entered the call. It costs every syscall of the
    /// host a little: for short whiles only.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn watch_entries(&mut self) -> Result<(), Error> {
        if self.can_watch && self.entries.is_none() {
            let program = program(&mut self.ebpf, "sys_enter")?;
            self.entries = Some(program.attach("sys_enter")?);
            self.watched_since.set(0, monotonic_ns(), 0)?;
        }
        Ok(())
    }

    /// Detaches `sys_enter`.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn unwatch_entries(&mut self) -> Result<(), Error> {
        if let Some(link) = self.entries.take() {
            // First of all: what is not noted any more must not be taken for not entered.
            self.watched_since.set(0, 0, 0)?;
            program(&mut self.ebpf, "sys_enter")?.detach(link)?;
        }
        Ok(())
    }

    /// The samples that are waiting.
    pub(crate) fn take(&self) -> Vec<Failure> {
        let mut failures = Vec::new();
        self.samples
            .take(|sample| failures.extend(decode::failure(sample)));
        failures
    }

    /// The ends of processes that were not taken yet.
    pub(crate) fn take_exits(&mut self) -> Vec<Exit> {
        let mut exits = Vec::new();
        while let Some(exit) = self.exits.next() {
            exits.extend(decode::exit(&exit));
        }
        exits
    }

    /// The counts of all failures.
    pub(crate) fn counts(&mut self) -> Counts {
        Counts {
            rows: self.tally.rows(),
        }
    }

    /// What has changed of the counts since this was asked last.
    pub(crate) fn count_updates(&mut self) -> CountUpdates {
        CountUpdates {
            rows: self.tally.updates(),
        }
    }

    /// Makes room for the counts of new processes: to be called several times a second.
    pub(crate) fn make_room(&mut self) {
        self.tally.make_room();
    }

    /// From now on only what fails in the last `time` is told by the counts: to be called several times a second.
    pub(crate) fn forget_before(&mut self, time: Duration) {
        self.tally.forget_before(time);
    }

    /// Rows of counts of which a failure may have been lost when room was made.
    pub(crate) fn doubtful_counts(&self) -> u64 {
        self.tally.doubtful()
    }

    /// How often this (syscall, errno) failed in threads of that name, not long ago: see [`Totals`].
    pub(crate) fn total(&mut self, syscall: u32, errno: u16, comm: &[u8]) -> u64 {
        let Self { totals, tally, .. } = self;
        totals.refresh(|| sum(tally.rows_in_short()));
        totals.of(syscall, errno, comm)
    }

    /// How often each (syscall, errno) failed so far; calls that were interrupted are none.
    pub(crate) fn totals(&mut self) -> BTreeMap<(u32, u16), u64> {
        let mut totals = BTreeMap::new();
        for ((syscall, errno, _), count) in sum(self.tally.rows()) {
            if !is_restart(errno.into()) {
                *totals.entry((syscall, errno)).or_default() += count;
            }
        }
        totals
    }

    /// The counter of one kind of loss.
    pub(crate) fn lost(&self, loss: Loss) -> u64 {
        let values = self.losses.get(&(loss as u32), 0);
        values.map_or(0, |values| values.iter().sum())
    }

    /// Time in the programs and number of runs; `None` unless the host counts them (`kernel.bpf_stats_enabled`).
    pub(crate) fn run_stats(&self) -> Option<(Duration, u64)> {
        let mut sum = (Duration::ZERO, 0);
        for (_, program) in self.ebpf.programs() {
            if let Ok(info) = program.info() {
                sum.0 += info.run_time();
                sum.1 += info.run_count();
            }
        }
        (sum.1 > 0).then_some(sum)
    }
}

/// The counts by syscall, errno and name.
fn sum(rows: Vec<Count>) -> BTreeMap<Key, u64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry((row.syscall, row.errno, row.comm)).or_default() += row.count;
    }
    sums
}

impl AsFd for Syscalls {
    /// Readable when urgent samples are waiting.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.samples.as_fd()
    }
}
