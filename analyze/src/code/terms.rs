//! Results that may still come at a point of a function, and how each instruction changes them on the way back.

use std::collections::BTreeSet;

use super::{
    decision::returned,
    flow::{Event, Flow},
    program::Program,
    state::{State, Target},
    step::{Convention, Effect, Fold, Register, Source, ZERO},
    value::Value,
};

/// A result that may still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Term {
    Number(i64),
    In(Location),
    Other,
}

pub(super) type Terms = BTreeSet<Term>;

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Location {
    Register(Register),
    Slot(i64),
}

/// What one effect does to locations.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// The location gets one of these.
    Define(Location, Vec<Term>),
    /// A call, or an instruction that is not known, changes these registers.
    Clobber(u64),
}

/// A register gets one of two, by the flags.
#[derive(Debug)]
pub(super) struct Selection {
    /// The step and the number of its effect.
    pub(super) at: (usize, usize),
    pub(super) to: Register,
    pub(super) sides: [Register; 2],
    /// What it finds.
    pub(super) state: State,
}

/// A block, gone through once.
#[derive(Debug)]
pub(super) struct Passage {
    pub(super) changes: Vec<Change>,
    pub(super) selections: Vec<Selection>,
    /// The state at its end.
    pub(super) end: State,
}

pub(super) fn replace(terms: &Terms, to: Location, from: &[Term]) -> Terms {
    if !terms.contains(&Term::In(to)) {
        return terms.clone();
    }
    let kept = terms.iter().filter(|&&term| term != Term::In(to));
    kept.chain(from).copied().collect()
}

pub(super) fn located(register: Register) -> Term {
    if register == ZERO {
        Term::Number(0)
    } else {
        Term::In(Location::Register(register))
    }
}

impl Change {
    /// The terms before the change, from those after it.
    pub(super) fn before(&self, terms: Terms) -> Terms {
        match self {
            Self::Define(to, from) => replace(&terms, *to, from),
            Self::Clobber(registers) => {
                let lost = |term: &Term| match term {
                    Term::In(Location::Register(register)) => registers >> register & 1 != 0,
                    _ => false,
                };
                let other = terms.iter().any(lost).then_some(Term::Other);
                terms
                    .into_iter()
                    .filter(|term| !lost(term))
                    .chain(other)
                    .collect()
            }
        }
    }
}

/// Goes through a block; `None` when nothing leads there.
pub(super) fn passage(
    program: &Program,
    flow: &Flow,
    convention: &Convention,
    block: usize,
) -> Option<Passage> {
    let mut changes = Vec::new();
    let mut selections = Vec::new();
    let end = flow.through(program, convention, block, |at, event, state| {
        let change = match event {
            Event::Call { .. } => Some(Change::Clobber(convention.changed)),
            Event::Effect {
                effect: Effect::ForgetAll,
                ..
            } => Some(Change::Clobber(u64::MAX)),
            Event::Effect {
                effect: Effect::Compare(_),
                ..
            } => None,
            Event::Effect {
                effect: Effect::Store(place, from),
                ..
            } => match state.target(place) {
                Target::Slot(slot) => {
                    Some(Change::Define(Location::Slot(slot), vec![located(*from)]))
                }
                _ => None,
            },
            Event::Effect {
                effect: Effect::Set(to, source),
                site,
            } => {
                if let Source::Either([a, b], _) = source {
                    selections.push(Selection {
                        at,
                        to: *to,
                        sides: [*a, *b],
                        state: state.clone(),
                    });
                }
                Some(set(*to, source, site, state))
            }
        };
        changes.extend(change);
    })?;
    Some(Passage {
        changes,
        selections,
        end,
    })
}

fn set(to: Register, source: &Source, site: u16, state: &State) -> Change {
    let define = |terms| Change::Define(Location::Register(to), terms);
    match source {
        Source::Copy { from, .. }
        | Source::Fold {
            from,
            by: Fold::Add(0) | Fold::And(0xffff_ffff) | Fold::SignExtend32,
            ..
        } => define(vec![located(*from)]),
        Source::Either([a, b], _) => define(vec![located(*a), located(*b)]),
        Source::Load(place) => match state.target(place) {
            Target::Slot(slot) => define(vec![Term::In(Location::Slot(slot))]),
            _ => define(vec![Term::Other]),
        },
        _ => {
            let mut after = state.clone();
            after.apply(&Effect::Set(to, source.clone()), site);
            define(terms_of(&after.get(to).value))
        }
    }
}

fn terms_of(value: &Value) -> Vec<Term> {
    let (constants, other) = value.numbers();
    let numbers = constants.iter().map(|&value| Term::Number(returned(value)));
    numbers.chain(other.then_some(Term::Other)).collect()
}
