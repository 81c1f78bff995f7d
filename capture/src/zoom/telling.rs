//! Which functions of a failing call tell why it fails.

use std::collections::HashSet;

use super::descent::Descent;

/// Most functions for one failing call.
const MAX: usize = 48;

/// The functions of a failing call whose code tells why: those that made the error, those that returned it, deepest first, what they
/// called, then the rest from the outside in.
pub(super) fn telling(descent: &Descent) -> Vec<u64> {
    let Descent { tree, known, .. } = descent;
    let calls = tree.calls();
    let returned = |index: usize| known.returned.contains(&calls[index].function);
    let mut order = tree.by_depth();
    order.reverse();
    let errors = order.iter().copied().filter(|&index| returned(index));
    let below = (0..calls.len()).filter(|&index| calls[index].parent.is_some_and(returned));
    let outside_in = order.iter().rev().copied();
    let mut functions: Vec<u64> = known.made.iter().copied().take(MAX).collect();
    functions.sort_unstable();
    let mut seen: HashSet<u64> = functions.iter().copied().collect();
    for index in errors.chain(below).chain(outside_in) {
        if functions.len() < MAX && seen.insert(calls[index].function) {
            functions.push(calls[index].function);
        }
    }
    functions
}
