//! The control groups of the processes involved, and all their ancestors: limits, use and event counters.

use std::{
    collections::{BTreeSet, VecDeque},
    ffi::{OsStr, OsString},
    fs,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::MetadataExt,
    },
    path::{Component, Path, PathBuf},
    time::{Duration, Instant},
};

use format_spec::linux::mountinfo::mounts;

use super::{bounded, collector::Collector, files, mount_table::MOUNTINFO_BYTES};

/// Most control groups in one snapshot, ancestors included.
const MAX_GROUPS: usize = 256;

/// Most folders that are searched for a control group by its id, and the longest time for them.
const MAX_SEARCHED: usize = 20_000;
const SEARCH_TIME: Duration = Duration::from_millis(300);

/// A mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    point: PathBuf,
    /// Controllers of a v1 hierarchy, or its name (`name=systemd`); empty for cgroup v2.
    controllers: Vec<String>,
}

/// The control groups of a snapshot, and where they are mounted.
#[derive(Debug)]
pub(super) struct Groups {
    hierarchies: Vec<Hierarchy>,
    folders: BTreeSet<PathBuf>,
}

impl Groups {
    /// Finds the control groups of the processes `pids`, those with the v2 ids `ids`, and those that `named` paths lead
    /// into: where a call was to make a group, or to change one.
    pub(super) fn find<'a>(
        collector: &mut Collector<'_>,
        pids: &[u32],
        ids: &BTreeSet<u64>,
        named: impl Iterator<Item = &'a [u8]>,
    ) -> Self {
        let own = Path::new("/proc/self/mountinfo");
        let hierarchies = hierarchies(&bounded::read(own, MOUNTINFO_BYTES).unwrap_or_default().0);
        let mut folders = BTreeSet::new();
        for pid in pids {
            let text = bounded::text(Path::new(&format!("/proc/{pid}/cgroup")));
            folders.extend(text.lines().filter_map(|line| group(&hierarchies, line)));
        }
        if let Some(v2) = hierarchies.iter().find(|one| one.controllers.is_empty()) {
            let known = folders.iter().filter_map(|path| id(path)).collect();
            let wanted: BTreeSet<u64> = ids.difference(&known).copied().collect();
            let found = find(&v2.point, wanted);
            for _ in 0..found.unsearched {
                collector.leave_out("searches for a control group by its id, which ended early");
            }
            folders.extend(found.folders);
        }
        let paths = named.map(|path| Path::new(OsStr::from_bytes(path)));
        folders.extend(paths.filter_map(|path| named_group(&hierarchies, path)));
        Self {
            hierarchies,
            folders,
        }
    }

    /// The folders of those of cgroup v2.
    pub(super) fn v2(&self) -> impl Iterator<Item = &Path> {
        let mut all = self.hierarchies.iter();
        let point = all.find(|one| one.controllers.is_empty());
        let folders = self.folders.iter().map(PathBuf::as_path);
        folders.filter(move |folder| point.is_some_and(|v2| folder.starts_with(&v2.point)))
    }

    /// Takes them, and all their ancestors.
    pub(super) fn collect(&self, collector: &mut Collector<'_>) {
        let mut all = BTreeSet::new();
        for group in &self.folders {
            let mut hierarchies = self.hierarchies.iter();
            let root = hierarchies.find(|one| group.starts_with(&one.point));
            let ancestors = group.ancestors();
            all.extend(
                ancestors.take_while(|path| root.is_some_and(|root| path.starts_with(&root.point))),
            );
        }
        for folder in all.iter().take(MAX_GROUPS) {
            files(collector, folder);
        }
        collector.table("etz:cgroups", table(all.iter().copied().take(MAX_GROUPS)));
        for _ in MAX_GROUPS..all.len() {
            collector.leave_out("further control groups");
        }
    }
}

/// The id of each group, by which a failing call names its own: its process may be gone by now.
fn table<'a>(groups: impl Iterator<Item = &'a Path>) -> String {
    let row = |folder: &'a Path| {
        let shown = folder.as_os_str().as_bytes().escape_ascii();
        Some(format!("{} {shown}\n", id(folder)?))
    };
    let rows: String = groups.filter_map(row).collect();
    format!("id folder\n{rows}")
}

/// The cgroup mounts in a mountinfo.
fn hierarchies(mountinfo: &[u8]) -> Vec<Hierarchy> {
    let found = mounts(mountinfo).filter_map(|mount| {
        let controllers = match mount.fs_type.as_str() {
            "cgroup2" => Vec::new(),
            "cgroup" => mount.super_options.split(',').map(str::to_owned).collect(),
            _ => return None,
        };
        let point = OsString::from_vec(mount.point).into();
        Some(Hierarchy { point, controllers })
    });
    found.collect()
}

