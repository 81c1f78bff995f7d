//! What a function returns, and which decision makes it return that: a backward analysis.
//!
//! At each point the set of results that may still come is kept, as numbers and as places (registers, stack slots)
//! whose present content would be the result. A branch whose two sides lead to different results decides them.

use std::collections::{BTreeSet, HashMap};

use super::{
    flow::{Event, Flow, NO_SITE},
    program::{Block, Leave, Program},
    state::{State, Target},
    step::{Convention, Effect, Exit, Fold, Register, Source, ZERO},
    value::Value,
};

/// Most rounds over the blocks; code that a compiler wrote takes a few for each nested loop.
const MAX_ROUNDS: usize = 100;

/// Largest errno (`MAX_ERRNO`, `include/linux/err.h`).
const MAX_ERRNO: i64 = 4095;

/// Branches that may lie between a decision and the one that settles the result, for a condition of several parts.
const NEAR: usize = 3;

/// A result of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// This number; an errno is negative.
    Number(i64),
    /// Anything else.
    Other,
}

/// Results by way of a decision.
#[derive(Debug)]
pub(super) struct Decision {
    /// Loads and calls that it depends on, by number.
    pub(super) origins: Vec<u16>,
    /// The results on its two sides.
    pub(super) sides: [BTreeSet<Outcome>; 2],
    /// Results that only one side reaches within [`NEAR`] more branches, by branches that settle them.
    pub(super) guards: BTreeSet<i64>,
}

/// A result that may still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Term {
    Number(i64),
    In(Location),
    Other,
}

type Terms = BTreeSet<Term>;

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Location {
    Register(Register),
    Slot(i64),
}

/// What one effect does to locations.
#[derive(Debug, Clone)]
enum Change {
    /// The location gets one of these.
    Define(Location, Vec<Term>),
    /// A call, or an instruction that is not known, changes these registers.
    Clobber(u64),
}

/// A register gets one of two, by the flags.
#[derive(Debug)]
struct Selection {
    /// The step and the number of its effect.
    at: (usize, usize),
    to: Register,
    sides: [Register; 2],
    /// What it finds.
    state: State,
}

/// A block, gone through once.
#[derive(Debug)]
struct Passage {
    changes: Vec<Change>,
    selections: Vec<Selection>,
    /// The state at its end.
    end: State,
}

/// The outcomes of a function and what decides them.
#[derive(Debug)]
pub(super) struct Outcomes {
    /// All results.
    pub(super) all: BTreeSet<Outcome>,
    /// Branches and selections.
    pub(super) decisions: Vec<Decision>,
}

impl Outcomes {
    pub(super) fn new(program: &Program, flow: &Flow, convention: &Convention) -> Self {
        let passages: Vec<Option<Passage>> = (0..program.blocks.len())
            .map(|block| passage(program, flow, convention, block))
            .collect();
        let result = Term::In(Location::Register(convention.result));
        let mut before = vec![Terms::new(); program.blocks.len()];
        for _ in 0..MAX_ROUNDS {
            let mut changed = false;
            for (number, block) in program.blocks.iter().enumerate().rev() {
                let mut terms = after(block, result, &before);
                for change in passages[number]
                    .iter()
                    .flat_map(|passage| passage.changes.iter().rev())
                {
                    terms = change.before(terms);
                }
                changed |= terms != before[number];
                before[number] = terms;
            }
            if !changed {
                break;
            }
        }
        let mut outcomes = Self {
            all: BTreeSet::new(),
            decisions: Vec::new(),
        };
        for &entry in &program.entries {
            if let Some(state) = &flow.states[entry] {
                outcomes.all.extend(resolve(&before[entry], state));
            }
        }
        let mut branches: Vec<(usize, Decision)> = Vec::new();
        for (number, block) in program.blocks.iter().enumerate() {
            let Some(passage) = &passages[number] else {
                continue;
            };
            branches.extend(
                branch(program, block, &passage.end, &before).map(|decision| (number, decision)),
            );
            let terms = after(block, result, &before);
            for selection in passage
                .selections
                .iter()
                .filter(|found| !found.state.flags.is_empty())
            {
                let sides = selection.sides.map(|side| {
                    let mut state = selection.state.clone();
                    let (step, effect) = selection.at;
                    state.apply(
                        &Effect::Set(
                            selection.to,
                            Source::Copy {
                                from: side,
                                narrow: false,
                            },
                        ),
                        NO_SITE,
                    );
                    flow.walk(
                        program,
                        convention,
                        number,
                        (step, effect + 1),
                        &mut state,
                        |_, _, _| {},
                    );
                    resolve(&terms, &state)
                });
                let origins = selection.state.flags.clone();
                outcomes.decisions.push(Decision {
                    origins,
                    sides,
                    guards: BTreeSet::new(),
                });
            }
        }
        let settled = settled_edges(program, &branches);
        for (number, mut decision) in branches {
            // A check that returns an errno of its own is not part of the condition of the next check.
            if !decision
                .settles()
                .any(|result| Outcome::Number(result).errno().is_some())
            {
                decision.guards = guards(program, number, &settled);
            }
            outcomes
                .decisions
                .extend((!decision.origins.is_empty()).then_some(decision));
        }
        outcomes
    }
}

