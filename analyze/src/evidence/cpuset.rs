//! The processors that the control group leaves to the failing task.

use format_spec::record::Failure;

use super::{cgroups_of, hierarchy};
use crate::load::Bundle;

/// How many processors of the host the cpuset of the failing task's group leaves out; `None` when that is not known.
#[must_use]
pub fn cpuset_left_out(bundle: &Bundle, failure: &Failure) -> Option<u64> {
    let (view, groups) = cgroups_of(bundle, failure)?;
    let file = |root: &str, group: &str, name: &str| {
        // A group without the controller has what the nearest one above it has.
        let mut above = std::iter::successors(Some(group.trim_end_matches('/')), |group| {
            Some(group.rsplit_once('/')?.0)
        });
        above.find_map(|group| view.text(format!("{root}{group}/{name}")))
    };
    let of_line = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?);
        if controllers.is_empty() {
            file(&hierarchy(view, "")?, group, "cpuset.cpus.effective")
        } else if controllers.split(',').any(|name| name == "cpuset") {
            file(&hierarchy(view, "cpuset")?, group, "cpuset.effective_cpus")
        } else {
            None
        }
    };
    let left = count(groups.lines().find_map(of_line)?)?;
    let all = u64::from(bundle.manifest.as_ref()?.host.cpus);
    Some(all.saturating_sub(left))
}

/// How many numbers a list like `0-3,8` has (`bitmap_print_to_pagebuf`, `lib/bitmap-str.c`).
fn count(list: &str) -> Option<u64> {
    let mut all = 0u64;
    for range in list.trim().split(',').filter(|range| !range.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        all += u64::from(last.checked_sub(first)?) + 1;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    #[test]
    fn lists_are_counted() {
        assert_eq!(count("0-3,8\n"), Some(5));
        assert_eq!(count("\n"), Some(0));
        assert_eq!(count("3-1"), None);
        assert_eq!(count("all"), None);
    }

    #[test]
    fn the_nearest_group_with_the_controller_decides() {
        let mut recording = Recording::new();
        recording.fail(122, 22, "program", 50);
        let all = recording.manifest.as_ref().unwrap().host.cpus;
        let files = [
            ("/proc/100/cgroup", "0::/pods/one\n"),
            ("/sys/fs/cgroup/pods/cpuset.cpus.effective", "0\n"),
            ("/sys/fs/cgroup/cpuset.cpus.effective", "0-1\n"),
        ];
        recording.snapshot(Phase::Failure, 60, &files);
        let bundle = recording.load();
        let left_out = cpuset_left_out(&bundle, &bundle.failures[0]);
        assert_eq!(left_out, Some(u64::from(all) - 1));
    }
}
