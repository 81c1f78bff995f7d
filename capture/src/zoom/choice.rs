//! Which functions of a failing call to probe next.
//!
//! Probes cost time to make and to hit, so they go down the tree in batches: first the outermost functions that call
//! others, or the way that a sentinel saw, then what lies below the deepest one that was seen to return the error.

use std::collections::HashSet;

use super::tree::CallTree;

/// Most probes of one batch.
const BATCH: usize = 24;

/// Functions called more often than this in one call are helpers, and hot.
const MAX_CALLS: usize = 24;

/// How deep below the deepest function with the error a batch reaches: predicates stand right below the origin.
const REACH: usize = 3;

/// What is known about the functions of a failing call so far.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// Functions that were probed, or that the kernel refused to probe.
    pub(super) asked: HashSet<u64>,
    /// Functions that returned the error.
    pub(super) returned: HashSet<u64>,
    /// Functions that were caught where they make the error.
    pub(super) made: HashSet<u64>,
}

/// The functions to probe next, by rising depth; empty when there is nothing more to learn. `way` is the way that a
/// sentinel saw, from the inside out, if any; `is_wanted` tells whether a function may be probed at all.
pub(super) fn next(
    tree: &CallTree,
    known: &Knowledge,
    way: &[u64],
    is_wanted: impl Fn(u64) -> bool,
) -> Vec<u64> {
    let depths = tree.depths();
    let counts = tree.counts();
    let calls = tree.calls();
    let callers = tree.callers();
    let below = |index: usize, ancestor: usize| {
        tree.is_below(index, ancestor) && depths[index] <= depths[ancestor] + REACH
    };
    let call_of = |function: &u64| calls.iter().position(|call| call.function == *function);
    let inmost = way.first().and_then(call_of);
    let deepest = tree.deepest(&known.returned, |function| known.asked.contains(&function));
    let on_the_way = |index: usize| match (known.asked.is_empty(), inmost, deepest) {
        (true, Some(inmost), _) => way.contains(&calls[index].function) || below(index, inmost),
        (true, None, _) => callers.contains(&calls[index].function),
        (false, _, Some(deepest)) => below(index, deepest),
        (false, _, None) => false,
    };
    let mut batch = Vec::new();
    let mut seen = HashSet::new();
    for index in tree.by_depth() {
        let function = calls[index].function;
        let new = !known.asked.contains(&function) && on_the_way(index) && seen.insert(function);
        if new && counts[&function] <= MAX_CALLS && is_wanted(function) {
            batch.push(function);
        }
        if batch.len() == BATCH {
            break;
        }
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain 0 < 1 < 2 < …, each with a leaf of its own, 100 + depth.
    fn chain(len: u64) -> CallTree {
        let mut tree = CallTree::default();
        for (function, depth) in (0..len).zip(0..) {
            tree.enter(function, depth);
            tree.enter(100 + function, depth + 1);
            tree.leave(100 + function, depth + 1, None);
        }
        tree
    }

    #[test]
    fn goes_down_where_the_error_came_from() {
        let tree = chain(60);
        let mut known = Knowledge::default();
        let first = next(&tree, &known, &[], |function| function != 1);
        // Leaves wait.
        assert_eq!(first, [0].into_iter().chain(2..=24).collect::<Vec<_>>());
        known.asked.extend(first);
        known.returned.extend([0, 2, 3]);
        // 3 is the deepest, for 1 was not asked; below it, what three calls reach and is not known yet.
        let second = next(&tree, &known, &[], |_| true);
        assert_eq!(second, [103, 104, 105]);
        known.asked.extend(second);
        assert!(next(&tree, &known, &[], |_| true).is_empty());
    }

    #[test]
    fn follows_the_way_of_a_sentinel() {
        let tree = chain(60);
        let first = next(&tree, &Knowledge::default(), &[30, 29, 28], |_| true);
        assert_eq!(first, [28, 29, 30, 130, 31, 131, 32, 132, 33]);
        // The sentinel saw another failure: this call does not go there.
        let other = next(&tree, &Knowledge::default(), &[777], |_| true);
        assert_eq!(other[0], 0);
    }

    #[test]
    fn helpers_are_left_out() {
        let mut tree = CallTree::default();
        tree.enter(1, 0);
        for _ in 0..=MAX_CALLS {
            tree.enter(2, 1);
            tree.enter(3, 2);
            tree.leave(3, 2, None);
            tree.leave(2, 1, None);
        }
        assert_eq!(next(&tree, &Knowledge::default(), &[], |_| true), [1]);
    }
}
