//! Mounts of the failing process, and which of them a path is on.

use format_spec::{
    linux::mountinfo::{self, Mount},
    record::{Content, Failure},
};

use crate::load::{Bundle, SnapshotView};

const RECORDERS_OWN: &str = "/proc/self/mountinfo";

/// The mounts of a process as it saw them, in order: a later one on the same point hides an earlier one.
///
/// When the process was gone before the snapshot: those of another process of its mount namespace, else the
/// recorder's own.
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
    let found = found.or_else(|| views.iter().find_map(|view| view.file(RECORDERS_OWN)));
    found.into_iter().flat_map(mountinfo::mounts).collect()
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
    let process = view.under(b"/proc/").find_map(|(path, content)| {
        let process = std::str::from_utf8(path).ok()?.strip_suffix("/ns/mnt")?;
        let target = match content {
            Content::Link(target) => target,
            _ => return None,
        };
        (target == namespace.as_bytes()).then_some(process)
    })?;
    view.file(format!("{process}/mountinfo"))
}

/// A path as the failing process meant it: a relative one is of its working folder. `None` when that is not known.
#[must_use]
pub fn absolute(bundle: &Bundle, failure: &Failure, path: &[u8]) -> Option<Vec<u8>> {
    if path.starts_with(b"/") {
        return Some(path.to_vec());
    }
    let link = format!("/proc/{}/cwd", failure.tgid);
    let views = bundle.snapshots.nearest(failure.time_ns);
    let mut whole = views.iter().find_map(|view| view.link(&link))?.to_vec();
    whole.push(b'/');
    whole.extend_from_slice(path);
    Some(whole)
}

/// The mount that holds `path`, absolute: the last one whose point is the longest beginning of it.
#[must_use]
pub fn mount_of_path<'a>(mounts: &'a [Mount], path: &[u8]) -> Option<&'a Mount> {
    let holds = |mount: &&Mount| {
        let point = mount.point.strip_suffix(b"/").unwrap_or(&mount.point);
        path.strip_prefix(point)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    mounts
        .iter()
        .filter(holds)
        .max_by_key(|mount| mount.point.len())
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
