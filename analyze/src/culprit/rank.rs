//! From candidates to a ranked list.

use std::collections::BTreeMap;

use super::{
    Candidate, Confidence, Culprit, Kind, Subject, from_code, from_files, from_holders, from_log,
    from_modes, from_policy, from_rules, from_space,
};
use crate::rules::Remedy;

/// Least score that is worth saying.
const LEAST_SCORE: i32 = 15;

/// What a limit that is far from full weighs against what blames it.
const FAR: i32 = 60;

/// A rival within so many points makes confidence medium.
const MARGIN: i32 = 8;

/// Culprits of one kind of failure, the most likely first. `failure` is its index in the list of kinds.
#[must_use]
pub fn rank(subject: &Subject<'_>, failure: usize) -> Vec<Culprit> {
    let mut by_id: BTreeMap<String, Candidate> = BTreeMap::new();
    let all = from_rules::candidates(subject)
        .into_iter()
        .chain(from_code::candidates(subject))
        .chain(from_space::candidates(subject))
        .chain(from_policy::candidates(subject))
        .chain(from_files::candidates(subject))
        .chain(from_holders::candidates(subject))
        .chain(from_modes::candidates(subject))
        .chain(from_log::candidate(subject));
    for candidate in all {
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
        .map(|candidate| deny_far(candidate, subject))
        .filter(|candidate| candidate.score() >= LEAST_SCORE)
        .collect();
    candidates.sort_by_key(|candidate| {
        (
            std::cmp::Reverse(candidate.score()),
            std::cmp::Reverse(candidate.specific),
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
            origin: subject.origin.map(|origin| origin.function.clone()),
        }
    };
    candidates.into_iter().enumerate().map(culprit).collect()
}

/// A limit that is far from full is not the cause, whoever proposed it, if its use was read at the failure and the call
/// asks for one more: of bytes and pages it may ask for many. Half is left for what one call takes beside that.
fn deny_far(mut candidate: Candidate, subject: &Subject<'_>) -> Candidate {
    let Some(limit) = subject.limit(&candidate.id) else {
        return candidate;
    };
    let counts_many = limit.unit.contains("bytes") || limit.unit.contains("pages");
    let is_half_free = limit
        .limit
        .is_none_or(|most| limit.usage.saturating_mul(2) < most);
    let is_said = candidate
        .against
        .iter()
        .any(|against| against.kind == Kind::Usage);
    if limit.at_failure && is_half_free && !counts_many && !is_said {
        candidate.denies(Kind::Usage, FAR, limit.text(subject.asked(limit)));
    }
    candidate
}
