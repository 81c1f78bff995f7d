//! From candidates to a ranked list.

use std::collections::BTreeMap;

use super::{Candidate, Confidence, Culprit, Kind, source};
use crate::{
    case::Case,
    rules::{Remedy, Rule},
};

/// Least score that is worth saying.
const LEAST_SCORE: i32 = 15;

/// What a limit that is far from full weighs against what blames it.
const FAR: i32 = 60;

/// A rival within so many points makes confidence medium.
const MARGIN: i32 = 8;

/// Culprits of one kind of failure by these rules and what else is seen, the most likely first. `failure` is the index of
/// the kind in the list of all.
#[must_use]
pub fn rank(case: &Case<'_>, rules: &[Rule], failure: usize) -> Vec<Culprit> {
    let mut by_id: BTreeMap<String, Candidate> = BTreeMap::new();
    for candidate in source::candidates(case, rules) {
        match by_id.get_mut(&candidate.id) {
            Some(known) => known.merge(candidate),
            None => {
                let mut first = Candidate {
                    id: candidate.id.clone(),
                    ..Candidate::default()
                };
                first.merge(candidate);
                by_id.insert(first.id.clone(), first);
            }
        }
    }
    let mut candidates: Vec<Candidate> = by_id
        .into_values()
        .map(|candidate| deny_far(candidate, case))
        .filter(|candidate| candidate.score() >= LEAST_SCORE)
        .collect();
    candidates.sort_by_key(|candidate| {
        (
            std::cmp::Reverse(candidate.score()),
            std::cmp::Reverse(candidate.specific),
            candidate.unanswered,
        )
    });
    let scores: Vec<i32> = candidates.iter().map(Candidate::score).collect();
    let culprit = |(index, candidate): (usize, Candidate)| {
        let rival = scores
            .iter()
            .enumerate()
            .any(|(other, score)| other != index && scores[index] - score < MARGIN);
        let confidence = match candidate.confidence() {
            Confidence::High if rival => Confidence::Medium,
            confidence => confidence,
        };
        Culprit {
            score: u32::try_from(candidate.score()).unwrap_or(0),
            confidence,
            id: candidate.id,
            summary: candidate.summary,
            evidence: candidate.evidence,
            against: candidate.against,
            remedy: candidate
                .remedy
                .iter()
                .map(|text| Remedy::parse(text))
                .collect(),
            usage: candidate.usage,
            failure,
            origin: case.origin.map(|origin| origin.function.clone()),
            tied: Vec::new(),
        }
    };
    candidates.into_iter().enumerate().map(culprit).collect()
}

/// A limit that is far from full is not the cause, whoever proposed it, if its use was read at the failure and the call
/// asks for one more: of bytes and pages it may ask for many. Half is left for what one call takes beside that.
fn deny_far(mut candidate: Candidate, case: &Case<'_>) -> Candidate {
    let Some(limit) = case.limit(&candidate.id) else {
        return candidate;
    };
    let is_half_free = limit
        .limit()
        .is_none_or(|most| limit.used().saturating_mul(2) < most);
    let is_said = candidate
        .against
        .iter()
        .any(|against| against.kind == Kind::Usage);
    if limit.at_failure && is_half_free && limit.unit().is_counted_singly() && !is_said {
        candidate.denies(Kind::Usage, FAR, limit.text());
    }
    candidate
}

/// Notes which of the culprits of one kind of failure, of whatever origins, have the same score: none of them is sure.
pub fn mark_ties(culprits: &mut [Culprit]) {
    let all: Vec<(String, u32)> = culprits
        .iter()
        .map(|culprit| (culprit.id.clone(), culprit.score))
        .collect();
    for culprit in culprits {
        let ties = all
            .iter()
            .filter(|(id, score)| *score == culprit.score && *id != culprit.id);
        culprit.tied = ties.map(|(id, _)| id.clone()).collect();
        if !culprit.tied.is_empty() {
            culprit.confidence = culprit.confidence.max(Confidence::Medium);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn culprit(id: &str, score: u32, confidence: Confidence) -> Culprit {
        Culprit {
            id: id.into(),
            score,
            confidence,
            summary: String::new(),
            evidence: Vec::new(),
            against: Vec::new(),
            remedy: Vec::new(),
            usage: None,
            failure: 0,
            origin: None,
            tied: Vec::new(),
        }
    }

    #[test]
    fn of_equals_none_is_sure() {
        let mut culprits = [
            culprit("sysctl:kernel.keys.maxkeys", 85, Confidence::High),
            culprit("sysctl:kernel.keys.maxbytes", 85, Confidence::High),
            culprit("sysctl:kernel.keys.root_maxkeys", 20, Confidence::Low),
        ];
        mark_ties(&mut culprits);
        let [keys, bytes, other] = &culprits;
        assert_eq!(keys.tied, ["sysctl:kernel.keys.maxbytes"]);
        assert_eq!(bytes.tied, ["sysctl:kernel.keys.maxkeys"]);
        assert_eq!(other.tied, [""; 0]);
        let sure = culprits.each_ref().map(|culprit| culprit.confidence);
        assert_eq!(
            sure,
            [Confidence::Medium, Confidence::Medium, Confidence::Low]
        );
    }
}
