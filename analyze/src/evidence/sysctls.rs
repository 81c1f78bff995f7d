//! Values of sysctls at the failing moment.

use format_spec::record::Failure;

use crate::load::{Bundle, SnapshotView};

/// The first number of the sysctl `name`, for example `fs.mount-max`; `None` when it was not recorded.
#[must_use]
pub fn sysctl(bundle: &Bundle, failure: Option<&Failure>, name: &str) -> Option<i64> {
    sysctl_text(bundle, failure, name)?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// The value of a sysctl as it is printed, from the snapshot nearest to `failure`, or the last one.
#[must_use]
pub fn sysctl_text<'a>(
    bundle: &'a Bundle,
    failure: Option<&Failure>,
    name: &str,
) -> Option<&'a str> {
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    let time_ns = failure.map_or(u64::MAX, |failure| failure.time_ns);
    let views: Vec<&SnapshotView> = bundle.snapshots.nearest(time_ns);
    views.iter().find_map(|view| view.text(&path))
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    #[test]
    fn the_nearest_snapshot_decides() {
        let mut recording = Recording::new();
        recording.snapshot(
            Phase::Start,
            10,
            &[("/proc/sys/kernel/sem", "250 32000 32 128\n")],
        );
        recording.snapshot(Phase::End, 1000, &[("/proc/sys/kernel/sem", "100\t1\n")]);
        recording.fail(190, 28, "x", 20);
        let bundle = recording.load();
        let failure = bundle.failures.first();
        assert_eq!(sysctl(&bundle, failure, "kernel.sem"), Some(250));
        assert_eq!(sysctl_text(&bundle, None, "kernel.sem"), Some("100\t1"));
        assert_eq!(sysctl(&bundle, None, "kernel.none"), None);
    }
}