/// The folder that a line of /proc/PID/cgroup names: `0::/a/b`, or with v1 `4:pids:/a/b`.
fn group(hierarchies: &[Hierarchy], line: &str) -> Option<PathBuf> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, path) = (parts.next()?, parts.next()?);
    let hierarchy = hierarchies.iter().find(|one| match controllers {
        "" => one.controllers.is_empty(),
        some => some
            .split(',')
            .all(|name| one.controllers.iter().any(|own| own == name)),
    })?;
    Some(hierarchy.point.join(path.strip_prefix('/')?))
}

/// The group that a path is in, or would be: its nearest folder that exists.
fn named_group(hierarchies: &[Hierarchy], path: &Path) -> Option<PathBuf> {
    let hierarchy = hierarchies
        .iter()
        .find(|one| path.starts_with(&one.point))?;
    // By way of `..` it would lead out of the hierarchy.
    if path.components().any(|part| part == Component::ParentDir) {
        return None;
    }
    let within = path
        .ancestors()
        .take_while(|path| path.starts_with(&hierarchy.point));
    let mut folders = within.filter(|path| path.is_dir());
    folders.next().map(Path::to_path_buf)
}

/// The id of a control group: its folder's inode number.
fn id(folder: &Path) -> Option<u64> {
    fs::metadata(folder).ok().map(|metadata| metadata.ino())
}

/// What a search for groups has found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Search {
    folders: Vec<PathBuf>,
    /// 1 when a bound ended it.
    unsearched: u64,
}

/// Searches a hierarchy for the groups with these ids.
fn find(root: &Path, mut wanted: BTreeSet<u64>) -> Search {
    let deadline = Instant::now() + SEARCH_TIME;
    let mut search = Search::default();
    let mut ahead = VecDeque::from([root.to_path_buf()]);
    let mut searched = 0;
    while let Some(folder) = ahead.pop_front().filter(|_| !wanted.is_empty()) {
        if searched >= MAX_SEARCHED || Instant::now() >= deadline {
            search.unsearched = 1;
            break;
        }
        searched += 1;
        let Ok(metadata) = fs::metadata(&folder) else {
            continue;
        };
        if wanted.remove(&metadata.ino()) {
            search.folders.push(folder.clone());
        }
        // `.`, the name in the folder above, and a link from each folder below (`kernfs_refresh_inode`,
        // `fs/kernfs/inode.c`): with two there is none below, and its some sixty files need not be listed.
        if metadata.nlink() == 2 {
            continue;
        }
        let entries = fs::read_dir(&folder);
        for entry in entries.into_iter().flatten().filter_map(Result::ok) {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                ahead.push_back(entry.path());
            }
        }
    }
    search
}

fn files(collector: &mut Collector<'_>, folder: &Path) {
    let entries = fs::read_dir(folder);
    for entry in entries.into_iter().flatten().filter_map(Result::ok) {
        let is_taken = entry.file_name().to_str().is_some_and(files::is_of_cgroup);
        let is_readable = || {
            let metadata = entry.metadata();
            metadata.is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o444 != 0)
        };
        if is_taken && is_readable() {
            collector.file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTINFO: &str = "\
        30 20 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n\
        31 20 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
        32 20 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";

    #[test]
    fn lines_lead_to_folders_of_both_versions() {
        let all = hierarchies(MOUNTINFO.as_bytes());
        assert_eq!(all.len(), 3);
        let folder = |line| group(&all, line);
        assert_eq!(folder("0::/a/b"), Some("/sys/fs/cgroup/unified/a/b".into()));
        assert_eq!(folder("4:pids:/a"), Some("/sys/fs/cgroup/pids/a".into()));
        assert_eq!(
            folder("5:cpu,cpuacct:/"),
            Some("/sys/fs/cgroup/cpu/".into())
        );
        assert_eq!(folder("6:rdma:/"), None);
        assert_eq!(folder("nonsense"), None);
    }

    #[test]
    fn a_named_path_leads_to_its_nearest_folder_within_the_hierarchy() {
        let root = tempfile::tempdir().unwrap();
        let point = root.path().join("cgroup");
        let folder = point.join("pods");
        fs::create_dir_all(&folder).unwrap();
        let all = [Hierarchy {
            point: point.clone(),
            controllers: Vec::new(),
        }];
        let named = |path: &str| named_group(&all, &point.join(path));
        assert_eq!(named("pods/new"), Some(folder));
        assert_eq!(named("pods/../../x"), None);
        assert_eq!(named_group(&all, root.path()), None);
    }

    #[test]
    fn a_group_is_found_by_its_id() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        fs::create_dir_all(&folder).unwrap();
        let wanted = [id(&folder).unwrap()].into();
        let found = find(root.path(), wanted);
        assert_eq!(found.folders, std::slice::from_ref(&folder));
        assert_eq!(found.unsearched, 0);
        let table = table([folder.as_path()].into_iter());
        let row = format!("{} {}", id(&folder).unwrap(), folder.display());
        assert_eq!(table.lines().collect::<Vec<_>>(), ["id folder", &row]);
    }
}
