//! One limit: what is counted against what, where the kernel compares it, for whom, and what a call asks of it.

use super::{
    Comparison, LimitUse, Operand, Relation,
    cgroup::V1_UNLIMITED,
    check::Check,
    demand::{self, Demand, Demands},
    exemption::Exemption,
    limit_use::{Nearness, SNAPSHOT, setting},
    moment::{Moment, UNLIMITED},
    place::{Level, Place},
    refusals::{self, Events},
    scope::Scope,
    term::{Read, Term},
    unit::Unit,
    walk,
};

/// One limit of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// Culprit id, `class:name`.
    pub(super) id: &'static str,
    /// What is counted.
    pub(super) unit: Unit,
    /// For whom it holds; it is compared at each of the scope's levels.
    pub(super) scope: Scope,
    /// Where the kernel compares. The first one that is of a call is what it met.
    pub(super) checks: &'static [Check],
    /// How much is used.
    pub(super) used: Term,
    /// What is counted beside it, and the word for it.
    pub(super) pending: Option<(Term, &'static str)>,
    /// How much may be used.
    pub(super) limit: Term,
    /// How much a call asks for.
    pub(super) demand: Demands,
    /// Any of these frees a task from it.
    pub(super) exempt: &'static [Exemption],
    /// Whether the number of the use is only a lower bound of it.
    pub(super) at_least: bool,
    /// What the use cannot be more than, where its own number is a lower bound.
    pub(super) at_most: Option<Term>,
    /// Whether what is counted stays when the process that made it ends.
    pub(super) lasting: bool,
    /// Whether a limit of 0 is none.
    pub(super) zero_is_none: bool,
    /// It only holds while this number is that.
    pub(super) only: Option<(Term, u64)>,
    /// It does not hold, or has another name, while this number is that.
    pub(super) unless: Option<(Term, u64)>,
    /// What counts its refusals, in a control group.
    pub(super) events: Option<Events>,
}

/// A record with the ordinary answers to all questions: `used + asked > limit` is refused.
pub(super) const fn limit(
    id: &'static str,
    unit: Unit,
    scope: Scope,
    used: Term,
    limit: Term,
) -> Record {
    Record {
        id,
        unit,
        scope,
        checks: &[],
        used,
        pending: None,
        limit,
        demand: demand::unknown,
        exempt: &[],
        at_least: false,
        at_most: None,
        lasting: false,
        zero_is_none: false,
        only: None,
        unless: None,
        events: None,
    }
}

impl Record {
    pub(super) const fn checks(self, checks: &'static [Check]) -> Self {
        Self { checks, ..self }
    }

    pub(super) const fn pending(self, term: Term, word: &'static str) -> Self {
        Self {
            pending: Some((term, word)),
            ..self
        }
    }

    pub(super) const fn demand(self, demand: Demands) -> Self {
        Self { demand, ..self }
    }

    pub(super) const fn exempt(self, exempt: &'static [Exemption]) -> Self {
        Self { exempt, ..self }
    }

    pub(super) const fn at_least(self) -> Self {
        Self {
            at_least: true,
            ..self
        }
    }

    pub(super) const fn at_most(self, term: Term) -> Self {
        Self {
            at_most: Some(term),
            ..self
        }
    }

    pub(super) const fn lasting(self) -> Self {
        Self {
            lasting: true,
            ..self
        }
    }

    pub(super) const fn zero_is_none(self) -> Self {
        Self {
            zero_is_none: true,
            ..self
        }
    }

    pub(super) const fn only(self, term: Term, value: u64) -> Self {
        Self {
            only: Some((term, value)),
            ..self
        }
    }

    pub(super) const fn unless(self, term: Term, value: u64) -> Self {
        Self {
            unless: Some((term, value)),
            ..self
        }
    }

    pub(super) const fn events(self, events: Events) -> Self {
        Self {
            events: Some(events),
            ..self
        }
    }
}

#[cfg(test)]
impl Record {
    /// The facts of its numbers.
    pub(super) fn facts(&self) -> Vec<&'static str> {
        let only = self.only.iter().chain(&self.unless).map(|(term, _)| term);
        let pending = self.pending.iter().map(|(term, _)| term);
        let terms = [&self.used, &self.limit].into_iter().chain(&self.at_most);
        let all = terms.chain(only).chain(pending);
        all.flat_map(Term::facts).collect()
    }
}

