//! Look-ups of one name in several places, such as a shell's along PATH, or a loader's along its library folders.

use std::collections::{HashMap, HashSet};

use crate::load::Bundle;

/// Look-ups further apart than this are not of one search, nanoseconds.
const TOGETHER_NS: u64 = 1_000_000_000;

/// Failures that are part of a search, by index into [`Bundle::failures`].
#[derive(Debug, Default)]
pub(super) struct Searches(HashSet<usize>);

/// The last look-up of a name.
struct LookUp<'a> {
    index: usize,
    folder: &'a [u8],
    time_ns: u64,
}

impl Searches {
    /// Finds them: failures of one thread, one soon after another, on the same name in different folders, whatever their
    /// syscall and errno.
    pub(super) fn of(bundle: &Bundle) -> Self {
        let mut last: HashMap<(u32, &[u8]), LookUp<'_>> = HashMap::new();
        let mut found = HashSet::new();
        for (index, failure) in bundle.failures.iter().enumerate() {
            // Calls with two paths, such as mount(2), are no look-ups.
            let [path] = &failure.paths[..] else {
                continue;
            };
            let Some(end) = path.bytes.iter().rposition(|&byte| byte == b'/') else {
                continue;
            };
            let (folder, name) = path.bytes.split_at(end);
            let time_ns = failure.time_ns;
            let this = LookUp {
                index,
                folder,
                time_ns,
            };
            if let Some(before) = last.insert((failure.pid, name), this)
                && before.folder != folder
                && time_ns.saturating_sub(before.time_ns) < TOGETHER_NS
            {
                found.extend([before.index, index]);
            }
        }
        Self(found)
    }

    /// Whether most of these failures, at least one, are part of a search.
    pub(super) fn are_most_of(&self, samples: &[usize]) -> bool {
        let part = samples.iter().filter(|index| self.0.contains(index));
        2 * part.count() > samples.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    #[test]
    fn one_name_in_several_folders_is_a_search() {
        let mut recording = Recording::new();
        for (time_ns, errno, path) in [
            (10, 2, "/usr/local/bin/backup"),
            (20, 13, "/opt/tools/backup"),
            (30, 13, "/srv/data/report"),
            (40, 13, "/srv/data/report"),
        ] {
            recording.fail(79, errno, "sh", time_ns);
            recording.path(1, path);
        }
        let bundle = recording.load();
        let searches = Searches::of(&bundle);
        assert!(searches.are_most_of(&[0, 1]));
        assert!(!searches.are_most_of(&[2, 3]));
        assert!(!searches.are_most_of(&[1, 2]) && !searches.are_most_of(&[]));
    }

    #[test]
    fn other_threads_and_later_times_are_not() {
        let mut recording = Recording::new();
        recording.fail(79, 13, "sh", 10);
        recording.path(1, "/a/x");
        recording.fail(79, 13, "sh", 20).pid = 7;
        recording.path(1, "/b/x");
        recording.fail(79, 13, "sh", 10 + TOGETHER_NS);
        recording.path(1, "/c/x");
        let bundle = recording.load();
        assert!(Searches::of(&bundle).0.is_empty());
    }
}
