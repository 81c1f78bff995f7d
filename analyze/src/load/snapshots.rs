//! Snapshots: what procfs, sysfs and statfs said, with "unchanged" resolved.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use format_spec::record::{Content, Phase, Snapshot};

use crate::text::plain;

/// All snapshots of a bundle by rising number.
#[derive(Debug, Clone, Default)]
pub struct Snapshots {
    list: Vec<SnapshotView>,
    /// Entries that say "unchanged" of something that is not there, or that may have been in a frame that is lost.
    pub unresolved: usize,
}

/// One snapshot, whole.
#[derive(Debug, Clone)]
pub struct SnapshotView {
    /// Counts the snapshots of the bundle from 0.
    pub number: u32,
    /// Why it was taken.
    pub phase: Phase,
    /// When it was begun, nanoseconds of CLOCK_MONOTONIC.
    pub started_ns: u64,
    /// When it was complete, nanoseconds of CLOCK_MONOTONIC.
    pub ended_ns: u64,
    entries: BTreeMap<Arc<[u8]>, Known>,
}

/// What was at a path, and the sequence number of the last frame that says so.
#[derive(Debug, Clone)]
struct Known {
    content: Arc<Content>,
    sequence: u32,
}

impl Snapshots {
    /// Puts the parts of each snapshot together. Each comes with the sequence number of its frame; `holes` are rising
    /// sequence numbers of frames that are lost.
    #[must_use]
    pub fn new(mut parts: Vec<(u32, Snapshot)>, holes: &[u32]) -> Self {
        parts.sort_by_key(|(_, part)| part.number);
        let mut all = Self::default();
        for (sequence, part) in parts {
            all.add(sequence, part, holes);
        }
        all
    }

    /// The snapshots in order.
    #[must_use]
    pub fn all(&self) -> &[SnapshotView] {
        &self.list
    }

    /// The last snapshot of a phase.
    #[must_use]
    pub fn of(&self, phase: Phase) -> Option<&SnapshotView> {
        self.list.iter().rev().find(|view| view.phase == phase)
    }

    /// The snapshots, nearest to `time_ns` first; at equal distance the one taken at a failure.
    #[must_use]
    pub fn nearest(&self, time_ns: u64) -> Vec<&SnapshotView> {
        let mut views: Vec<_> = self.list.iter().collect();
        views.sort_by_key(|view| {
            let distance = if time_ns < view.started_ns {
                view.started_ns - time_ns
            } else {
                time_ns.saturating_sub(view.ended_ns)
            };
            (distance, view.phase != Phase::Failure)
        });
        views
    }

    fn add(&mut self, sequence: u32, part: Snapshot, holes: &[u32]) {
        if self
            .list
            .last()
            .is_none_or(|view| view.number != part.number)
        {
            self.list.push(SnapshotView {
                number: part.number,
                phase: part.phase,
                started_ns: part.started_ns,
                ended_ns: part.ended_ns,
                entries: BTreeMap::new(),
            });
        }
        let Some((view, before)) = self.list.split_last_mut() else {
            return;
        };
        view.started_ns = view.started_ns.min(part.started_ns);
        view.ended_ns = view.ended_ns.max(part.ended_ns);
        for entry in part.entries {
            let path: Arc<[u8]> = entry.path.into();
            let content = match entry.content {
                // A path can be come by twice in one snapshot.
                Content::Unchanged if view.entries.contains_key(&path) => continue,
                Content::Unchanged => {
                    let mut earlier = before.iter().rev();
                    let known = earlier.find_map(|view| view.entries.get_key_value(&path));
                    // A lost frame between the two may have had another content.
                    let is_certain = |known: &Known| {
                        let next = holes.partition_point(|&hole| hole < known.sequence);
                        holes.get(next).is_none_or(|&hole| hole > sequence)
                    };
                    let Some((path, known)) = known.filter(|(_, known)| is_certain(known)) else {
                        self.unresolved += 1;
                        continue;
                    };
                    let (path, content) = (Arc::clone(path), Arc::clone(&known.content));
                    view.entries.insert(path, Known { content, sequence });
                    continue;
                }
                content => Arc::new(content),
            };
            view.entries.insert(path, Known { content, sequence });
        }
    }
}

impl Known {
    fn content(&self) -> &Content {
        &self.content
    }
}

impl SnapshotView {
    /// What was at `path`.
    #[must_use]
    pub fn content(&self, path: impl AsRef<[u8]>) -> Option<&Content> {
        self.entries.get(path.as_ref()).map(Known::content)
    }

