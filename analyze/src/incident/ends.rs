//! How programs ended right after a failure.

use std::collections::HashMap;

use format_spec::linux::wait;

use crate::{
    failures::{Class, Group},
    load::Bundle,
};

/// An end later than this is not told as the failure's, nanoseconds.
const SOON_NS: u64 = 1_000_000_000;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With exit status 0.
    Well,
    /// With another one, or by a signal.
    Badly,
}

/// The ends of the recorded processes.
#[derive(Debug)]
pub(super) struct Ends<'a> {
    bundle: &'a Bundle,
    /// Time and status by process, ascending.
    by_process: HashMap<u32, Vec<(u64, i32)>>,
    /// When each process last failed in a way that healthy programs do not live with, nanoseconds.
    last: HashMap<u32, u64>,
}

impl<'a> Ends<'a> {
    pub(super) fn of(bundle: &'a Bundle, groups: &[Group]) -> Self {
        let mut by_process: HashMap<u32, Vec<(u64, i32)>> = HashMap::new();
        for exit in &bundle.exits {
            let ends = by_process.entry(exit.tgid).or_default();
            ends.push((exit.time_ns, exit.status));
        }
        let mut last: HashMap<u32, u64> = HashMap::new();
        let suspicious = groups
            .iter()
            .filter(|group| group.class == Class::Suspicious);
        for failure in suspicious.flat_map(|group| group.failures(bundle)) {
            let time_ns = last.entry(failure.tgid).or_default();
            *time_ns = failure.time_ns.max(*time_ns);
        }
        Self {
            bundle,
            by_process,
            last,
        }
    }

    /// Whether the recorder looked at how processes end.
    pub(super) fn are_known(&self) -> bool {
        !self.by_process.is_empty()
    }

    /// How the process ended soon after `time_ns`; `None` when it went on.
    pub(super) fn after(&self, tgid: u32, time_ns: u64) -> Option<End> {
        let ends = self.by_process.get(&tgid)?;
        let (ended_ns, status) = *ends.iter().find(|(ended_ns, _)| *ended_ns >= time_ns)?;
        (ended_ns - time_ns < SOON_NS).then_some(match wait::shell_status(status) {
            0 => End::Well,
            _ => End::Badly,
        })
    }

    /// Whether at least half of the processes of which samples are there failed in another suspicious way after their
    /// last one.
    pub(super) fn are_after_others(&self, group: &Group) -> bool {
        let mine = self.last_of(group);
        let others = mine
            .iter()
            .filter(|&(tgid, time_ns)| self.last.get(tgid).is_some_and(|last| last > time_ns));
        2 * others.count() >= mine.len().max(1)
    }

    /// When each process of which samples are there last failed so, nanoseconds.
    fn last_of(&self, group: &Group) -> HashMap<u32, u64> {
        let samples = group.failures(self.bundle);
        samples.map(|one| (one.tgid, one.time_ns)).collect()
    }

    /// How at least half of the processes of which samples are there ended soon after their last one. One that failed in
    /// another suspicious way after that did not end for it.
    pub(super) fn of_group(&self, group: &Group) -> Option<End> {
        let last = self.last_of(group);
        let ends: Vec<End> = last
            .iter()
            .filter(|&(tgid, time_ns)| self.last.get(tgid).is_none_or(|last| last <= time_ns))
            .filter_map(|(&tgid, &time_ns)| self.after(tgid, time_ns))
            .collect();
        let most =
            |end: End| 2 * ends.iter().filter(|one| **one == end).count() >= last.len().max(1);
        [End::Badly, End::Well].into_iter().find(|&end| most(end))
    }
}
