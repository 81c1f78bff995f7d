//! Which control groups `--cgroup` and `--container` mean.
//!
//! The kernel tells a task's control group by its id, the inode number of its folder in cgroup v2, and its ancestors
//! by their distance from the root. How container runtimes name the groups of their containers is told in
//! [`format_spec::linux::cgroup`].
//!
//! Everything is read only, and nothing is asked of a runtime.

mod names;
mod path;

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use capture_ebpf::Cgroup;
use format_spec::linux::cgroup;

use crate::error::Error;

/// Most folders that are searched for a container.
const MAX_SEARCHED: usize = 50_000;

/// A control group that samples are limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// Id and level, for the kernel program.
    pub(crate) place: Cgroup,
    /// Its path below the root of cgroup v2, and the container's name where one was found.
    pub(crate) shown: String,
}

/// The control groups at `paths`, and those of `containers`, each the beginning of an id, a name, or a pod's uid.
///
/// # Errors
/// No cgroup v2, no such group, or several containers that begin alike.
pub(crate) fn resolve(paths: &[PathBuf], containers: &[String]) -> Result<Vec<Group>, Error> {
    if paths.is_empty() && containers.is_empty() {
        return Ok(Vec::new());
    }
    let root = path::root().ok_or_else(|| {
        Error::new("control groups", "no cgroup v2 is mounted")
            .hint("name processes instead: --pid or --comm")
    })?;
    let named = paths.iter().map(|path| named(&root, path));
    let mut groups = named.collect::<Result<Vec<_>, _>>()?;
    for container in containers {
        groups.push(find(&root, container)?);
    }
    Ok(groups)
}

/// The group at a path, which may be given from the root of cgroup v2 or of the file system.
fn named(root: &Path, path: &Path) -> Result<Group, Error> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let folder = root.join(below.strip_prefix("/").unwrap_or(below));
    group(root, &folder, None).ok_or_else(|| {
        Error::new(
            format!("--cgroup {}", path.display()),
            format!("no such control group in {}", root.display()),
        )
        .hint("write it as /proc/PID/cgroup shows it, for example /system.slice/nginx.service")
    })
}

fn group(root: &Path, folder: &Path, name: Option<&str>) -> Option<Group> {
    let below = folder.strip_prefix(root).ok()?;
    let metadata = fs::metadata(folder).ok().filter(fs::Metadata::is_dir)?;
    let name = name.map(|name| format!(" ({name})"));
    Some(Group {
        place: Cgroup {
            id: metadata.ino(),
            level: below.components().count() as u64,
        },
        shown: format!("/{}{}", below.display(), name.unwrap_or_default()),
    })
}

fn find(root: &Path, wanted: &str) -> Result<Group, Error> {
    let what = format!("--container {wanted}");
    let mut found: Vec<(PathBuf, String, Option<String>)> = Vec::new();
    for folder in folders(root) {
        let name = folder.file_name().and_then(|name| name.to_str());
        let Some(id) = name.and_then(cgroup::container) else {
            continue;
        };
        let begins = id.starts_with(&wanted.replace('-', "_")) || id.starts_with(wanted);
        let name = names::of(&id);
        if begins || name.as_deref() == Some(wanted) {
            // Its own groups begin below it, with the same id or none.
            let nested = found.iter().any(|(above, ..)| folder.starts_with(above));
            if !nested {
                found.push((folder, id, name));
            }
        }
    }
    match &found[..] {
        [(folder, _, name)] => group(root, folder, name.as_deref())
            .ok_or_else(|| Error::new(what, "its control group has just gone")),
        [] => Err(
            Error::new(what, "no running container of that id or name").hint(
                "names are known of docker, containerd and CRI-O; an id's beginning always works",
            ),
        ),
        several => {
            let ids: Vec<_> = several.iter().take(4).map(|(_, id, _)| short(id)).collect();
            Err(Error::new(
                what,
                format!("{} containers fit: {}", several.len(), ids.join(", ")),
            )
            .hint("write more of the id"))
        }
    }
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// All groups, a group before those below it.
fn folders(root: &Path) -> impl Iterator<Item = PathBuf> {
    let mut ahead = vec![root.to_path_buf()];
    let next = move || {
        let folder = ahead.pop()?;
        let entries = fs::read_dir(&folder).into_iter().flatten();
        let inner = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        ahead.extend(inner.map(|entry| entry.path()));
        Some(folder)
    };
    std::iter::from_fn(next).take(MAX_SEARCHED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f5a1c3e5b7d9f0a1b2c3d4e5f60718293a4b5c6d7e8f9010203040506070809";

    fn tree(groups: &[String]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for group in groups {
            fs::create_dir_all(root.path().join(group)).unwrap();
        }
        root
    }

    #[test]
    fn a_container_is_found_by_the_beginning_of_its_id() {
        let other = format!("0f6{}", &ID[3..]);
        let root = tree(&[
            format!("system.slice/docker-{ID}.scope/init"),
            format!("kubepods.slice/cri-containerd-{other}.scope"),
        ]);
        let group = find(root.path(), "0f5a").unwrap();
        assert_eq!(group.place.level, 2);
        assert_eq!(group.shown, format!("/system.slice/docker-{ID}.scope"));
        let error = find(root.path(), "0f").unwrap_err().to_string();
        assert!(error.contains("2 containers fit"), "{error}");
        assert!(find(root.path(), "web").is_err());
    }

    #[test]
    fn a_pod_is_found_by_its_uid_with_all_its_containers() {
        let uid = "8a1b2c3d_0001_4002_8003_112233445566";
        let pod = format!("kubepods.slice/kubepods-burstable-pod{uid}.slice");
        let root = tree(&[format!("{pod}/cri-containerd-{ID}.scope")]);
        let group = find(root.path(), "8a1b2c3d-0001-4002").unwrap();
        assert_eq!(group.shown, format!("/{pod}"));
    }

    #[test]
    fn a_path_may_be_given_as_proc_shows_it() {
        let root = tree(&["system.slice/nginx.service".into()]);
        let group = named(root.path(), Path::new("/system.slice/nginx.service")).unwrap();
        let whole = root.path().join("system.slice/nginx.service");
        assert_eq!(named(root.path(), &whole).unwrap(), group);
        assert_eq!(
            (group.place.level, group.place.id),
            (2, fs::metadata(whole).unwrap().ino())
        );
        assert_eq!(named(root.path(), Path::new("/")).unwrap().place.level, 0);
        assert!(named(root.path(), Path::new("/none")).is_err());
    }
}
