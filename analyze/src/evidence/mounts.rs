//! Mounts of the failing process, and which of them a path is on.

use format_spec::{
    linux::mountinfo::{self, Mount},
    record::{Content, Failure},
};

use crate::load::{Bundle, SnapshotView};

/// The mounts as the recorder saw them.
pub(super) const RECORDERS_OWN: &str = "/proc/self/mountinfo";

/// The mounts of a process as it saw them, in order: a later one on the same point hides an earlier one.
///
/// When the process was gone before the snapshot: those of another process of its mount namespace, else the
/// recorder's own, unless the root of the process is on none of them: then it was in another namespace.
#[must_use]
pub fn mounts_of(bundle: &Bundle, failure: &Failure) -> Vec<Mount> {
    let views = bundle.snapshots.nearest(failure.time_ns);
    let own = format!("/proc/{}/mountinfo", failure.tgid);
    let namespace = bundle
        .fact(failure, "ns.mnt")
        .map(|inode| format!("mnt:[{inode}]"));
    let found = views.iter().find_map(|view| view.file(&own));
    let found = found.or_else(|| {
        let mut peers = views.iter();
        peers.find_map(|view| peer(view, namespace.as_deref()?))
    });
    if let Some(found) = found {
        return mountinfo::mounts(found).collect();
    }
    let recorders = views.iter().find_map(|view| view.file(RECORDERS_OWN));
    let mounts: Vec<Mount> = recorders.into_iter().flat_map(mountinfo::mounts).collect();
    let root = bundle.fact(failure, "fs.root_mount");
    let is_elsewhere = |root: u64| mounts.iter().all(|mount| u64::from(mount.id) != root);
    if root.is_some_and(is_elsewhere) {
        return Vec::new();
    }
    mounts
}

/// The mount with that number, whoever sees it, if it has that device: numbers are given anew. With it come the mounts
/// among which it was found.
#[must_use]
pub(super) fn mount_numbered(
    bundle: &Bundle,
    failure: &Failure,
    id: u32,
    device: Option<&str>,
) -> Option<(Mount, Vec<Mount>)> {
    let is_it =
        |mount: &&Mount| mount.id == id && device.is_none_or(|device| mount.device == device);
    let among = |mounts: Vec<Mount>| Some((mounts.iter().find(is_it)?.clone(), mounts));
    among(mounts_of(bundle, failure)).or_else(|| {
        everyones(bundle, failure).find_map(|text| among(mountinfo::mounts(text).collect()))
    })
}

/// A mount of the device, whoever sees it: numbers of devices are the same in all namespaces.
#[must_use]
pub fn mount_of_device(bundle: &Bundle, failure: &Failure, device: &str) -> Option<Mount> {
    let mut all = everyones(bundle, failure).flat_map(mountinfo::mounts);
    all.find(|mount| mount.device == device)
}

/// The mountinfo of every process that has one, nearest to the failure first.
fn everyones<'a>(bundle: &'a Bundle, failure: &Failure) -> impl Iterator<Item = &'a [u8]> {
    let views = bundle.snapshots.nearest(failure.time_ns).into_iter();
    let all = views.flat_map(|view| view.under(b"/proc/"));
    let files = all.filter(|(path, _)| path.ends_with(b"/mountinfo"));
    files.filter_map(|(_, content)| match content {
        Content::File { bytes, .. } => Some(bytes.as_slice()),
        _ => None,
    })
}

/// The mounts that a process saw last, of the recorder for `None`; empty when they were not recorded.
#[must_use]
pub fn mounts_seen_by(bundle: &Bundle, process: Option<u32>) -> Vec<Mount> {
    let path = process.map_or(RECORDERS_OWN.into(), |process| {
        format!("/proc/{process}/mountinfo")
    });
    let views = bundle.snapshots.nearest(u64::MAX);
    let found = views.iter().find_map(|view| view.file(&path));
    found.into_iter().flat_map(mountinfo::mounts).collect()
}

/// The mountinfo of any process in that mount namespace.
fn peer<'a>(view: &'a SnapshotView, namespace: &str) -> Option<&'a [u8]> {
    view.under(b"/proc/").find_map(|(path, content)| {
        let process = std::str::from_utf8(path).ok()?.strip_suffix("/ns/mnt")?;
        let target = match content {
            Content::Link(target) => target,
            _ => return None,
        };
        // Of processes that see the same mounts, one alone has them recorded.
        let is_peer = target == namespace.as_bytes();
        view.file(format!("{process}/mountinfo"))
            .filter(|_| is_peer)
    })
}

/// What is left of `path`, absolute, below the point of its mount; `None` when it does not lead there by its words.
#[must_use]
pub fn below_mount<'a>(mount: &Mount, path: &'a [u8]) -> Option<&'a [u8]> {
    let point = mount.point.strip_suffix(b"/").unwrap_or(&mount.point);
    path.strip_prefix(point)?.strip_prefix(b"/")
}

