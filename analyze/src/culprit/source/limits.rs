//! Candidates that the table of limits names: limits that the origin is known to check, and that are full or nearly so. No rule
//! is needed for them.

use std::collections::BTreeMap;

use super::{
    code::remedy,
    rules::{says_use, seen},
};
use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    limits::{LimitUse, Nearness},
    names::{base_name, errno_name},
};

/// What it takes from the weight of an origin that it may make the same error for another reason.
const OTHER_CHECKS: i32 = 10;

/// Candidates for each limit that the origin compares before it returns this errno.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    let Some(origin) = case.origin else {
        return Vec::new();
    };
    let function = base_name(&origin.function);
    let (weight, seen) = seen(origin);
    let is_it = |limit: &&LimitUse| {
        limit.is_checked_by(&origin.function, origin.errno) && limit.nearness() != Nearness::Far
    };
    let candidate = |limit: &LimitUse| {
        let (errno, setting) = (errno_name(origin.errno), &limit.comparison.setting);
        let summary = format!("{function} compares what is used with {setting}, and said {errno}");
        let mut candidate = Candidate::new(&limit.id, summary);
        candidate.says(Kind::Origin, weight - OTHER_CHECKS, &seen);
        says_use(&mut candidate, limit, true);
        candidate.remedy = remedy(&limit.id, limit.limit());
        candidate
    };
    let mut fullest: BTreeMap<&str, &LimitUse> = BTreeMap::new();
    for limit in case.limits().iter().filter(is_it) {
        let known = fullest.entry(&limit.id).or_insert(limit);
        if limit.nearness() > known.nearness() {
            *known = limit;
        }
    }
    fullest.into_values().map(candidate).collect()
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use crate::{
        case::Case,
        code::Kernel,
        culprit::{Confidence, rank, tests::origin},
        failures::groups,
        testing::Recording,
    };

    /// What is blamed without any rule for a mount that failed in `function`, with so many mounts of 12.
    fn blamed(function: &str, mounts: u64) -> Vec<(String, Confidence)> {
        let mut recording = Recording::new();
        recording.fail(40, 28, "mount", 50);
        recording.fact("mnt_ns.mounts", mounts);
        recording.snapshot(Phase::Failure, 60, &[("/proc/sys/fs/mount-max", "12\n")]);
        let bundle = recording.load();
        let kernel = Kernel::new(&[], &[], &[], &[], bundle.architecture());
        let groups = groups(&bundle);
        let origin = origin(&["__arm64_sys_mount", function], 28, Vec::new());
        let case = Case::new(&bundle, &groups[0]).begun_at(&kernel, &origin);
        let culprits = rank(&case, &[], 0).into_iter();
        culprits
            .map(|culprit| (culprit.id, culprit.confidence))
            .collect()
    }

    #[test]
    fn a_full_limit_whose_check_is_the_origin_is_named_without_a_rule() {
        for function in ["count_mounts", "count_mounts.isra.0"] {
            let mount_max = ("sysctl:fs.mount-max".to_owned(), Confidence::High);
            assert_eq!(blamed(function, 12), [mount_max]);
        }
        assert_eq!(blamed("count_mounts", 3), []);
        assert_eq!(blamed("ext4_mkdir", 12), []);
    }
}
