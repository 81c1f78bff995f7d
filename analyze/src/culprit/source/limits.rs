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
        limit.is_checked_by(function, origin.errno) && limit.nearness() != Nearness::Far
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
