//! The branches that decide for an errno, and the conditions in front of them that are part of theirs.

use std::collections::{BTreeSet, HashMap};

use super::{
    super::{
        analysis::Analysis,
        decision::{At, Outcome},
        outcomes::Outcomes,
        program::Program,
        step::{Exit, Test},
    },
    expression::Formula,
    trace::Trace,
};

/// Most conditions that are joined by "and" in front of a branch.
const MAX_GUARDS: usize = 4;

/// Most blocks that are gone back through for them.
const MAX_WAY: usize = 32;

/// How many blocks behind a branch its passing side may meet the passing side of the one before it.
const MAX_APART: usize = 6;

/// Most blocks that are looked through for a place.
const MAX_REACHED: usize = 4096;

/// One branch, or choice, that decides for an errno.
#[derive(Debug, Clone)]
pub(in crate::code) struct Deciding {
    /// Address of the instruction.
    pub(in crate::code) at: u64,
    /// When the errno is returned.
    pub(in crate::code) when: Formula,
    /// The block that it ends, or is in.
    pub(in crate::code) block: usize,
    /// The block that comes next then; `None` where the choice is made without a branch.
    pub(in crate::code) leads_to: Option<usize>,
    /// The ways between blocks that are taken then: of a check that the compiler wrote several times, all of them.
    ways: Vec<(usize, usize)>,
}

/// All of them in a function, by rising address.
pub(in crate::code) fn deciding(trace: &mut Trace<'_>, errno: u16) -> Vec<Deciding> {
    let analysis = trace.analysis;
    let result = -i64::from(errno);
    let mut refusing: HashMap<usize, BTreeSet<usize>> = HashMap::new();
    for decision in &analysis.outcomes.decisions {
        if let At::Branch(block) = decision.at {
            let sides = decision.side_numbers();
            let is_errno = |side: &Option<i64>| {
                side.is_some_and(|number| Outcome::Number(number).errno().is_some())
            };
            let refused = sides.iter().enumerate().filter(|(_, side)| is_errno(side));
            let sides = refusing.entry(block).or_default();
            sides.extend(refused.map(|(side, _)| side));
        }
    }
    let mut found = Vec::new();
    for decision in &analysis.outcomes.decisions {
        for (side, number) in decision.side_numbers().into_iter().enumerate() {
            if number != Some(result) {
                continue;
            }
            let (at, own, block, leads_to) = match decision.at {
                At::Branch(block) => {
                    let Some((at, test, next)) = branch(&analysis.program, block) else {
                        continue;
                    };
                    let when = trace.branch(block, test);
                    (at, when, block, next.get(side).copied())
                }
                At::Choice {
                    block,
                    step,
                    effect,
                } => {
                    let when = trace.choice(block, (step, effect));
                    (analysis.program.steps[step].0, when, block, None)
                }
            };
            let own = if side == 0 { own } else { own.negated() };
            let passes = match decision.at {
                At::Branch(block) => branch(&analysis.program, block)
                    .and_then(|(_, _, next)| next.get(1 - side).copied()),
                At::Choice { .. } => None,
            };
            let mut parts = guards(trace, block, passes, &refusing);
            parts.push(own);
            let when = match parts.len() {
                1 => parts.remove(0),
                _ => Formula::All(parts),
            };
            found.push(Deciding {
                at,
                when,
                block,
                leads_to,
                ways: leads_to.map(|to| (block, to)).into_iter().collect(),
            });
        }
    }
    found.sort_by_key(|check| check.at);
    merged(found)
}

/// Checks that lead to one block and compare different values with the same one are one check of the source, which the
/// compiler wrote once for each way there.
fn merged(found: Vec<Deciding>) -> Vec<Deciding> {
    let mut merged: Vec<Deciding> = Vec::new();
    for check in found {
        let same = merged.iter_mut().find_map(|known| {
            let leads = known.leads_to.is_some() && known.leads_to == check.leads_to;
            let both = leads.then(|| known.when.last()?.either(check.when.last()?))??;
            Some((known, both))
        });
        match same {
            Some((known, both)) => {
                known.when = Formula::Relation(both);
                known.ways.extend(check.ways);
            }
            None => merged.push(check),
        }
    }
    merged
}