/// The mount that `path`, absolute, leads to: from the root on, each mount that is crossed on the way.
#[must_use]
pub fn mount_of_path<'a>(mounts: &'a [Mount], path: &[u8]) -> Option<&'a Mount> {
    let holds = |mount: &&Mount| {
        let point = mount.point.strip_suffix(b"/").unwrap_or(&mount.point);
        path.strip_prefix(point)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    let on_the_way: Vec<&Mount> = mounts.iter().filter(holds).collect();
    let root = on_the_way.iter().find(|mount| mount.point == b"/");
    let Some(&(mut at)) = root else {
        // The root of a process need not be a mount: then what is mounted below it is all that is listed.
        return on_the_way.into_iter().max_by_key(|mount| mount.point.len());
    };
    for _ in 0..on_the_way.len() {
        let inner = on_the_way
            .iter()
            .filter(|mount| mount.parent == at.id && mount.id != at.id);
        // What is crossed first hides what lies deeper; of two on one point the later one is on top.
        let Some(next) = inner.rev().min_by_key(|mount| mount.point.len()) else {
            break;
        };
        at = next;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use format_spec::record::{Entry, Phase, Snapshot};

    use super::*;
    use crate::testing::Recording;

    const MOUNTINFO: &str = "1 0 8:1 / / rw,relatime - ext4 /dev/vda rw\n\
        2 1 0:20 / /mnt/a\\040b ro,noexec shared:3 - tmpfs none rw,size=64k\n\
        3 1 0:21 / /mnt/a\\040b rw - tmpfs none rw,size=32k\n";

    #[test]
    fn the_last_longest_mount_holds_a_path() {
        let mounts: Vec<_> = mountinfo::mounts(MOUNTINFO.as_bytes()).collect();
        assert_eq!(mounts.len(), 3);
        let device =
            |path: &str| mount_of_path(&mounts, path.as_bytes()).map(|mount| mount.device.as_str());
        assert_eq!(device("/mnt/a b/file"), Some("0:21"));
        assert_eq!(device("/mnt/a b"), Some("0:21"));
        assert_eq!(device("/mnt/a bc"), Some("8:1"));
        assert_eq!(device("relative"), None);
    }

    #[test]
    fn a_mount_above_hides_what_is_below() {
        let text = "1 0 8:1 / / rw - ext4 a rw\n2 1 0:20 / /a/b rw - tmpfs b rw\n\
            3 1 0:21 / /a rw - tmpfs c rw\n4 3 0:22 / /a rw - tmpfs d rw\n";
        let mounts: Vec<_> = mountinfo::mounts(text.as_bytes()).collect();
        let id = |path: &str| mount_of_path(&mounts, path.as_bytes()).map(|mount| mount.id);
        assert_eq!(
            (id("/a/b/c"), id("/a"), id("/b")),
            (Some(4), Some(4), Some(1))
        );
        // In a root that is no mount.
        assert_eq!(
            mount_of_path(&mounts[1..2], b"/a/b/c").map(|mount| mount.id),
            Some(2)
        );
        assert_eq!(mount_of_path(&mounts[1..2], b"/c"), None);
    }

    #[test]
    fn the_recorders_mounts_are_not_those_of_another_namespace() {
        let mounts = |root: Option<u64>| {
            let mut recording = Recording::new();
            recording.fail(40, 28, "gone", 50);
            if let Some(root) = root {
                recording.fact("fs.root_mount", root);
            }
            recording.snapshot(Phase::Failure, 60, &[(RECORDERS_OWN, MOUNTINFO)]);
            let bundle = recording.load();
            mounts_of(&bundle, &bundle.failures[0]).len()
        };
        assert_eq!((mounts(Some(1)), mounts(Some(90)), mounts(None)), (3, 0, 3));
    }

    #[test]
    fn a_peer_stands_in_for_a_process_that_is_gone() {
        let mut recording = Recording::new();
        recording.fail(40, 28, "gone", 50);
        recording.fact("ns.mnt", 77);
        recording.snapshots.push(Snapshot {
            number: 0,
            phase: Phase::Failure,
            started_ns: 60,
            ended_ns: 60,
            entries: vec![
                Entry {
                    path: b"/proc/8/ns/mnt".into(),
                    content: Content::Link(b"mnt:[77]".into()),
                },
                Entry {
                    path: b"/proc/9/ns/mnt".into(),
                    content: Content::Link(b"mnt:[77]".into()),
                },
                Entry {
                    path: b"/proc/9/mountinfo".into(),
                    content: Content::File {
                        bytes: MOUNTINFO.into(),
                        truncated: false,
                    },
                },
            ],
        });
        let bundle = recording.load();
        assert_eq!(mounts_of(&bundle, &bundle.failures[0]).len(), 3);
    }
}
