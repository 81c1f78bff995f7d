//! Entries to paths, by their neighbours.

use std::collections::{BTreeMap, HashSet};

use format_spec::record::CtlEntry;

use super::scan::Candidate;

/// Takes the paths that belong to one entry for certain from those that could be something else.
pub(super) fn drop_claimed(entries: &mut [CtlEntry]) {
    let certain: HashSet<_> = entries
        .iter()
        .filter(|entry| entry.paths.len() == 1)
        .flat_map(|entry| entry.paths.iter().cloned())
        .collect();
    for entry in entries.iter_mut().filter(|entry| entry.paths.len() > 1) {
        if entry.paths.iter().any(|path| !certain.contains(path)) {
            entry.paths.retain(|path| !certain.contains(path));
        }
    }
}

/// Finds the directories of neighbouring entries: those that have files of all their names.
pub(super) fn place<'a>(
    named: &'a [(Candidate, String)],
    size: usize,
    directories: &BTreeMap<String, HashSet<String>>,
) -> Vec<(&'a Candidate, Vec<String>)> {
    let mut placed = Vec::new();
    let mut rest = named;
    while let Some((first, _)) = rest.first() {
        let mut fitting: Vec<_> = directories.iter().collect();
        let mut len = 0;
        for (candidate, name) in rest {
            let due = first.address + (len * size) as u64;
            let narrowed: Vec<_> = fitting
                .iter()
                .copied()
                .filter(|(_, names)| names.contains(name))
                .collect();
            if candidate.address != due || narrowed.is_empty() {
                break;
            }
            fitting = narrowed;
            len += 1;
        }
        let (table, after) = rest.split_at(len.max(1));
        for (candidate, name) in &table[..len] {
            let path = |directory: &str| match directory {
                "" => name.clone(),
                _ => format!("{directory}.{name}"),
            };
            let paths = fitting
                .iter()
                .map(|(directory, _)| path(directory))
                .collect();
            placed.push((candidate, paths));
        }
        rest = after;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(rows: &[(u64, &str)]) -> Vec<(Candidate, String)> {
        let row = |&(address, name): &(u64, &str)| {
            let candidate = Candidate {
                address,
                procname: 0,
                data: 0,
                maxlen: 4,
            };
            (candidate, name.to_owned())
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn neighbours_choose_the_directory() {
        let directory = |name: &str, files: &[&str]| {
            let files = files.iter().map(|&file| file.to_owned()).collect();
            (name.to_owned(), files)
        };
        let directories = BTreeMap::from([
            directory("fs", &["mount-max", "nr_open"]),
            directory("kernel", &["panic", "nr_open"]),
            directory("kernel.keys", &["maxkeys"]),
        ]);
        // Two tables that touch each other, a false find, a name that two directories have.
        let named = named(&[
            (0, "nr_open"),
            (64, "mount-max"),
            (128, "maxkeys"),
            (200, "no_such_file"),
            (400, "nr_open"),
        ]);
        let placed = place(&named, 64, &directories);
        let paths: Vec<_> = placed
            .iter()
            .map(|(at, paths)| (at.address, paths.join(" ")))
            .collect();
        let expected = [
            (0, "fs.nr_open"),
            (64, "fs.mount-max"),
            (128, "kernel.keys.maxkeys"),
            (400, "fs.nr_open kernel.nr_open"),
        ];
        assert_eq!(paths, expected.map(|(at, path)| (at, path.to_owned())));
    }

    #[test]
    fn what_another_entry_is_for_certain_is_dropped() {
        let entry = |data, paths: &[&str]| CtlEntry {
            data,
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            size: 8,
            symbol: None,
        };
        let epoll = "fs.epoll.max_user_watches";
        let inotify = "fs.inotify.max_user_watches";
        let mut entries = [entry(1, &[epoll, inotify]), entry(2, &[inotify])];
        drop_claimed(&mut entries);
        assert_eq!(entries, [entry(1, &[epoll]), entry(2, &[inotify])]);
    }
}
