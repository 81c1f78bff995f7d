//! The files that a failing call named: what the recorder saw of every component of the path.

use format_spec::record::{Failure, PathArgument};

use super::absolute;
use crate::load::{Bundle, SnapshotView};

/// The recorder's table of the components of all paths that failing calls named.
const TABLE: &str = "etz:paths";

/// Column heads of the table, and those of older recorders; a recorder that writes others is not understood.
const HEAD: &str = "pid mode uid gid device inode mount attributes xattrs size_bytes path";
const OLD_HEAD: &str = "pid mode uid gid device inode attributes xattrs size_bytes path";

/// The bits of a mode that tell the type of a file, and the types (`include/uapi/linux/stat.h`).
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const FOLDER: u32 = 0o040_000;
const DEVICES: [u32; 2] = [0o020_000, 0o060_000];

/// A file or folder as the recorder saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Path as the process names it, escaped as in C.
    pub path: String,
    /// Type and permission bits, `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Attributes of statx(2), such as `immutable`.
    pub attributes: Vec<String>,
    /// Names of the extended attributes.
    pub xattrs: Vec<String>,
    /// Number of the mount that it is on; `None` in older recordings.
    pub mount: Option<u32>,
}

impl Component {
    /// Whether statx(2) showed the attribute.
    #[must_use]
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|own| own == attribute)
    }

    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.mode & TYPE == FOLDER
    }

    /// Whether it is the file of a device.
    #[must_use]
    pub fn is_device(&self) -> bool {
        DEVICES.contains(&(self.mode & TYPE))
    }

    fn is_link(&self) -> bool {
        self.mode & TYPE == LINK
    }
}

/// A path that a failing call named, component by component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Folders on the way, from the root on; links are left out, what they lead to is in.
    pub folders: Vec<Component>,
    /// The file itself; `None` when there is none.
    pub target: Option<Component>,
    /// Symbolic links on the way, in the order in which they are followed.
    pub links: Vec<Component>,
}

impl NamedFile {
    /// The folder that holds the file, or would.
    #[must_use]
    pub fn folder(&self) -> Option<&Component> {
        self.folders.last()
    }

    /// Number of the mount that the path leads to.
    pub(super) fn mount(&self) -> Option<u32> {
        self.last()?.mount
    }

    /// Where the path leads to: the file, else the last folder that is there.
    pub(super) fn end(&self) -> Option<&str> {
        self.last().map(|last| last.path.as_str())
    }

    fn last(&self) -> Option<&Component> {
        self.target.as_ref().or(self.folder())
    }
}

/// What the last path argument of a failing call named; `None` when the recorder did not look.
#[must_use]
pub fn named_file(bundle: &Bundle, failure: &Failure) -> Option<NamedFile> {
    let of = |path: &PathArgument| file_at(bundle, failure, &absolute(bundle, failure, path)?);
    failure.paths.iter().rev().find_map(of)
}

/// What is at the absolute path `wanted`, as the failing process names it.
pub(super) fn file_at(bundle: &Bundle, failure: &Failure, wanted: &[u8]) -> Option<NamedFile> {
    let views = bundle.snapshots.nearest(failure.time_ns);
    // A longer walk through a link goes on to what another call named.
    let walk = views.iter().find_map(|view| {
        let walks = walks(view).into_iter();
        walks
            .filter(|walk| walk.leads_to(wanted))
            .min_by_key(|walk| walk.seen.len())
    });
    walk.map(Walk::file)
}

/// The rows of one path, in the order in which they were walked.
#[derive(Debug, Default)]
struct Walk {
    seen: Vec<Component>,
    /// The component that was not there.
    missing: Option<String>,
}

