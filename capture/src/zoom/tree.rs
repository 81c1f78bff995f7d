//! Who called whom in one failing call.

use std::collections::{HashMap, HashSet};

/// A call tree. Functions are absolute addresses as the tracer gave them.
#[derive(Debug, Clone, Default)]
pub(super) struct CallTree {
    calls: Vec<Call>,
    /// Calls that have not returned, outermost first, with the depth that the tracer gave.
    open: Vec<(usize, i64)>,
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// The function.
    pub(super) function: u64,
    /// Index of the caller's call.
    pub(super) parent: Option<usize>,
    /// What it returned, where the tracer records that: the register.
    pub(super) value: Option<i64>,
}

impl CallTree {
    /// Notes that a function was entered.
    pub(super) fn enter(&mut self, function: u64, depth: i64) {
        self.close(depth);
        self.calls.push(Call {
            function,
            parent: self.open.last().map(|&(index, _)| index),
            value: None,
        });
        self.open.push((self.calls.len() - 1, depth));
    }

    /// Notes that a function returned.
    pub(super) fn leave(&mut self, function: u64, depth: i64, value: Option<i64>) {
        self.close(depth.saturating_add(1));
        if let Some(&(index, open)) = self.open.last()
            && open == depth
            && self.calls[index].function == function
        {
            self.calls[index].value = value;
            self.open.pop();
        }
    }

    /// Replaces each function's address.
    pub(super) fn rename(&mut self, mut new: impl FnMut(u64) -> u64) {
        for call in &mut self.calls {
            call.function = new(call.function);
        }
    }

    /// The calls, each behind its caller.
    pub(super) fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Calls by index, the shallowest first; those of one depth in the order of time.
    pub(super) fn by_depth(&self) -> Vec<usize> {
        let depths = self.depths();
        let mut order: Vec<usize> = (0..self.calls.len()).collect();
        order.sort_by_key(|&index| depths[index]);
        order
    }

    /// Distance of each call from the outermost one.
    pub(super) fn depths(&self) -> Vec<usize> {
        let mut depths: Vec<usize> = Vec::with_capacity(self.calls.len());
        for call in &self.calls {
            depths.push(call.parent.map_or(0, |parent| depths[parent] + 1));
        }
        depths
    }

    /// Whether call `index` was made by `ancestor` or by what that called.
    pub(super) fn is_below(&self, index: usize, ancestor: usize) -> bool {
        let mut at = self.calls[index].parent;
        while let Some(parent) = at {
            if parent == ancestor {
                return true;
            }
            at = self.calls[parent].parent;
        }
        false
    }

    /// The functions that called others.
    pub(super) fn callers(&self) -> HashSet<u64> {
        let parents = self.calls.iter().filter_map(|call| call.parent);
        parents.map(|parent| self.calls[parent].function).collect()
    }

    /// Takes out the calls of functions for which `is_boundary`, with all that they called.
    pub(super) fn prune(&mut self, is_boundary: impl Fn(u64) -> bool) {
        let mut kept: Vec<Option<usize>> = Vec::with_capacity(self.calls.len());
        let mut calls = Vec::new();
        for call in &self.calls {
            let parent = call.parent.map(|parent| kept[parent]);
            if parent == Some(None) || is_boundary(call.function) {
                kept.push(None);
                continue;
            }
            kept.push(Some(calls.len()));
            calls.push(Call {
                parent: parent.flatten(),
                ..*call
            });
        }
        self.calls = calls;
        self.open.clear();
    }

    /// How often each function was called.
    pub(super) fn counts(&self) -> HashMap<u64, usize> {
        let mut counts = HashMap::new();
        for call in &self.calls {
            *counts.entry(call.function).or_default() += 1;
        }
        counts
    }

    /// The deepest call whose function `returned` the error and whose callers did so too, as far as that is known:
    /// where the error came from, or the way to it.
    pub(super) fn deepest(
        &self,
        returned: &HashSet<u64>,
        could_return: impl Fn(u64) -> bool,
    ) -> Option<usize> {
        let depths = self.depths();
        let mut on_path: Vec<bool> = Vec::with_capacity(self.calls.len());
        for call in &self.calls {
            let above = call.parent.is_none_or(|parent| on_path[parent]);
            on_path
                .push(above && (returned.contains(&call.function) || !could_return(call.function)));
        }
        (0..self.calls.len())
            .filter(|&index| on_path[index] && returned.contains(&self.calls[index].function))
            .max_by_key(|&index| depths[index])
    }

    fn close(&mut self, depth: i64) {
        while self.open.last().is_some_and(|&(_, open)| open >= depth) {
            self.open.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mount(1) calls path(2), which calls lock(3), count(4) and free(5).
    fn tree() -> CallTree {
        let mut tree = CallTree::default();
        tree.enter(1, 0);
        tree.enter(2, 1);
        for function in [3, 4, 5] {
            tree.enter(function, 2);
            tree.leave(function, 2, Some(-28));
        }
        tree.leave(2, 1, Some(-28));
        tree.leave(1, 0, None);
        tree
    }

    #[test]
    fn callers_and_depths() {
        let tree = tree();
        let parents: Vec<_> = tree.calls().iter().map(|call| call.parent).collect();
        assert_eq!(parents, [None, Some(0), Some(1), Some(1), Some(1)]);
        assert_eq!(tree.depths(), [0, 1, 2, 2, 2]);
        assert!(tree.is_below(4, 0) && !tree.is_below(1, 4));
        assert_eq!(tree.calls()[3].value, Some(-28));
    }

    #[test]
    fn a_lost_return_does_not_bend_the_tree() {
        let mut tree = CallTree::default();
        tree.enter(1, 0);
        tree.enter(2, 1);
        tree.enter(9, 2);
        // 9 and 2 returned unseen.
        tree.enter(3, 1);
        tree.leave(3, 1, None);
        assert_eq!(tree.calls()[3].parent, Some(0));
    }

    #[test]
    fn interrupts_are_taken_out() {
        let mut tree = tree();
        tree.prune(|function| function == 3);
        let functions: Vec<_> = tree.calls().iter().map(|call| call.function).collect();
        assert_eq!(functions, [1, 2, 4, 5]);
        assert_eq!(tree.calls()[3].parent, Some(1));
        tree.prune(|function| function == 2);
        assert_eq!(tree.calls().len(), 1);
        assert!(tree.callers().is_empty());
    }

    #[test]
    fn the_deepest_is_on_a_path_of_errors() {
        let tree = tree();
        assert_eq!(tree.deepest(&HashSet::from([1, 2, 4]), |_| true), Some(3));
        // 2 is void or was not probed: the path goes through it.
        assert_eq!(
            tree.deepest(&HashSet::from([1, 4]), |function| function != 2),
            Some(3)
        );
        // 2 returned something else: what is below it is not the way.
        assert_eq!(tree.deepest(&HashSet::from([1, 4]), |_| true), Some(0));
        assert_eq!(tree.deepest(&HashSet::new(), |_| true), None);
    }
}
