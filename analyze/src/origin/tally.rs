//! Many failures, few origins: the same ones counted together, the best known first.

use super::{Below, How, Origin};
use crate::names::base_name;

/// Origins of one kind of failure while they are being collected.
#[derive(Debug, Default)]
pub(super) struct Tally {
    origins: Vec<Origin>,
}

impl Tally {
    /// Counts `origin` with one that names the same function reached the same way, or as a new one.
    pub(super) fn add(&mut self, origin: Origin) {
        let same = self.origins.iter_mut().find(|known| {
            known.how == origin.how && base_name(&known.function) == base_name(&origin.function)
        });
        match same {
            Some(known) => {
                known.failures += origin.failures;
                known.site.and(&origin.site);
                known.below =
                    std::mem::replace(&mut known.below, Below::NotKnown).and(origin.below);
                if known.told.len() < origin.told.len() {
                    known.told = origin.told;
                }
                known.translated = known.translated.take().or(origin.translated);
            }
            None => self.origins.push(origin),
        }
    }

    /// Whether no origin was found yet.
    pub(super) fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Whether any origin was found that way.
    pub(super) fn has(&self, how: How) -> bool {
        self.origins.iter().any(|origin| origin.how == how)
    }

    /// The origins, best known first. Of two that lie on one path the deeper one is kept: the other only passed the
    /// error on.
    pub(super) fn finish(mut self) -> Vec<Origin> {
        let all = self.origins.clone();
        let passed_on = |origin: &Origin| {
            all.iter().any(|other| {
                let above = other.path.split_last().map_or(&[][..], |(_, above)| above);
                base_name(&other.function) != base_name(&origin.function)
                    && above
                        .iter()
                        .any(|step| base_name(step) == base_name(&origin.function))
                    && (other.how <= origin.how || other.how == How::Sentinel)
            })
        };
        for origin in &all {
            if passed_on(origin) {
                self.hand_over(origin);
            }
        }
        self.origins.retain(|origin| !passed_on(origin));
        merge_ways(&mut self.origins);
        self.origins
            .sort_by_key(|origin| (std::cmp::Reverse(origin.failures), origin.how));
        self.origins
    }

    /// Gives what a passed-on origin was told to the origin below it, where that has nothing of its own.
    fn hand_over(&mut self, origin: &Origin) {
        let below = self.origins.iter_mut().find(|other| {
            other
                .path
                .iter()
                .rev()
                .skip(1)
                .any(|step| base_name(step) == base_name(&origin.function))
        });
        if let Some(below) = below {
            below.failures = below.failures.max(origin.failures);
        }
    }
}

/// The same function found in several ways: the best way stays, with what each of them adds.
fn merge_ways(origins: &mut Vec<Origin>) {
    origins.sort_by_key(|origin| origin.how);
    let mut merged: Vec<Origin> = Vec::new();
    for origin in origins.drain(..) {
        let known = merged
            .iter_mut()
            .find(|known| base_name(&known.function) == base_name(&origin.function));
        match known {
            Some(known) => {
                known.failures = known.failures.max(origin.failures);
                known.site.and(&origin.site);
                known.below =
                    std::mem::replace(&mut known.below, Below::NotKnown).and(origin.below);
                known.translated = known.translated.take().or(origin.translated);
                if known.called.is_empty() {
                    known.called = origin.called;
                }
                if known.path.len() < origin.path.len() {
                    known.path = origin.path;
                }
                for told in origin.told {
                    if !known.told.iter().any(|own| own.function == told.function) {
                        known.told.push(told);
                    }
                }
            }
            None => merged.push(origin),
        }
    }
    *origins = merged;
}
