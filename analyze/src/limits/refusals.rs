//! What control groups counted of their refusals.

use super::{
    LimitUse,
    moment::Moment,
    place::{Level, Place},
    procfs,
};
use crate::load::SnapshotView;

/// A file of a group that counts what it refused, and how lines with such numbers begin, the plainest first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Events {
    pub(super) file: &'static str,
    pub(super) lines: &'static [(&'static str, Did)],
}

/// What a line of that file counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    /// It refused, or one below it did.
    Refuse,
    /// It came to its limit, which reclaim may have made room for; groups above count it too.
    Come,
}

impl Did {
    const fn words(self) -> &'static str {
        match self {
            Self::Refuse => "refused",
            Self::Come => "came to its limit",
        }
    }
}

/// The group with the least room was full when something was refused during the recording, whatever it holds now.
///
/// Which group counts a refusal changed: for processes the one of the caller up to 6.10, the one that is full and all
/// above it since (`pids_event`, `kernel/cgroup/pids.c`).
pub(super) fn fill(
    events: &Events,
    moment: &Moment<'_>,
    levels: &[Level<'_>],
    found: &mut [LimitUse],
) {
    let Some((did, times)) = happened(events, moment, levels) else {
        return;
    };
    // Groups above count what all below them did (`memcg_memory_event`, `include/linux/memcontrol.h`), and reclaim in one of
    // those is no news: only the task's own group tells.
    let own = levels.first().map(|level| level.words.as_str());
    let may_be = |group: &&mut LimitUse| {
        group.limit().is_some() && (did == Did::Refuse || Some(group.scope.as_str()) == own)
    };
    let room = |group: &&mut LimitUse| {
        group
            .limit()
            .map(|limit| limit.saturating_sub(group.used()))
    };
    if let Some(group) = found.iter_mut().filter(may_be).min_by_key(room) {
        let full = group.limit().unwrap_or(0).max(group.used());
        group.comparison.used.value = full;
        let did = did.words();
        group.source = format!("its control group {did} {times} times during the recording");
    }
}

/// What a group on the way to the root did during the recording, and how often; `None` for never.
fn happened(events: &Events, moment: &Moment<'_>, levels: &[Level<'_>]) -> Option<(Did, u64)> {
    let all = moment.bundle.snapshots.all();
    let more = |level: &Level<'_>, line: &str| {
        let Place::Group { folder, .. } = &level.place else {
            return None;
        };
        let path = format!("{folder}/{}", events.file);
        let count = |view: &SnapshotView| procfs::word(procfs::line(view.text(&path)?, line)?, 0);
        let first = all.iter().find_map(count)?;
        all.iter().rev().find_map(count)?.checked_sub(first)
    };
    events.lines.iter().find_map(|&(line, did)| {
        let times = match did {
            Did::Come => more(levels.first()?, line)?,
            Did::Refuse => levels.iter().filter_map(|level| more(level, line)).max()?,
        };
        (times > 0).then_some((did, times))
    })
}