/// Address and test of the branch that ends a block, and the two blocks behind it, the one that it jumps to first.
fn branch(program: &Program, block: usize) -> Option<(u64, Test, Vec<usize>)> {
    let own = program.blocks.get(block)?;
    let (at, step) = program.steps.get(own.end.checked_sub(1)?)?;
    match (step.exit, own.next.as_slice()) {
        (Exit::Branch { on, .. }, &[_, _]) => Some((*at, on, own.next.clone())),
        _ => None,
    }
}

/// What was asked just before the branch of `block`, where another answer would have passed it by: the outer parts of
/// `if (a && b)`.
fn guards(
    trace: &mut Trace<'_>,
    block: usize,
    passes: Option<usize>,
    refusing: &HashMap<usize, BTreeSet<usize>>,
) -> Vec<Formula> {
    let program = &trace.analysis.program;
    let Some(passes) = passes else {
        return Vec::new();
    };
    let behind = soon(program, passes);
    let mut parts = Vec::new();
    let mut at = block;
    for _ in 0..MAX_WAY {
        if parts.len() == MAX_GUARDS {
            break;
        }
        let [before] = trace.before[at][..] else {
            break;
        };
        let Some((_, test, next)) = branch(program, before) else {
            // A block that only goes on.
            at = before;
            continue;
        };
        let Some(side) = next.iter().position(|&next| next == at) else {
            break;
        };
        let other = skipped(program, next[1 - side]);
        let refuses = refusing
            .get(&before)
            .is_some_and(|sides| sides.contains(&(1 - side)));
        if refuses || !behind.contains(&other) {
            break;
        }
        let when = trace.branch(before, test);
        parts.push(if side == 0 { when } else { when.negated() });
        at = before;
    }
    parts.reverse();
    parts
}

/// Where a block that does nothing leads.
fn skipped(program: &Program, mut block: usize) -> usize {
    for _ in 0..MAX_APART {
        let own = &program.blocks[block];
        match own.next.as_slice() {
            &[next] if own.end - own.start == 1 => block = next,
            _ => break,
        }
    }
    block
}

/// The blocks that follow `from` soon.
fn soon(program: &Program, from: usize) -> BTreeSet<usize> {
    let first = skipped(program, from);
    let mut found = BTreeSet::from([first]);
    let mut level = vec![first];
    for _ in 0..MAX_APART {
        let next: Vec<usize> = level
            .iter()
            .flat_map(|&block| program.blocks[block].next.iter())
            .map(|&next| skipped(program, next))
            .collect();
        level = next
            .into_iter()
            .filter(|&next| found.insert(next))
            .collect();
    }
    found
}

/// Whether the function returns `errno` by way of these checks alone.
pub(in crate::code) fn are_all(analysis: &Analysis, found: &[Deciding], errno: u16) -> bool {
    let ways: Vec<(usize, usize)> = found
        .iter()
        .flat_map(|check| check.ways.iter().copied())
        .collect();
    if found.iter().any(|check| check.leads_to.is_none()) || found.is_empty() {
        // A choice cannot be left out.
        return !found.is_empty();
    }
    let program = analysis.program.without(&ways);
    let without = Outcomes::new(&program, &analysis.flow, &analysis.convention);
    !without.all.contains(&Outcome::Number(-i64::from(errno)))
}

/// Whether `block` is reached from the function's entry by way of `through` alone.
pub(in crate::code) fn lies_behind(analysis: &Analysis, block: usize, through: usize) -> bool {
    let program = &analysis.program;
    let mut seen: BTreeSet<usize> = program.entries.iter().copied().collect();
    let mut waiting: Vec<usize> = seen.iter().copied().collect();
    while let Some(at) = waiting.pop() {
        if at == block {
            return false;
        }
        if at != through {
            let next = program.blocks[at].next.iter().copied();
            waiting.extend(next.filter(|&next| seen.insert(next)));
        }
    }
    block != through
}

/// Whether the instruction at `place` is reached from the start of `block`.
pub(in crate::code) fn reaches(analysis: &Analysis, block: usize, place: u64) -> bool {
    let program = &analysis.program;
    let mut seen = BTreeSet::from([block]);
    let mut waiting = vec![block];
    while let Some(block) = waiting.pop() {
        let own = &program.blocks[block];
        let steps = &program.steps[own.start..own.end];
        if steps.iter().any(|(at, _)| *at == place) {
            return true;
        }
        if seen.len() < MAX_REACHED {
            waiting.extend(own.next.iter().copied().filter(|&next| seen.insert(next)));
        }
    }
    false
}