impl Walk {
    /// Whether this is the walk along `path`: it ends there, or before it, or goes on from it by a link.
    fn leads_to(&self, path: &[u8]) -> bool {
        let path = normal(path);
        match &self.missing {
            Some(missing) => path
                .strip_prefix(missing.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            None => {
                let last = self.seen.last().map(|component| &component.path);
                let mut links = self.seen.iter().filter(|component| component.is_link());
                last == Some(&path) || links.any(|link| link.path == path)
            }
        }
    }

    fn file(self) -> NamedFile {
        let (links, mut folders): (Vec<_>, Vec<_>) =
            self.seen.into_iter().partition(Component::is_link);
        let target = match self.missing {
            Some(_) => None,
            None => folders.pop(),
        };
        NamedFile {
            folders,
            target,
            links,
        }
    }
}

/// Without doubled slashes, dots, and a slash at the end; escaped like the table's paths.
fn normal(path: &[u8]) -> String {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    if names.is_empty() {
        return "/".into();
    }
    let names = names.iter().map(|name| format!("/{}", name.escape_ascii()));
    names.collect()
}

/// The walks in the table of one snapshot: each begins at the root.
fn walks(view: &SnapshotView) -> Vec<Walk> {
    let mut walks: Vec<Walk> = Vec::new();
    let mut lines = view.text(TABLE).unwrap_or_default().lines();
    let has_mount = match lines.next() {
        Some(HEAD) => true,
        Some(OLD_HEAD) => false,
        _ => return walks,
    };
    for row in lines.filter_map(|line| row(line, has_mount)) {
        let path = match &row {
            Row::Seen(component) => &component.path,
            Row::Missing(path) => path,
        };
        if path == "/" || walks.is_empty() {
            walks.push(Walk::default());
        }
        let Some(walk) = walks.last_mut() else {
            continue;
        };
        match row {
            Row::Seen(component) => walk.seen.push(component),
            Row::Missing(path) => walk.missing = Some(path),
        }
    }
    walks
}

enum Row {
    Seen(Component),
    Missing(String),
}

fn row(line: &str, has_mount: bool) -> Option<Row> {
    let columns = if has_mount { 11 } else { 10 };
    let mut words = line.splitn(columns, ' ').skip(1);
    let mode = words.next()?;
    if mode == "missing" {
        let path = words.nth(columns - 3);
        return path.map(|path| Row::Missing(path.to_owned()));
    }
    let list = |word: &str| match word {
        "-" => Vec::new(),
        word => word.split(',').map(str::to_owned).collect(),
    };
    let mode = u32::from_str_radix(mode, 8).ok()?;
    let uid = words.next()?.parse().ok()?;
    let gid = words.next()?.parse().ok()?;
    let mut words = words.skip(2);
    let mount = if has_mount {
        words.next()?.parse().ok()
    } else {
        None
    };
    Some(Row::Seen(Component {
        mode,
        uid,
        gid,
        mount,
        attributes: list(words.next()?),
        xattrs: list(words.next()?),
        path: words.nth(1)?.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    const ROWS: &str = "\
pid mode uid gid device inode attributes xattrs size_bytes path
7 40755 0 0 8:1 2 - - 4096 /
7 120777 0 0 8:1 9 - - 4 /var
7 40755 0 0 8:1 5 - - 4096 /data
7 41777 0 0 8:1 6 append - 4096 /data/in
7 100644 0 0 8:1 7 immutable,verity security.capability 4 /data/in/a b
7 40755 0 0 8:1 2 - - 4096 /
7 missing - - - - - - - /gone
";

    fn found(path: &str) -> Option<NamedFile> {
        let mut recording = Recording::new();
        recording.fail(56, 1, "program", 50);
        recording.path(1, path);
        recording.snapshot(Phase::Failure, 60, &[("etz:paths", ROWS)]);
        let bundle = recording.load();
        named_file(&bundle, &bundle.failures[0])
    }

    #[test]
    fn a_file_has_its_folders_and_links_are_followed() {
        let file = found("/data/in//a b").unwrap();
        let target = file.target.as_ref().unwrap();
        assert!(target.has("immutable") && !target.has("append"));
        assert_eq!((target.mode, target.xattrs.len()), (0o100_644, 1));
        assert!(file.folder().unwrap().has("append"));
        let names: Vec<_> = file.folders.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(names, ["/", "/data", "/data/in"]);
        assert_eq!(file.links[0].path, "/var");
        assert_eq!(found("/var"), Some(file));
        assert_eq!(found("/data/in"), None);
    }

    #[test]
    fn what_is_missing_has_the_folder_that_would_hold_it() {
        let file = found("/gone/for/good").unwrap();
        assert_eq!(file.target, None);
        assert_eq!(file.folder().unwrap().path, "/");
        assert_eq!(found("/gonefishing"), None);
    }

    #[test]
    fn rows_that_are_cut_are_passed_over() {
        for cut in 0..ROWS.len() {
            let view = &ROWS[..cut];
            for line in view.lines() {
                let _ = (row(line, false), row(line, true));
            }
        }
        assert!(row("7 40755 0 0 8:1 2 - - 4096 /", false).is_some());
    }

    #[test]
    fn newer_rows_have_the_mount() {
        let Some(Row::Seen(found)) = row("7 40755 1 2 8:1 2 27 append - 4096 /a b", true) else {
            panic!("not understood")
        };
        assert_eq!(
            (found.mount, found.gid, found.path.as_str()),
            (Some(27), 2, "/a b")
        );
        assert!(found.has("append"));
        let gone = row("7 missing - - - - - - - - /a b", true);
        assert!(matches!(gone, Some(Row::Missing(path)) if path == "/a b"));
    }
}
