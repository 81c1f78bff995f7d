//! What a function returns, and which decision makes it return that: a backward analysis.
//!
//! At each point the set of results that may still come is kept, as numbers and as places (registers, stack slots)
//! whose present content would be the result. A branch whose two sides lead to different results decides them.

use std::collections::BTreeSet;

use super::{
    flow::{Flow, NO_SITE},
    guards::{guards, settled_edges},
    program::{Block, Leave, Program},
    state::State,
    step::{Convention, Effect, Exit, Source, Test},
    terms::{Location, Passage, Term, Terms, passage},
};

/// Most rounds over the blocks; code that a compiler wrote takes a few for each nested loop.
const MAX_ROUNDS: usize = 100;

/// Largest errno (`MAX_ERRNO`, `include/linux/err.h`).
const MAX_ERRNO: i64 = 4095;

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
    /// Results that only one side reaches within `NEAR` more branches, by branches that settle them.
    pub(super) guards: BTreeSet<i64>,
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

/// What a branch depends on.
fn tested(on: Test, end: &State) -> Vec<u16> {
    match on {
        Test::Register(register) => end.get(register).origins,
        Test::Flags | Test::Different => end.flags.clone(),
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
        origins: tested(on, end),
        sides: [resolve(a, end), resolve(b, end)],
        guards: BTreeSet::new(),
    })
}

impl Decision {
    /// Numbers that one side always returns and the other does not.
    pub(super) fn settles(&self) -> impl Iterator<Item = i64> {
        self.side_numbers().into_iter().flatten()
    }

    /// For each side, the number that it always returns and the other does not.
    pub(super) fn side_numbers(&self) -> [Option<i64>; 2] {
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
pub(super) fn returned(value: u64) -> i64 {
    let narrow = u32::try_from(value).map(|value| i64::from(value.cast_signed()));
    match narrow {
        Ok(narrow) if (-MAX_ERRNO..0).contains(&narrow) => narrow,
        _ => value.cast_signed(),
    }
}
