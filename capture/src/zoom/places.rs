//! Where functions that were not hooked make the error: those that nearly every program calls.
//!
//! Neither the graph nor return probes may be on such a function. But no call that succeeds runs the instruction that
//! makes the errno ([`refusals`]), so a probe on that one costs nothing until the function fails. Places are looked for
//! below the deepest function that was seen to return the error, as far as direct calls lead without going through a
//! function that was hooked.

use std::collections::HashSet;

use super::{choice::Knowledge, tree::CallTree};
use crate::{kernel::Kernel, reach::Reach, refusals, tracefs::RefusalLine};

/// Most places of one batch: each costs a stop of all processors when it is armed.
const MAX: usize = 48;

/// Most places in one function: with more it says too often no for reasons of its own.
const MAX_IN_ONE: usize = 16;

/// Most functions whose code is searched for places.
const MAX_SEARCHED: usize = 600;

/// A place, and the function that it is in.
pub(super) type Place = (RefusalLine, u64);

/// The places below call `deepest` of `tree` where `errno` is made, the nearest first.
pub(super) fn below(
    tree: &CallTree,
    deepest: usize,
    known: &Knowledge,
    hooked: &HashSet<u64>,
    errno: u16,
    kernel: &Kernel,
    reach: &mut Reach<'_>,
) -> Vec<Place> {
    let functions = reach.unseen_below(&undecided(tree, deepest, known), hooked);
    let mut places: Vec<Place> = Vec::new();
    for function in functions.into_iter().take(MAX_SEARCHED) {
        let Some(found) = kernel.containing(function) else {
            continue;
        };
        let refusals = refusals::of(kernel, &found, &[errno]);
        if refusals.len() > MAX_IN_ONE {
            continue;
        }
        for refusal in refusals {
            if places.len() == MAX {
                return places;
            }
            let event = format!("m{}", places.len());
            let line = refusal.line(kernel, &found, event);
            places.extend(line.map(|line| (line, function)));
        }
    }
    places
}

/// The functions that may have made the error which call `deepest` returned, or have called the one that did: its own,
/// and those of the calls below it, but for what is known to have returned something else.
fn undecided(tree: &CallTree, deepest: usize, known: &Knowledge) -> Vec<u64> {
    let calls = tree.calls();
    let mut is_open = vec![false; calls.len()];
    let mut functions = Vec::new();
    for (index, call) in calls.iter().enumerate().skip(deepest) {
        let said_else =
            known.asked.contains(&call.function) && !known.returned.contains(&call.function);
        let below = call.parent.is_some_and(|parent| is_open[parent]);
        is_open[index] = index == deepest || below && !said_else;
        if is_open[index] && !functions.contains(&call.function) {
            functions.push(call.function);
        }
    }
    functions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_said_something_else_is_not_searched() {
        let mut tree = CallTree::default();
        tree.enter(1, 0);
        tree.enter(2, 1);
        // 3 was asked and said something else, so 4 does not matter; of 5 nothing is known.
        tree.enter(3, 2);
        tree.enter(4, 3);
        tree.leave(4, 3, None);
        tree.leave(3, 2, None);
        tree.enter(5, 2);
        tree.enter(6, 3);
        tree.leave(6, 3, None);
        tree.leave(5, 2, None);
        tree.leave(2, 1, None);
        // Behind the call that returned the error.
        tree.enter(7, 1);
        let known = Knowledge {
            asked: HashSet::from([1, 2, 3]),
            returned: HashSet::from([1, 2]),
            ..Knowledge::default()
        };
        assert_eq!(undecided(&tree, 1, &known), [2, 5, 6]);
        assert_eq!(undecided(&tree, 0, &known), [1, 2, 5, 6, 7]);
    }
}
