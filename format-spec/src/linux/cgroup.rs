//! What the name of a control group's folder tells.
//!
//! Container runtimes put each container into a group that its id names, systemd each unit:
//!
//! | whose | last part of the group's path |
//! |---|---|
//! | docker | `docker-ID.scope`, or `ID` below `docker` |
//! | containerd, for Kubernetes | `cri-containerd-ID.scope`, or `ID` below `kubepods` |
//! | CRI-O, podman | `crio-ID.scope`, `libpod-ID.scope` |
//! | a Kubernetes pod | `kubepods-…-podUID.slice` with `_` for `-`, or `podUID` |
//! | a unit | `NAME.service`, `NAME.scope` |

/// Length of a container's id, and of a pod's uid.
const ID_LEN: usize = 64;
const UID_LEN: usize = 36;

/// The id of the container, or the uid of the pod with `_` for `-`, whose group a folder of this name is.
#[must_use]
pub fn container(folder: &str) -> Option<String> {
    let name = folder
        .strip_suffix(".scope")
        .or_else(|| folder.strip_suffix(".slice"))
        .unwrap_or(folder);
    pod_uid(name).or_else(|| {
        // The monitor of a podman or CRI-O container has a group of its own: `crio-conmon-ID.scope`.
        let id = name.rsplit('-').next()?;
        let is_id = id.len() == ID_LEN && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_id && !name.contains("conmon")).then(|| id.to_owned())
    })
}

/// The uid of the pod whose group a folder of this name is, with `_` for `-`.
#[must_use]
pub fn pod(folder: &str) -> Option<String> {
    pod_uid(folder.strip_suffix(".slice").unwrap_or(folder))
}

/// `kubepods-burstable-podUID`, `kubepods-podUID` or `podUID`.
fn pod_uid(name: &str) -> Option<String> {
    let (before, uid) = name.rsplit_once("pod")?;
    let is_pod = before.is_empty() || before.starts_with("kubepods");
    let is_uid = uid.len() == UID_LEN
        && uid
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b"-_".contains(&byte));
    (is_pod && is_uid).then(|| uid.replace('-', "_"))
}

/// The systemd unit whose group a folder of this name is; a container's scope is none.
#[must_use]
pub fn unit(folder: &str) -> Option<&str> {
    let is_unit = folder.ends_with(".service") || folder.ends_with(".scope");
    (is_unit && container(folder).is_none()).then_some(folder)
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
            id.clone(),
        ] {
            assert_eq!(container(&name).as_ref(), Some(&id), "{name}");
            assert_eq!(unit(&name), None, "{name}");
        }
        for name in [
            format!("crio-conmon-{id}.scope"),
            format!("docker-{}.scope", &id[1..]),
            "system.slice".into(),
            "kubepods-burstable.slice".into(),
        ] {
            assert_eq!(container(&name), None, "{name}");
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
            assert_eq!(container(&name).as_ref(), Some(&shown), "{name}");
            assert_eq!(pod(&name).as_ref(), Some(&shown), "{name}");
        }
        assert_eq!(pod(&"ab".repeat(32)), None);
    }

    #[test]
    fn units_are_services_and_scopes() {
        assert_eq!(unit("nginx.service"), Some("nginx.service"));
        assert_eq!(unit("session-3.scope"), Some("session-3.scope"));
        assert_eq!(unit("system.slice"), None);
    }
}