/// What the branch at the end of a block decides.
fn branch(program: &Program, block: &Block, end: &State, before: &[Terms]) -> Option<Decision> {
    let Exit::Branch { on, .. } = program.steps[block.end - 1].1.exit else {
        return None;
    };
    let other = Terms::from([Term::Other]);
    let (a, b) = match (block.next.as_slice(), block.leaves) {
        (&[a, b], _) => (&before[a], &before[b]),
        (&[next], Some(Leave::Tail(_))) => (&other, &before[next]),
        _ => return None,
    };
    Some(Decision {
        origins: on.map_or_else(|| end.flags.clone(), |register| end.get(register).origins),
        sides: [resolve(a, end), resolve(b, end)],
        guards: BTreeSet::new(),
    })
}

/// A way from one block to another behind which the result is settled.
type Settled = HashMap<(usize, usize), i64>;

fn settled_edges(program: &Program, branches: &[(usize, Decision)]) -> Settled {
    let mut settled = Settled::new();
    for (number, decision) in branches {
        let &[a, b] = program.blocks[*number].next.as_slice() else {
            continue;
        };
        let [one, two] = decision.side_numbers();
        settled.extend(one.map(|result| ((*number, a), result)));
        settled.extend(two.map(|result| ((*number, b), result)));
    }
    settled
}

/// Results that only one side of the branch at the end of `block` soon reaches.
fn guards(program: &Program, block: usize, settled: &Settled) -> BTreeSet<i64> {
    let &[a, b] = program.blocks[block].next.as_slice() else {
        return BTreeSet::new();
    };
    let (a, b) = (
        soon(program, block, a, settled),
        soon(program, block, b, settled),
    );
    a.symmetric_difference(&b)
        .filter_map(|edge| settled.get(edge).copied())
        .collect()
}

/// Settled edges within [`NEAR`] branches behind `from`, not by way of `without`.
fn soon(
    program: &Program,
    without: usize,
    from: usize,
    settled: &Settled,
) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([without, from]);
    let mut level = vec![from];
    let mut branches = 0;
    while branches < NEAR && !level.is_empty() {
        let mut following = Vec::new();
        while let Some(block) = level.pop() {
            let next = &program.blocks[block].next;
            for &to in next {
                found.extend(settled.contains_key(&(block, to)).then_some((block, to)));
                if seen.insert(to) {
                    if next.len() > 1 {
                        following.push(to)
                    } else {
                        level.push(to)
                    }
                }
            }
        }
        level = following;
        branches += 1;
    }
    found
}

impl Decision {
    /// Numbers that one side always returns and the other does not.
    pub(super) fn settles(&self) -> impl Iterator<Item = i64> {
        self.side_numbers().into_iter().flatten()
    }

