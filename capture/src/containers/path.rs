//! Control groups by their paths.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Length of a container's id, and of a pod's uid.
const ID_LEN: usize = 64;
const UID_LEN: usize = 36;

/// Where cgroup v2 is mounted.
pub(super) fn root() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mut mounts = mounts.lines().map(|line| line.split(' '));
    mounts.find_map(|mut words| {
        let point = words.nth(1)?;
        (words.next()? == "cgroup2").then(|| PathBuf::from(point))
    })
}

/// The id of the container, or the uid of the pod, whose group this is.
pub(super) fn container(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    let name = name
        .strip_suffix(".scope")
        .or_else(|| name.strip_suffix(".slice"))
        .unwrap_or(name);
    pod(name).or_else(|| {
        // The monitor of a podman or CRI-O container has a group of its own: `crio-conmon-ID.scope`.
        let id = name.rsplit('-').next()?;
        let is_id = id.len() == ID_LEN && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_id && !name.contains("conmon")).then(|| id.to_owned())
    })
}

/// The uid of a pod: `kubepods-burstable-podUID`, `kubepods-podUID` or `podUID`.
fn pod(name: &str) -> Option<String> {
    let (before, uid) = name.rsplit_once("pod")?;
    let is_pod = before.is_empty() || before.starts_with("kubepods");
    let is_uid = uid.len() == UID_LEN
        && uid
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b"-_".contains(&byte));
    (is_pod && is_uid).then(|| uid.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_names_its_containers() {
        let id = "ab".repeat(32);
        for name in [
            format!("docker-{id}.scope"),
            format!("cri-containerd-{id}.scope"),
            format!("crio-{id}.scope"),
            format!("libpod-{id}.scope"),
            format!("docker/{id}"),
        ] {
            assert_eq!(container(Path::new(&name)).as_ref(), Some(&id), "{name}");
        }
        for name in [
            format!("crio-conmon-{id}.scope"),
            format!("docker-{}.scope", &id[1..]),
            "system.slice".into(),
            "kubepods-burstable.slice".into(),
        ] {
            assert_eq!(container(Path::new(&name)), None, "{name}");
        }
    }

    #[test]
    fn pods_have_uids() {
        let uid = "8a1b2c3d-0001-4002-8003-112233445566";
        let shown = uid.replace('-', "_");
        for name in [
            format!("kubepods-besteffort-pod{shown}.slice"),
            format!("kubepods-pod{shown}.slice"),
            format!("pod{uid}"),
        ] {
            assert_eq!(container(Path::new(&name)).as_ref(), Some(&shown), "{name}");
        }
    }
}
