//! The control groups that a failing process is in.

use std::borrow::Cow;

use format_spec::record::Failure;

use super::absolute;
use crate::load::{Bundle, SnapshotView};

/// The recorder's table of control groups by id: a head, then `id folder`.
const TABLE: &str = "etz:cgroups";

/// How the line of cgroup v2 begins.
const V2: &str = "0::";

/// A file that every group of cgroup v2 has, the root too (`cgroup_base_files`, `kernel/cgroup/cgroup.c`).
const GROUP_FILE: &str = "cgroup.max.descendants";

/// The groups of the failing process in the form of `/proc/PID/cgroup`, and the snapshot that says so. The group of cgroup
/// v2 is the one that the failure itself names: the process may have been moved, or gone, by the time of the snapshot. Where
/// neither it nor its own file is known, it was in those of its parent, unless somebody moved it.
#[must_use]
pub fn cgroups_of<'a>(
    bundle: &'a Bundle,
    failure: &Failure,
) -> Option<(&'a SnapshotView, Cow<'a, str>)> {
    let views = bundle.snapshots.nearest(failure.time_ns);
    let of = |pid: u64| {
        let path = format!("/proc/{pid}/cgroup");
        let found = |view: &&'a SnapshotView| Some((*view, view.text(&path)?));
        views.iter().find_map(found)
    };
    let named = || {
        let found = |view: &&'a SnapshotView| Some((*view, by_id(view, failure.cgroup)?));
        views.iter().find_map(found)
    };
    match (of(failure.tgid.into()), named()) {
        (Some((view, text)), Some((_, line))) => {
            let others = text.lines().filter(|other| !other.starts_with(V2));
            let lines: Vec<&str> = others.chain([line.as_str()]).collect();
            Some((view, lines.join("\n").into()))
        }
        (Some((view, text)), None) => Some((view, text.into())),
        (None, Some((view, line))) => Some((view, line.into())),
        (None, None) => {
            let (view, text) = of(bundle.fact(failure, "parent.tgid")?)?;
            Some((view, text.into()))
        }
    }
}

/// The group of cgroup v2 that a path of the failing call leads into, in the form of `/proc/PID/cgroup`, and the snapshot
/// that has its limits: mkdir(2) makes a group there, wherever the caller is itself.
#[must_use]
pub fn named_cgroup<'a>(
    bundle: &'a Bundle,
    failure: &Failure,
) -> Option<(&'a SnapshotView, Cow<'a, str>)> {
    let named = failure
        .paths
        .iter()
        .rev()
        .find(|path| !path.bytes.is_empty())?;
    let path = absolute(bundle, failure, named)?;
    let path = std::str::from_utf8(&path).ok()?;
    let ends = path.char_indices().filter(|&(_, found)| found == '/');
    let folders: Vec<&str> = ends.map(|(end, _)| &path[..end]).chain([path]).collect();
    let views = bundle.snapshots.nearest(failure.time_ns);
    views.iter().find_map(|view| {
        let is_group = |folder: &&&str| view.text(format!("{folder}/{GROUP_FILE}")).is_some();
        let mut groups = folders.iter().filter(is_group);
        let root = groups.next()?;
        let group = groups.next_back().unwrap_or(root).strip_prefix(root)?;
        let group = if group.is_empty() { "/" } else { group };
        Some((*view, Cow::from(format!("0::{group}"))))
    })
}

/// The line of cgroup v2. The table has all ancestors of a group: the shortest is where the hierarchy is mounted.
fn by_id(view: &SnapshotView, id: u64) -> Option<String> {
    let rows = view.text(TABLE)?.lines().skip(1);
    let rows = rows.filter_map(|row| row.split_once(' '));
    // The folder of the root may end with a slash.
    let all: Vec<(&str, &str)> = rows
        .map(|(id, folder)| (id, folder.trim_end_matches('/')))
        .collect();
    let (_, folder) = all.iter().find(|(own, _)| own.parse() == Ok(id))?;
    let ancestors = all.iter().filter_map(|(_, other)| {
        let below = folder.strip_prefix(other)?;
        (below.is_empty() || below.starts_with('/')).then_some(below)
    });
    let path = ancestors.max_by_key(|below| below.len())?;
    Some(format!("0::{}", if path.is_empty() { "/" } else { path }))
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    fn found(pid_file: Option<(&str, &str)>, cgroup: u64) -> Option<String> {
        let mut recording = Recording::new();
        recording.fail(220, 11, "program", 50).cgroup = cgroup;
        recording.fact("parent.tgid", 99);
        let table = (
            "etz:cgroups",
            "id folder\n1 /sys/fs/cgroup/\n5 /sys/fs/cgroup/a\n7 /sys/fs/cgroup/a/b\n6 /sys/fs/cgroup/aa\n",
        );
        let files: Vec<_> = [table].into_iter().chain(pid_file).collect();
        recording.snapshot(Phase::Failure, 60, &files);
        let bundle = recording.load();
        cgroups_of(&bundle, &bundle.failures[0]).map(|(_, text)| text.into_owned())
    }

    #[test]
    fn a_process_that_is_gone_is_found_by_the_id_of_its_group() {
        assert_eq!(found(None, 7).as_deref(), Some("0::/a/b"));
        assert_eq!(found(None, 6).as_deref(), Some("0::/aa"));
        assert_eq!(found(None, 1).as_deref(), Some("0::/"));
        assert_eq!(found(None, 8), None);
    }

    #[test]
    fn a_path_leads_into_a_group() {
        let named = |path: &str| {
            let mut recording = Recording::new();
            recording.fail(34, 11, "program", 50);
            recording.path(1, path);
            let files = [
                ("/sys/fs/cgroup/cgroup.max.descendants", "max\n"),
                ("/sys/fs/cgroup/pods/cgroup.max.descendants", "4\n"),
            ];
            recording.snapshot(Phase::Failure, 60, &files);
            let bundle = recording.load();
            named_cgroup(&bundle, &bundle.failures[0]).map(|(_, text)| text.into_owned())
        };
        assert_eq!(
            named("/sys/fs/cgroup/pods/new").as_deref(),
            Some("0::/pods")
        );
        assert_eq!(named("/sys/fs/cgroup/new").as_deref(), Some("0::/"));
        assert_eq!(named("/srv/pods/new"), None);
    }

    #[test]
    fn the_group_at_the_failure_comes_first_and_its_parents_last() {
        let own = Some(("/proc/100/cgroup", "4:pids:/v1\n0::/own\n"));
        assert_eq!(found(own, 7).as_deref(), Some("4:pids:/v1\n0::/a/b"));
        assert_eq!(found(own, 8).as_deref(), Some("4:pids:/v1\n0::/own"));
        let parent = Some(("/proc/99/cgroup", "0::/parent\n"));
        assert_eq!(found(parent, 7).as_deref(), Some("0::/a/b"));
        assert_eq!(found(parent, 8).as_deref(), Some("0::/parent"));
    }
}