    /// For each side, the number that it always returns and the other does not.
    fn side_numbers(&self) -> [Option<i64>; 2] {
        let [a, b] = &self.sides;
        [a, b].map(|side| match side.first() {
            Some(&Outcome::Number(number)) if side.len() == 1 && a != b => Some(number),
            _ => None,
        })
    }

    /// Numbers that only one of the sides may return.
    pub(super) fn separates(&self) -> impl Iterator<Item = i64> {
        let [a, b] = &self.sides;
        a.symmetric_difference(b)
            .filter_map(|outcome| match outcome {
                Outcome::Number(number) => Some(*number),
                Outcome::Other => None,
            })
    }
}

impl Outcome {
    /// The errno of a result, 1 to 4095.
    pub(super) fn errno(self) -> Option<u16> {
        match self {
            Self::Number(number) if (-MAX_ERRNO..0).contains(&number) => {
                u16::try_from(-number).ok()
            }
            _ => None,
        }
    }
}

impl Change {
    /// The terms before the change, from those after it.
    fn before(&self, terms: Terms) -> Terms {
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

/// The terms behind a block.
fn after(block: &Block, result: Term, before: &[Terms]) -> Terms {
    let mut terms: Terms = block
        .next
        .iter()
        .flat_map(|&next| before[next].iter().copied())
        .collect();
    match block.leaves {
        None => {}
        Some(Leave::Tail(_)) if !block.next.is_empty() => {
            terms.insert(Term::Other);
        }
        Some(_) => {
            terms.insert(result);
        }
    }
    terms
}

fn replace(terms: &Terms, to: Location, from: &[Term]) -> Terms {
    if !terms.contains(&Term::In(to)) {
        return terms.clone();
    }
    let kept = terms.iter().filter(|&&term| term != Term::In(to));
    kept.chain(from).copied().collect()
}

fn located(register: Register) -> Term {
    if register == ZERO {
        Term::Number(0)
    } else {
        Term::In(Location::Register(register))
    }
}

fn resolve(terms: &Terms, state: &State) -> BTreeSet<Outcome> {
    let mut outcomes = BTreeSet::new();
    for term in terms {
        let cell = match term {
            Term::Number(number) => {
                outcomes.insert(Outcome::Number(*number));
                continue;
            }
            Term::Other => {
                outcomes.insert(Outcome::Other);
                continue;
            }
            Term::In(Location::Register(register)) => state.get(*register),
            Term::In(Location::Slot(offset)) => state.slot(*offset),
        };
        let (constants, other) = cell.value.numbers();
        outcomes.extend(
            constants
                .iter()
                .map(|&value| Outcome::Number(returned(value))),
        );
        outcomes.extend(other.then_some(Outcome::Other));
    }
    outcomes
}

/// A result as a signed number: the upper half of an `int` is not defined, so -28 may read 0xffffffe4.
fn returned(value: u64) -> i64 {
    let narrow = u32::try_from(value).map(|value| i64::from(value.cast_signed()));
    match narrow {
        Ok(narrow) if (-MAX_ERRNO..0).contains(&narrow) => narrow,
        _ => value.cast_signed(),
    }
}

/// Goes through a block; `None` when nothing leads there.
fn passage(
    program: &Program,
    flow: &Flow,
    convention: &Convention,
    block: usize,
) -> Option<Passage> {
    let mut changes = Vec::new();
    let mut selections = Vec::new();
    let mut end = flow.states[block].clone()?;
    let start = (program.blocks[block].start, 0);
    flow.walk(
        program,
        convention,
        block,
        start,
        &mut end,
        |at, event, state| {
            let change = match event {
                Event::Call { .. } => Some(Change::Clobber(convention.changed)),
                Event::Effect {
                    effect: Effect::ForgetAll,
                    ..
                } => Some(Change::Clobber(u64::MAX)),
                Event::Effect {
                    effect: Effect::Compare { .. },
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
                    if let Source::Either(a, b) = source {
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
        },
    );
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
        Source::Either(a, b) => define(vec![located(*a), located(*b)]),
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
