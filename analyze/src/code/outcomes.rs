//! What a function returns, and which decision makes it return that: a backward analysis.
//!
//! At each point the set of results that may still come is kept, as numbers and as places (registers, stack slots)
//! whose present content would be the result. A branch whose two sides lead to different results decides them.

use std::collections::BTreeSet;

use super::{
    decision::{At, Decision, Outcome, returned},
    flow::{Flow, NO_SITE},
    guards::{guards, settled_edges},
    program::{Block, Leave, Program},
    state::State,
    step::{Convention, Effect, Exit, Source, Test},
    terms::{Location, Passage, Term, Terms, passage},
};

/// Most rounds over the blocks; code that a compiler wrote takes a few for each nested loop.
const MAX_ROUNDS: usize = 100;

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
                branch(program, number, &passage.end, &before).map(|decision| (number, decision)),
            );
            let terms = after(block, result, &before);
            for selection in &passage.selections {
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
                let (step, effect) = selection.at;
                outcomes.decisions.push(Decision {
                    at: At::Choice {
                        block: number,
                        step,
                        effect,
                    },
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
            outcomes.decisions.push(decision);
        }
        outcomes
    }
}

/// What a branch depends on.
fn tested(on: Test, end: &State) -> Vec<u16> {
    match on {
        Test::Zero { register, .. } | Test::Bit { register, .. } => end.get(register).origins,
        Test::Flags(_) => end.flags.clone(),
    }
}

/// What the branch at the end of a block decides.
fn branch(program: &Program, number: usize, end: &State, before: &[Terms]) -> Option<Decision> {
    let block = &program.blocks[number];
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
        at: At::Branch(number),
        origins: tested(on, end),
        sides: [resolve(a, end), resolve(b, end)],
        guards: BTreeSet::new(),
    })
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
