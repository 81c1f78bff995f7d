//! Conditions of several parts: a branch that leads to another one, which settles the result.

use std::collections::{BTreeSet, HashMap};

use super::{decision::Decision, program::Program};

/// Branches that may lie between a decision and the one that settles the result, for a condition of several parts.
const NEAR: usize = 3;

/// A way from one block to another behind which the result is settled.
type Settled = HashMap<(usize, usize), i64>;

pub(super) fn settled_edges(program: &Program, branches: &[(usize, Decision)]) -> Settled {
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
pub(super) fn guards(program: &Program, block: usize, settled: &Settled) -> BTreeSet<i64> {
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
