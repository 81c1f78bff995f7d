//! Limits of the control groups of the failing task, or of the one that it named: its own and those of all its ancestors.

use super::{
    moment::{Moment, UNLIMITED},
    procfs,
    term::Read,
};
use crate::{
    evidence::{LimitUse, Nearness, cgroups_of, hierarchy, named_cgroup},
    load::SnapshotView,
    text::plain,
};

/// A limit that every group of a hierarchy can have.
struct Kind {
    /// Culprit id.
    id: &'static str,
    /// What is counted, in the plural.
    unit: &'static str,
    /// File with the limit.
    limit: &'static str,
    /// File with the use.
    usage: &'static str,
    /// How the line of that file begins, where it has many.
    line: &'static str,
    /// v1 controller whose files these are; empty for cgroup v2.
    controller: &'static str,
    /// File that counts refusals; how lines with such a number begin, the plainest first, and what they say.
    refusals: Option<(&'static str, &'static [(&'static str, &'static str)])>,
}

const KINDS: [Kind; 6] = [
    Kind {
        refusals: Some(("pids.events", &[("max ", REFUSED)])),
        ..kind(
            "cgroup:pids.max",
            "processes and threads",
            "pids.max",
            "pids.current",
        )
    },
    Kind {
        refusals: Some((
            "memory.events",
            // Requests that may fail do so without the OOM killer, and `oom` does not count them (`try_charge_memcg`,
            // `mm/memcontrol.c`); `max` counts what reclaim made room for too.
            &[("oom ", REFUSED), ("max ", CAME)],
        )),
        ..kind("cgroup:memory.max", "bytes", "memory.max", "memory.current")
    },
    Kind {
        refusals: Some(("memory.swap.events", &[("fail ", REFUSED)])),
        ..kind(
            "cgroup:memory.swap.max",
            "bytes",
            "memory.swap.max",
            "memory.swap.current",
        )
    },
    Kind {
        line: "nr_descendants ",
        ..kind(
            "cgroup:cgroup.max.descendants",
            "control groups",
            "cgroup.max.descendants",
            "cgroup.stat",
        )
    },
    Kind {
        controller: "pids",
        ..kind(
            "cgroup:pids.max",
            "processes and threads",
            "pids.max",
            "pids.current",
        )
    },
    Kind {
        controller: "memory",
        ..kind(
            "cgroup:memory.max",
            "bytes",
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
        )
    },
];

const fn kind(
    id: &'static str,
    unit: &'static str,
    limit: &'static str,
    usage: &'static str,
) -> Kind {
    Kind {
        id,
        unit,
        limit,
        usage,
        line: "",
        controller: "",
        refusals: None,
    }
}

/// v1 has no word for unlimited: it shows the largest number of whole pages (`PAGE_COUNTER_MAX`,
/// `include/linux/page_counter.h`).
const V1_UNLIMITED: u64 = 1 << 62;

/// The limits of each group that has one.
pub(super) fn read(moment: &Moment<'_>) -> Vec<LimitUse> {
    let groups = moment.failure.and_then(|failure| {
        named_cgroup(moment.bundle, failure).or_else(|| cgroups_of(moment.bundle, failure))
    });
    let Some((view, membership)) = groups else {
        return Vec::new();
    };
    let (read, membership) = (moment.time(view), membership.as_ref());
    let mut found = Vec::new();
    for kind in &KINDS {
        let Some(path) = group(membership, kind.controller) else {
            continue;
        };
        let Some(root) = hierarchy(view, kind.controller) else {
            continue;
        };
        let root = root.as_str();
        let mut groups: Vec<LimitUse> = ancestors(path)
            .filter_map(|path| kind.read(view, root, path))
            .collect();
        if let Some((did, times)) = kind.refused(moment, root, path) {
            let end = if did == CAME { 1 } else { groups.len() };
            fill(groups.get_mut(..end).unwrap_or_default(), did, times);
        }
        // What was held may have been released since, unless it is near the limit all the same.
        groups.retain(|found| {
            found.limit.is_none() || read != Read::Gone || found.nearness(1) != Nearness::Far
        });
        found.extend(groups);
    }
    found.extend(depth(view, membership));
    found
}