impl Record {
    /// Use and limit at the failing moment, at each level that the recording shows.
    pub(super) fn read(&self, moment: &Moment<'_>) -> Vec<LimitUse> {
        let levels = walk::levels(self.scope, moment);
        let mut found = Vec::new();
        let mut times = Vec::new();
        for level in &levels {
            if let Some((limit, read)) = self.at(level, moment) {
                found.push(limit);
                times.push(read);
            }
        }
        if let Some(events) = &self.events {
            refusals::fill(events, moment, &levels, &mut found);
        }
        let certain = |(found, read)| self.certain(found, read, moment);
        found.into_iter().zip(times).filter_map(certain).collect()
    }

    /// Use and limit at one level, and when the use was read.
    fn at<'a>(&self, level: &Level<'a>, moment: &Moment<'a>) -> Option<(LimitUse, Read)> {
        let read = |term: &Term| moment.read(term, &level.place);
        if let Some((term, value)) = &self.only
            && read(term)?.value != *value
        {
            return None;
        }
        if let Some((term, value)) = &self.unless
            && read(term).is_some_and(|number| number.value == *value)
        {
            return None;
        }
        let used = read(&self.used)?;
        let limit = read(&self.limit)?.value;
        let pending = self.pending.as_ref().and_then(|(term, word)| {
            let value = read(term)?.value;
            Some(Operand::named(value, *word))
        });
        let most = match self.scope {
            Scope::Cgroup(_) => V1_UNLIMITED,
            _ => UNLIMITED,
        };
        let is_none = limit >= most || (self.zero_is_none && limit == 0);
        let demand = moment
            .call
            .map_or(Demand::Unknown, |call| (self.demand)(&call));
        let spared = self.exempt.iter().find(|exempt| exempt.holds(moment));
        let check = self.check(moment);
        let comparison = Comparison {
            function: check.and_then(Check::function).map(Into::into),
            unit: self.unit,
            used: used.value.into(),
            pending,
            asked: check.is_none_or(|check| check.adds).then(|| demand.asked()),
            relation: check.map_or(Relation::Above, |check| check.relation),
            limit: (!is_none).then(|| limit.into()),
            setting: setting(self.id),
        };
        let found = LimitUse {
            id: self.id.into(),
            scope: level.words.clone(),
            comparison,
            is_asked: demand != Demand::Nothing,
            checks: self.checks,
            spared: spared.map(|exempt| exempt.words()),
            at_failure: used.read == Read::AtFailure,
            source: match used.read {
                Read::AtFailure | Read::Always => "read at the failure".into(),
                Read::Alive | Read::Gone => SNAPSHOT.into(),
            },
        };
        Some((found, used.read))
    }

    /// The check that the failing call met.
    fn check(&self, moment: &Moment<'_>) -> Option<&'static Check> {
        let mut checks = self.checks.iter();
        checks.find(|check| moment.call.is_none_or(|call| (check.of)(&call)))
    }

    /// `None` for a use that may have been higher at the failing moment, because the process that failed was gone when it
    /// was read, unless it is near the limit all the same: it would rule out what it cannot rule out.
    fn certain(&self, found: LimitUse, read: Read, moment: &Moment<'_>) -> Option<LimitUse> {
        let is_gone = read == Read::Gone && !self.lasting;
        let may_be_more = self.at_least || (is_gone && !self.outlasts_one(&found));
        let has_room = found.limit().is_some() && found.nearness() == Nearness::Far;
        // What the call asks nothing of is not the cause, however much is used.
        if !(may_be_more && has_room && found.is_asked) {
            return Some(found);
        }
        // What cannot be more than that is far from the limit all the same.
        let most = moment.read(&self.at_most?, &Place::Own)?;
        let mut found = LimitUse {
            at_failure: most.read == Read::AtFailure,
            ..found
        };
        found.comparison.used = most.value.into();
        (found.nearness() == Nearness::Far).then_some(found)
    }

    /// Whether the use says something though the process that failed is gone: one process has not held half of what
    /// the whole host may have.
    fn outlasts_one(&self, found: &LimitUse) -> bool {
        let half = found.limit().map_or(u64::MAX, |limit| limit / 2);
        self.scope == Scope::Host && found.used() < half
    }
}
