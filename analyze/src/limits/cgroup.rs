//! The control groups of the failing task, or of the one that it named.

use std::borrow::Cow;

use format_spec::record::Failure;

use crate::{
    evidence::{cgroups_of, hierarchy, named_cgroup},
    load::{Bundle, SnapshotView},
};

/// v1 has no word for unlimited: it shows the largest number of whole pages (`PAGE_COUNTER_MAX`,
/// `include/linux/page_counter.h`).
pub(super) const V1_UNLIMITED: u64 = 1 << 62;

/// A group in the hierarchy of one controller.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    /// The snapshot that knows it.
    pub(super) view: &'a SnapshotView,
    /// Where the hierarchy is mounted.
    pub(super) root: String,
    /// The group below that.
    pub(super) path: String,
}

/// The membership of the failing task as `/proc/PID/cgroup` has it, and the snapshot that says so.
pub(super) fn membership<'a>(
    bundle: &'a Bundle,
    failure: &'a Failure,
) -> Option<(&'a SnapshotView, Cow<'a, str>)> {
    named_cgroup(bundle, failure).or_else(|| cgroups_of(bundle, failure))
}

/// The group in the hierarchy of a controller, or in cgroup v2: `0::/a/b`, `4:pids:/a`.
pub(super) fn group<'a>(
    view: &'a SnapshotView,
    membership: &str,
    controller: &str,
) -> Option<Groups<'a>> {
    let path = membership.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let mut names = controllers.split(',');
        names.any(|name| name == controller).then_some(path)
    })?;
    Some(Groups {
        view,
        root: hierarchy(view, controller)?,
        path: path.to_owned(),
    })
}
