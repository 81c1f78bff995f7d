//! Where a failing process lives: control group, container, pod and unit.

use format_spec::{linux::cgroup, record::Failure};

use crate::{evidence::cgroups_of, load::Bundle, text::plain};

/// Where a process lives, as far as the name of its control group tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Residence {
    /// Its control group, from the root of the hierarchy on: that of cgroup v2, else systemd's own, else any.
    pub cgroup: Option<String>,
    /// Id of the innermost container.
    pub container: Option<String>,
    /// Uid of the pod, with `_` for `-`.
    pub pod: Option<String>,
    /// The innermost systemd service or scope.
    pub unit: Option<String>,
}

impl Residence {
    /// Where the process of `failure` lived.
    #[must_use]
    pub fn of(bundle: &Bundle, failure: &Failure) -> Self {
        let found = cgroups_of(bundle, failure);
        let path = found.as_ref().and_then(|(_, text)| group(text));
        path.map_or_else(Self::default, Self::at)
    }

    fn at(path: &str) -> Self {
        let mut folders = path.rsplit('/');
        let mut again = folders.clone();
        let inner =
            |folder: &str| cgroup::container(folder).filter(|_| cgroup::pod(folder).is_none());
        Self {
            cgroup: Some(plain(path.as_bytes())),
            container: folders.find_map(inner),
            pod: path.rsplit('/').find_map(cgroup::pod),
            unit: again
                .find_map(cgroup::unit)
                .map(|unit| plain(unit.as_bytes())),
        }
    }

    /// Whether the process is in the group at `path`, or below it.
    #[must_use]
    pub fn is_below(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let rest = |own: &str| {
            own.strip_prefix(path)
                .map(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.cgroup.as_deref().and_then(rest).unwrap_or(false)
    }

    /// Whether `id` is the beginning of the container's id or of the pod's uid.
    #[must_use]
    pub fn is_container(&self, id: &str) -> bool {
        let id = id.replace('-', "_");
        let mut ids = self.container.iter().chain(&self.pod);
        !id.is_empty() && ids.any(|own| own.starts_with(&id))
    }

    /// Whether the unit has that name, with or without its ending.
    #[must_use]
    pub fn is_unit(&self, name: &str) -> bool {
        let own = self.unit.as_deref();
        own.is_some_and(|own| {
            own == name || own.rsplit_once('.').is_some_and(|(stem, _)| stem == name)
        })
    }
}

/// The group in a text like `/proc/PID/cgroup`: rows `hierarchy:controllers:path`.
fn group(text: &str) -> Option<&str> {
    let rows = || {
        text.lines().filter_map(|row| {
            let mut parts = row.splitn(3, ':').skip(1);
            Some((parts.next()?, parts.next()?))
        })
    };
    let of = |wanted: &str| rows().find(|(controllers, _)| *controllers == wanted);
    // On a host of both versions the tree of version 2 may be empty but for the root.
    let unified = of("").filter(|(_, path)| *path != "/");
    let found = unified
        .or_else(|| of("name=systemd"))
        .or_else(|| rows().next());
    found.map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_container_and_unit_are_told() {
        let (outer, id) = ("ab".repeat(32), "cd".repeat(32));
        let residence = Residence::at(&format!(
            "/system.slice/docker-{outer}.scope/docker/{id}/system.slice/web.service"
        ));
        assert_eq!(residence.container.as_ref(), Some(&id));
        assert_eq!(residence.unit.as_deref(), Some("web.service"));
        assert!(residence.is_container(&id[..12]) && !residence.is_container(&outer[..12]));
        assert!(
            residence.is_unit("web")
                && residence.is_unit("web.service")
                && !residence.is_unit("we")
        );
        assert!(residence.is_below("/system.slice") && !residence.is_below("/system"));
        assert!(!Residence::default().is_container("") && !Residence::default().is_below("/"));
    }

    #[test]
    fn a_pod_is_told_from_its_container() {
        let (uid, id) = ("8a1b2c3d_0001_4002_8003_112233445566", "ef".repeat(32));
        let residence = Residence::at(&format!(
            "/kubepods.slice/kubepods-pod{uid}.slice/cri-containerd-{id}.scope"
        ));
        assert_eq!(
            (residence.pod.as_deref(), residence.container.as_ref()),
            (Some(uid), Some(&id))
        );
        assert_eq!(residence.unit, None);
        assert!(residence.is_container(&uid.replace('_', "-")));
    }

    #[test]
    fn the_tree_of_the_group_is_chosen() {
        assert_eq!(group("0::/a/b\n"), Some("/a/b"));
        assert_eq!(
            group("2:pids:/p\n1:name=systemd:/s:x\n0::/\n"),
            Some("/s:x")
        );
        assert_eq!(group("0::/\n"), Some("/"));
        assert_eq!(group(""), None);
    }
}
