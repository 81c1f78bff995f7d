//! Mounts of the failing process, and which of them a path is on.

use format_spec::record::Failure;

use crate::load::{Bundle, SnapshotView};

/// One line of `/proc/PID/mountinfo` (`fs/proc_namespace.c`, `show_mountinfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Device, `major:minor`.
    pub device: String,
    /// Where it is mounted, with the kernel's octal escapes undone.
    pub point: Vec<u8>,
    /// Options of the mount, for example `ro,nosuid`.
    pub options: String,
    /// Type of the file system.
    pub fs_type: String,
    /// What is mounted.
    pub source: String,
    /// Options of the file system, for example `rw,size=64k`.
    pub super_options: String,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ');
        let device = mount.nth(2)?.to_owned();
        let point = unescape(mount.nth(1)?);
        let options = mount.next()?.to_owned();
        let mut file_system = file_system.split(' ');
        Some(Self {
            device,
            point,
            options,
            fs_type: file_system.next()?.to_owned(),
            source: file_system.next().unwrap_or_default().to_owned(),
            super_options: file_system.next().unwrap_or_default().to_owned(),
        })
    }

    /// Whether the mount, or the file system on it, has that option.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        let all = self.options.split(',').chain(self.super_options.split(','));
        all.into_iter().any(|own| own == option)
    }
}

/// Undoes `\040` and the like (`seq_path` escapes blanks, tabs, line ends and backslashes).
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail
            .get(..3)
            .filter(|_| first == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    bytes
}

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
    let peer = |view: &&SnapshotView| peer(view, namespace.as_deref()?);
    let text = views
        .iter()
        .find_map(|view| view.text(&own))
        .map(str::to_owned)
        .or_else(|| views.iter().find_map(peer))
        .or_else(|| {
            views
                .iter()
                .find_map(|view| view.text("/proc/self/mountinfo"))
                .map(str::to_owned)
        });
    text.iter()
        .flat_map(|text| text.lines())
        .filter_map(Mount::parse)
        .collect()
}

/// The mounts that a process saw last, of the recorder for `None`; empty when they were not recorded.
#[must_use]
pub fn mounts_seen_by(bundle: &Bundle, process: Option<u32>) -> Vec<Mount> {
    let path = process.map_or("/proc/self/mountinfo".into(), |process| {
        format!("/proc/{process}/mountinfo")
    });
    let views = bundle.snapshots.nearest(u64::MAX);
    let text = views.iter().find_map(|view| view.text(&path));
    text.into_iter()
        .flat_map(str::lines)
        .filter_map(Mount::parse)
        .collect()
}

/// The mountinfo of any process in that mount namespace.
fn peer(view: &SnapshotView, namespace: &str) -> Option<String> {
    let process = view.under(b"/proc/").find_map(|(path, content)| {
        let process = std::str::from_utf8(path).ok()?.strip_suffix("/ns/mnt")?;
        let target = match content {
            format_spec::record::Content::Link(target) => target,
            _ => return None,
        };
        (target == namespace.as_bytes()).then_some(process)
    })?;
    view.text(format!("{process}/mountinfo")).map(str::to_owned)
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
    use format_spec::record::{Content, Entry, Phase, Snapshot};

    use super::*;
    use crate::testing::Recording;

    const MOUNTINFO: &str = "1 0 8:1 / / rw,relatime - ext4 /dev/vda rw\n\
        2 1 0:20 / /mnt/a\\040b ro,noexec shared:3 - tmpfs none rw,size=64k\n\
        3 1 0:21 / /mnt/a\\040b rw - tmpfs none rw,size=32k\n";

    #[test]
    fn the_last_longest_mount_holds_a_path() {
        let mounts: Vec<_> = MOUNTINFO.lines().filter_map(Mount::parse).collect();
        assert_eq!(mounts.len(), 3);
        assert!(mounts[1].has("noexec") && mounts[1].has("size=64k") && !mounts[1].has("exec"));
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