/// The group in the hierarchy of a controller, or in cgroup v2: `0::/a/b`, `4:pids:/a`.
fn group<'a>(membership: &'a str, controller: &str) -> Option<&'a str> {
    membership.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let mut names = controllers.split(',');
        names.any(|name| name == controller).then_some(path)
    })
}

fn file(root: &str, path: &str, name: &str) -> String {
    format!("{root}{}/{name}", path.trim_end_matches('/'))
}

/// The group and all above it: `/a/b`, `/a`, `/`.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rfind('/')? {
        0 if path.len() > 1 => Some("/"),
        0 => None,
        end => path.get(..end),
    })
}

impl Kind {
    fn read(&self, view: &SnapshotView, root: &str, path: &str) -> Option<LimitUse> {
        let limit = procfs::word(view.text(file(root, path, self.limit))?, 0)?;
        let usage = view.text(file(root, path, self.usage))?;
        Some(LimitUse {
            id: self.id.into(),
            scope: format!("cgroup {}", plain(path.as_bytes())),
            unit: self.unit.into(),
            usage: procfs::word(procfs::line(usage, self.line)?, 0)?,
            limit: (limit < V1_UNLIMITED).then_some(limit),
            at_failure: false,
            spared: false,
            source: SOURCE.into(),
        })
    }

    /// What a group on the way to the root did during the recording, and how often; `None` for never.
    fn refused(&self, moment: &Moment<'_>, root: &str, path: &str) -> Option<(&'static str, u64)> {
        let (name, lines) = self.refusals?;
        let more = |path: &str, line: &str| {
            let path = file(root, path, name);
            let count =
                |view: &SnapshotView| procfs::word(procfs::line(view.text(&path)?, line)?, 0);
            let all = moment.bundle.snapshots.all();
            let first = all.iter().find_map(count)?;
            all.iter().rev().find_map(count)?.checked_sub(first)
        };
        lines.iter().find_map(|&(line, did)| {
            // Groups above count what all below them did (`memcg_memory_event`, `include/linux/memcontrol.h`), and reclaim
            // in one of those is no news: only the task's own group tells.
            let times = match did {
                CAME => more(path, line)?,
                _ => ancestors(path).filter_map(|path| more(path, line)).max()?,
            };
            (times > 0).then_some((did, times))
        })
    }
}

/// The group with the least room was full when something was refused, whatever it holds now.
///
/// Which group counts a refusal changed: for processes the one of the caller up to 6.10, the one that is full and all
/// above it since (`pids_event`, `kernel/cgroup/pids.c`).
fn fill(groups: &mut [LimitUse], did: &str, times: u64) {
    let room = |group: &&mut LimitUse| group.limit.map(|limit| limit.saturating_sub(group.usage));
    let limited = groups.iter_mut().filter(|group| group.limit.is_some());
    if let Some(group) = limited.min_by_key(room) {
        group.usage = group.usage.max(group.limit.unwrap_or(0));
        group.source = format!("its control group {did} {times} times during the recording");
    }
}

const REFUSED: &str = "refused";
const CAME: &str = "came to its limit";

const SOURCE: &str = "read in the snapshot nearest to the failure";

/// How deep the task's group is below each ancestor that limits it (`cgroup_check_hierarchy_limits`,
/// `kernel/cgroup/cgroup.c`): a group made in it is one deeper.
fn depth(view: &SnapshotView, membership: &str) -> Vec<LimitUse> {
    let limit = kind("cgroup:cgroup.max.depth", "levels", "cgroup.max.depth", "");
    let found = || {
        let path = group(membership, limit.controller)?;
        let root = &hierarchy(view, limit.controller)?;
        let levels = ancestors(path).enumerate().filter_map(|(below, ancestor)| {
            let most = procfs::word(view.text(file(root, ancestor, limit.limit))?, 0)?;
            (most != UNLIMITED).then(|| LimitUse {
                id: limit.id.into(),
                scope: format!("cgroup {}", plain(ancestor.as_bytes())),
                unit: limit.unit.into(),
                usage: u64::try_from(below).unwrap_or(u64::MAX),
                limit: Some(most),
                at_failure: false,
                spared: false,
                source: SOURCE.into(),
            })
        });
        Some(levels.collect())
    };
    found().unwrap_or_default()
}
