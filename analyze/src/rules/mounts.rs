//! Conditions on mounts: what their options, types and propagation allow.

use format_spec::linux::mountinfo::Mount;
use serde::Deserialize;

use super::Answer;
use crate::{
    case::Case,
    evidence::{absolute, mount_of_device, mount_of_path},
};

/// A mount that the call is about is of a certain kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountIs {
    /// Which mount.
    pub at: MountPlace,
    /// Number of the path argument that leads to it; left out for the last.
    pub argument: Option<u8>,
    /// An option that it, or the file system on it, has: `nosymfollow`.
    pub option: Option<String>,
    /// An option that neither has.
    pub lacks: Option<String>,
    /// Whether what is mounted in it goes to its peers too (`shared:` in mountinfo).
    pub shared: Option<bool>,
    /// Whether the path is the very mount point.
    pub point: Option<bool>,
    /// Type of the file system.
    #[serde(rename = "type")]
    pub fs_type: Option<String>,
}

/// Which mount a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountPlace {
    /// That of the path, or of the descriptor.
    Target,
    /// That in which the mount point of the target's mount lies.
    Parent,
    /// That of a symbolic link on the way.
    Link,
    /// That of the caller's root.
    Root,
}

impl MountIs {
    /// In words.
    pub(super) fn text(&self) -> String {
        let place = match self.at {
            MountPlace::Target => "its mount",
            MountPlace::Parent => "the mount above",
            MountPlace::Link => "the mount of a link on the way",
            MountPlace::Root => "the mount of the root",
        };
        let not = |is: bool| if is { "is" } else { "is not" };
        let is = [
            self.option.as_ref().map(|option| format!("has {option}")),
            self.lacks.as_ref().map(|option| format!("lacks {option}")),
            self.shared.map(|shared| format!("{} shared", not(shared))),
            self.point
                .map(|point| format!("{} mounted right there", not(point))),
            self.fs_type.as_ref().map(|name| format!("is a {name}")),
        ];
        let is: Vec<String> = is.into_iter().flatten().collect();
        format!("{place} {}", is.join(" and "))
    }

    /// Whether it is so.
    pub(crate) fn answer(&self, case: &Case<'_>) -> Answer {
        let one = |mount: &Mount| self.fits(mount, None);
        Answer::of(match self.at {
            MountPlace::Target => self
                .target(case)
                .map(|(mount, path)| self.fits(mount, path.as_deref())),
            MountPlace::Parent => self.parent(case).map(one),
            MountPlace::Link => links(case).map(|mounts| mounts.into_iter().any(one)),
            MountPlace::Root => root(case).as_ref().map(one),
        })
    }

    fn fits(&self, mount: &Mount, path: Option<&[u8]>) -> bool {
        let is_point = || path.is_some_and(|path| trimmed(path) == trimmed(&mount.point));
        self.option.as_ref().is_none_or(|option| mount.has(option))
            && self.lacks.as_ref().is_none_or(|option| !mount.has(option))
            && self.shared.is_none_or(|shared| mount.shared == shared)
            && self.point.is_none_or(|point| is_point() == point)
            && self
                .fs_type
                .as_ref()
                .is_none_or(|name| mount.fs_type == *name)
    }

    /// The mount of the path, and the path; of the call's descriptor where no path is asked for.
    fn target<'a>(&self, case: &'a Case<'_>) -> Option<(&'a Mount, Option<Vec<u8>>)> {
        let sample = case.sample?;
        let mut paths = sample.paths.iter().filter(|path| !path.bytes.is_empty());
        let path = match self.argument {
            Some(argument) => paths.find(|path| path.argument == argument),
            None => paths.next_back(),
        };
        let path = path.and_then(|path| absolute(case.bundle, sample, path));
        if self.argument.is_none() {
            return Some((case.mount()?, path));
        }
        let path = path?;
        let mount = mount_of_path(&case.mounts, &path)?;
        Some((mount, Some(path)))
    }

    fn parent<'a>(&self, case: &'a Case<'_>) -> Option<&'a Mount> {
        let (mount, _) = self.target(case)?;
        let mut mounts = case.mounts.iter();
        mounts.find(|above| above.id == mount.parent && above.id != mount.id)
    }
}

/// The mounts of all links on the way.
fn links<'a>(case: &'a Case<'_>) -> Option<Vec<&'a Mount>> {
    let links = case.file.as_ref()?.links.iter();
    links
        .map(|link| mount_of_path(&case.mounts, link.path.as_bytes()))
        .collect()
}

/// A mount of the device that the caller's root is on.
fn root(case: &Case<'_>) -> Option<Mount> {
    let sample = case.sample?;
    let device = case.bundle.fact(sample, "fs.root_device")?;
    let device = format!("{}:{}", device >> 20, device & 0xf_ffff);
    mount_of_device(case.bundle, sample, &device)
}

fn trimmed(path: &[u8]) -> &[u8] {
    match path.strip_suffix(b"/") {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    }
}
