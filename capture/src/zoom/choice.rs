//! Which functions of a failing call to probe next.
//!
//! Probes cost time to make and to hit, so they go down the tree in batches: first the outermost functions, then what
//! lies below the deepest one that was seen to return the error.

use std::collections::HashSet;

use super::tree::CallTree;

/// Most probes of one batch.
const BATCH: usize = 40;

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
}

/// The functions to probe next, by rising depth; empty when there is nothing more to learn. `has_value` tells whether
/// a function returns something that can be read.
pub(super) fn next(
    tree: &CallTree,
    known: &Knowledge,
    has_value: impl Fn(u64) -> bool,
) -> Vec<u64> {
    let depths = tree.depths();
    let counts = tree.counts();
    let calls = tree.calls();
    let deepest = tree.deepest(&known.returned, |function| known.asked.contains(&function));
    let wanted = |index: usize| match deepest {
        _ if known.asked.is_empty() => true,
        Some(deepest) => tree.is_below(index, deepest) && depths[index] <= depths[deepest] + REACH,
        None => false,
    };
    let mut batch = Vec::new();
    let mut seen = HashSet::new();
    for index in tree.by_depth() {
        let function = calls[index].function;
        let new = !known.asked.contains(&function) && wanted(index) && seen.insert(function);
        if new && counts[&function] <= MAX_CALLS && has_value(function) {
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
        let first = next(&tree, &known, |function| function != 101);
        assert_eq!(first.len(), BATCH);
        assert_eq!(first[..3], [0, 100, 1]);
        assert!(!first.contains(&101));
        known.asked.extend(first);
        known.returned.extend(0..20);
        // 19 is the deepest; below it stand 20 and its leaf 119, 21 and 120, 22 and 121.
        let second = next(&tree, &known, |_| true);
        assert!(
            second
                .iter()
                .all(|function| [20, 21, 22, 119, 120, 121].contains(function))
        );
        assert!(second.contains(&21));
        known.asked.extend(second);
        assert_eq!(next(&tree, &known, |_| true), []);
    }

    #[test]
    fn helpers_are_left_out() {
        let mut tree = CallTree::default();
        tree.enter(1, 0);
        for _ in 0..=MAX_CALLS {
            tree.enter(2, 1);
            tree.leave(2, 1, None);
        }
        assert_eq!(next(&tree, &Knowledge::default(), |_| true), [1]);
    }
}