    /// The bytes of the file at `path`.
    #[must_use]
    pub fn file(&self, path: impl AsRef<[u8]>) -> Option<&[u8]> {
        match self.content(path)? {
            Content::File { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The text of the file at `path` without white space around it; `None` when it is not UTF-8.
    #[must_use]
    pub fn text(&self, path: impl AsRef<[u8]>) -> Option<&str> {
        std::str::from_utf8(self.file(path)?).ok().map(str::trim)
    }

    /// The rows of the recorder's table at `path`, if it has these column heads: another recorder's are not understood.
    pub fn rows(&self, path: &str, head: &str) -> Option<impl Iterator<Item = &str>> {
        let mut rows = self.text(path)?.lines();
        (rows.next() == Some(head)).then_some(rows)
    }

    /// The name of the process `pid`.
    #[must_use]
    pub fn comm(&self, pid: u32) -> Option<String> {
        let comm = self.text(format!("/proc/{pid}/comm"))?;
        Some(plain(comm.as_bytes()))
    }

    /// The target of the symbolic link at `path`.
    #[must_use]
    pub fn link(&self, path: impl AsRef<[u8]>) -> Option<&[u8]> {
        match self.content(path)? {
            Content::Link(target) => Some(target),
            _ => None,
        }
    }

    /// Everything whose path begins with `prefix`, by path.
    pub fn under<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a Content)> {
        self.entries
            .range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(path, _)| path.starts_with(prefix))
            .map(|(path, known)| (path.as_ref(), known.content()))
    }

    /// Everything, by path.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &Content)> {
        self.entries
            .iter()
            .map(|(path, known)| (path.as_ref(), known.content()))
    }
}

#[cfg(test)]
mod tests {
    use format_spec::record::Entry;

    use super::*;

    fn part(number: u32, phase: Phase, at: u64, entries: &[(&str, Option<&str>)]) -> Snapshot {
        let entry = |&(path, text): &(&str, Option<&str>)| Entry {
            path: path.into(),
            content: text.map_or(Content::Unchanged, |text| Content::File {
                bytes: text.into(),
                truncated: false,
            }),
        };
        Snapshot {
            number,
            phase,
            started_ns: at,
            ended_ns: at + 10,
            entries: entries.iter().map(entry).collect(),
        }
    }

    fn whole(parts: Vec<Snapshot>) -> Snapshots {
        Snapshots::new((0..).zip(parts).collect(), &[])
    }

    #[test]
    fn what_may_have_changed_in_a_lost_frame_is_not_known() {
        let unchanged = [("/a", None), ("/b", None)];
        let parts = vec![
            (
                0,
                part(0, Phase::Start, 0, &[("/a", Some("1")), ("/b", Some("1"))]),
            ),
            (1, part(1, Phase::Failure, 10, &unchanged)),
            // Of snapshot 2, the frame with the new content of /b is lost.
            (3, part(2, Phase::Failure, 20, &[("/a", Some("2"))])),
            (4, part(3, Phase::End, 30, &unchanged)),
        ];
        let snapshots = Snapshots::new(parts, &[2]);
        let texts = |path: &str| {
            let texts = snapshots.all().iter().map(|view| view.text(path));
            texts.collect::<Vec<_>>()
        };
        assert_eq!(texts("/a"), [Some("1"), Some("1"), Some("2"), Some("2")]);
        assert_eq!(texts("/b"), [Some("1"), Some("1"), None, None]);
        assert_eq!(snapshots.unresolved, 1);
    }

    #[test]
    fn unchanged_is_what_was_before() {
        let snapshots = whole(vec![
            part(1, Phase::End, 200, &[("/a", None), ("/c", None)]),
            part(0, Phase::Start, 100, &[("/a", Some("1\n"))]),
            part(0, Phase::Start, 110, &[("/b", Some("2"))]),
            part(2, Phase::End, 300, &[("/a", None)]),
        ]);
        let [start, end, last] = snapshots.all() else {
            panic!("three snapshots")
        };
        assert_eq!(
            (start.text("/a"), start.text("/b"), start.ended_ns),
            (Some("1"), Some("2"), 120)
        );
        assert_eq!((end.text("/a"), end.text("/b")), (Some("1"), None));
        assert_eq!(last.text("/a"), Some("1"));
        assert_eq!(snapshots.unresolved, 1);
        assert_eq!(snapshots.of(Phase::End).unwrap().number, 2);
        assert_eq!(snapshots.nearest(205)[0].number, 1);
        assert_eq!(snapshots.nearest(0)[0].number, 0);
    }

    #[test]
    fn finds_by_prefix() {
        let entries = [
            ("/proc/1/stat", Some("x")),
            ("/proc/10/stat", Some("y")),
            ("/q", Some("z")),
        ];
        let snapshots = whole(vec![part(0, Phase::Start, 0, &entries)]);
        assert_eq!(snapshots.all()[0].under(b"/proc/1").count(), 2);
        assert_eq!(snapshots.all()[0].under(b"/proc/1/").count(), 1);
    }
}
