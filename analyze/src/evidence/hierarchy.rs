//! Where hierarchies of control groups are mounted.

use format_spec::linux::mountinfo::{Mount, mounts};

use super::mounts::RECORDERS_OWN;
use crate::load::SnapshotView;

/// Where systemd and container runtimes mount control groups.
const USUAL: &str = "/sys/fs/cgroup";

/// The folder at which the hierarchy of a v1 `controller` is mounted for the recorder, or of cgroup v2 for an empty one:
/// paths of `/proc/PID/cgroup` begin there, and nowhere else. `None` when there is no such hierarchy.
#[must_use]
pub fn hierarchy(view: &SnapshotView, controller: &str) -> Option<String> {
    let Some(mountinfo) = view.file(RECORDERS_OWN) else {
        return usual(view, controller);
    };
    let is_it = |mount: &Mount| match mount.fs_type.as_str() {
        "cgroup2" => controller.is_empty(),
        "cgroup" => {
            let mut options = mount.super_options.split(',');
            !controller.is_empty() && options.any(|name| name == controller)
        }
        _ => false,
    };
    let found = mounts(mountinfo).find(is_it)?;
    let point = String::from_utf8(found.point).ok()?;
    Some(point.trim_end_matches('/').to_owned())
}

/// The usual folder where no mounts were recorded: of v1 the one that is named by its controllers, of v2 `unified` beside
/// those.
fn usual(view: &SnapshotView, controller: &str) -> Option<String> {
    let prefix = format!("{USUAL}/");
    let entries = view.under(prefix.as_bytes());
    let first = |path: &[u8]| {
        let rest = std::str::from_utf8(path.get(prefix.len()..)?).ok()?;
        Some(rest.split('/').next()?.to_owned())
    };
    let mut folders: Vec<String> = entries.filter_map(|(path, _)| first(path)).collect();
    folders.dedup();
    let named = |name: &str| {
        let mut folders = folders.iter();
        let found = folders.find(|folder| folder.split(',').any(|own| own == name));
        found.map(|folder| format!("{USUAL}/{folder}"))
    };
    match controller {
        "" => named("unified").or_else(|| (!folders.is_empty()).then(|| USUAL.to_owned())),
        controller => named(controller),
    }
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    fn found(files: &[(&str, &str)], controller: &str) -> Option<String> {
        let mut recording = Recording::new();
        recording.snapshot(Phase::Start, 1, files);
        hierarchy(&recording.load().snapshots.all()[0], controller)
    }

    #[test]
    fn mounts_tell_where_they_are() {
        let mountinfo = "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n\
                         31 23 0:27 / /cg1/both rw - cgroup cgroup rw,cpu,pids\n";
        let files = [("/proc/self/mountinfo", mountinfo)];
        assert_eq!(found(&files, "").as_deref(), Some("/cg"));
        assert_eq!(found(&files, "pids").as_deref(), Some("/cg1/both"));
        assert_eq!(found(&files, "memory"), None);
    }

    #[test]
    fn without_mounts_it_is_where_it_usually_is() {
        let v2 = [("/sys/fs/cgroup/a/unified/pids.max", "3\n")];
        assert_eq!(found(&v2, "").as_deref(), Some("/sys/fs/cgroup"));
        assert_eq!(found(&v2, "pids"), None);
        let both = [
            ("/sys/fs/cgroup/cpu,pids/a/pids.max", "3\n"),
            ("/sys/fs/cgroup/unified/a/pids.max", "3\n"),
        ];
        assert_eq!(found(&both, "").as_deref(), Some("/sys/fs/cgroup/unified"));
        assert_eq!(
            found(&both, "pids").as_deref(),
            Some("/sys/fs/cgroup/cpu,pids")
        );
        assert_eq!(found(&[], ""), None);
    }
}
