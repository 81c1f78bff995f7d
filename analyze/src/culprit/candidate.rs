//! A possible culprit while evidence for it is being collected.

use std::collections::BTreeSet;

use super::{Confidence, Evidence, Kind};
use crate::limits::Comparison;

/// Score from which confidence may be high.
const HIGH: i32 = 65;

/// Score from which confidence is medium.
const MEDIUM: i32 = 35;

/// Least weight of an observation that counts as agreeing.
const AGREES: i32 = 15;

/// A possible culprit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Stable id, `class:name`.
    pub id: String,
    /// The explanation in a sentence.
    pub summary: String,
    /// What to do, as rules write it: a command stands between backticks.
    pub remedy: Vec<String>,
    /// What the kernel compared, where measured.
    pub usage: Option<Comparison>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) against: Vec<Evidence>,
    /// How many conditions made it: of two explanations of one id, the more specific one is worded.
    pub(super) specific: usize,
    /// How many of its conditions the recording could not answer: of two that are as likely, the one with fewer is said.
    pub(super) unanswered: usize,
}

impl Candidate {
    pub(super) fn new(id: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            summary: summary.into(),
            ..Self::default()
        }
    }

    /// Adds evidence for it.
    pub(super) fn says(&mut self, kind: Kind, weight: i32, text: impl Into<String>) {
        self.evidence.push(Evidence {
            kind,
            weight,
            text: text.into(),
        });
    }

    /// Adds evidence against it.
    pub(super) fn denies(&mut self, kind: Kind, weight: i32, text: impl Into<String>) {
        self.against.push(Evidence {
            kind,
            weight: -weight,
            text: text.into(),
        });
    }

    /// Takes over the evidence of another candidate with the same id.
    pub(super) fn merge(&mut self, other: Self) {
        if other.specific > self.specific || self.summary.is_empty() {
            self.summary = other.summary;
            self.specific = other.specific;
            self.unanswered = other.unanswered;
            if !other.remedy.is_empty() {
                self.remedy = other.remedy;
            }
        } else if self.remedy.is_empty() {
            self.remedy = other.remedy;
        }
        self.usage = self.usage.take().or(other.usage);
        self.evidence.extend(other.evidence);
        self.against.extend(other.against);
        for list in [&mut self.evidence, &mut self.against] {
            list.sort_by_key(|evidence| (std::cmp::Reverse(evidence.weight.abs()), evidence.kind));
            let mut seen = Vec::new();
            list.retain(|evidence| {
                let new = !seen.contains(&evidence.text);
                seen.push(evidence.text.clone());
                new
            });
        }
    }

    /// The heaviest weight of each kind that speaks for it.
    fn kinds(&self) -> impl Iterator<Item = (Kind, i32)> {
        let heaviest = |kind| {
            let of_kind = self.evidence.iter().filter(move |one| one.kind == kind);
            of_kind.map(|evidence| evidence.weight).max()
        };
        Kind::ALL
            .into_iter()
            .filter_map(move |kind| Some((kind, heaviest(kind)?)))
    }

    /// The sum of the heaviest of each kind for it, and of all against it.
    pub(super) fn score(&self) -> i32 {
        let against: i32 = self.against.iter().map(|evidence| evidence.weight).sum();
        (self.kinds().map(|(_, weight)| weight).sum::<i32>() + against).clamp(0, 100)
    }

    /// Confidence by itself, without regard to rivals.
    pub(super) fn confidence(&self) -> Confidence {
        let agreeing = self.kinds().filter(|&(_, weight)| weight >= AGREES);
        let agreeing: BTreeSet<Kind> = agreeing.map(|(kind, _)| kind.observation()).collect();
        let contested = self
            .against
            .iter()
            .any(|evidence| evidence.weight <= -AGREES);
        match self.score() {
            score if score >= HIGH && agreeing.len() >= 2 && !contested => Confidence::High,
            score if score >= MEDIUM => Confidence::Medium,
            _ => Confidence::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_alone_is_never_sure() {
        let mut candidate = Candidate::new("sysctl:fs.mount-max", "");
        candidate.says(Kind::Origin, 50, "a");
        candidate.says(Kind::Origin, 45, "b");
        assert_eq!(
            (candidate.score(), candidate.confidence()),
            (50, Confidence::Medium)
        );
        candidate.says(Kind::Usage, 35, "c");
        assert_eq!(
            (candidate.score(), candidate.confidence()),
            (85, Confidence::High)
        );
        candidate.denies(Kind::Usage, 20, "d");
        assert_eq!(
            (candidate.score(), candidate.confidence()),
            (65, Confidence::Medium)
        );
        candidate.denies(Kind::Usage, 60, "e");
        assert_eq!(
            (candidate.score(), candidate.confidence()),
            (5, Confidence::Low)
        );
    }

    #[test]
    fn who_answered_and_what_it_was_asked_are_one_observation() {
        let mut candidate = Candidate::new("capability:CAP_NET_ADMIN", "");
        candidate.says(Kind::Origin, 50, "sock_setsockopt first returned it");
        candidate.says(Kind::Request, 35, "argument 2 is SO_MARK");
        assert_eq!(
            (candidate.score(), candidate.confidence()),
            (85, Confidence::Medium)
        );
        candidate.says(Kind::Predicate, 25, "ns_capable was asked, and said no");
        assert_eq!(candidate.confidence(), Confidence::High);
    }

    #[test]
    fn merging_keeps_the_more_specific_words() {
        let mut plain = Candidate::new("a:b", "plain");
        plain.says(Kind::Code, 30, "code");
        let mut specific = Candidate {
            specific: 2,
            ..Candidate::new("a:b", "specific")
        };
        specific.says(Kind::Code, 30, "code");
        specific.says(Kind::Usage, 35, "usage");
        plain.merge(specific);
        assert_eq!(plain.summary, "specific");
        let texts: Vec<_> = plain
            .evidence
            .iter()
            .map(|evidence| evidence.text.as_str())
            .collect();
        assert_eq!(texts, ["usage", "code"]);
    }
}
