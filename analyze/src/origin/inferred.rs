//! Without return values: failing and successful trees of one syscall lined up, or the clean-up after the refusal.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::cleanup::is_cleanup;
use crate::{graph::CallTree, load::SymbolTable};

/// Deepest descent; kernel stacks hold far fewer frames.
const MAX_DEPTH: usize = 256;

/// The call after which `failing` goes another way than `successful`, both of one syscall.
pub(super) fn by_alignment(
    failing: &CallTree,
    successful: &CallTree,
    symbols: &SymbolTable,
) -> Option<usize> {
    let mut at = failing.roots().last()?;
    let mut other = successful.roots().last()?;
    if failing.calls()[at].function != successful.calls()[other].function {
        return None;
    }
    let mut found = None;
    for _ in 0..MAX_DEPTH {
        let ours = own(failing, at);
        let theirs = own(successful, other);
        let pairs = pairs(failing, &ours, successful, &theirs);
        // Of the calls that both made, the last one that did less within the failing tree.
        let shorter = pairs
            .iter()
            .rev()
            .find(|&&(ours, theirs)| lacks(failing, ours, successful, theirs));
        if let Some(&(ours, theirs)) = shorter {
            (at, other) = (ours, theirs);
            found = Some(at);
            continue;
        }
        // Behind the refusal the failing call only cleans up, and the successful one goes on.
        let told = pairs
            .iter()
            .rev()
            .find(|&&(ours, _)| !cleans_up(failing, ours, symbols));
        let goes_on = theirs.iter().any(|&index| {
            told.is_none_or(|&(_, last)| index > last) && !cleans_up(successful, index, symbols)
        });
        return match told {
            Some(&(ours, _)) if goes_on => Some(ours),
            _ => found.or(goes_on.then_some(at)),
        };
    }
    found
}

/// The last call that was not clean-up, as deep as it goes.
pub(super) fn by_cleanup(failing: &CallTree, symbols: &SymbolTable) -> Option<usize> {
    let mut at = failing.roots().last()?;
    for _ in 0..MAX_DEPTH {
        let last = own(failing, at)
            .into_iter()
            .rev()
            .find(|&index| !cleans_up(failing, index, symbols));
        match last {
            Some(index) => at = index,
            None => break,
        }
    }
    Some(at)
}

/// The calls that `index` made itself, without those of interrupts.
fn own(tree: &CallTree, index: usize) -> Vec<usize> {
    tree.children(index)
        .filter(|&child| !tree.calls()[child].interrupt)
        .collect()
}

fn cleans_up(tree: &CallTree, index: usize, symbols: &SymbolTable) -> bool {
    let function = tree.calls()[index].function;
    is_cleanup(&symbols.name(function), symbols.returns(function))
}

/// Calls that both made, in order.
fn pairs(
    failing: &CallTree,
    ours: &[usize],
    successful: &CallTree,
    theirs: &[usize],
) -> Vec<(usize, usize)> {
    let functions = |tree: &CallTree, calls: &[usize]| -> Vec<u64> {
        calls
            .iter()
            .map(|&index| tree.calls()[index].function)
            .collect()
    };
    let (a, b) = (functions(failing, ours), functions(successful, theirs));
    let mut pairs = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &a, &b) {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = op
        {
            pairs.extend((0..len).map(|step| (ours[old_index + step], theirs[new_index + step])));
        }
    }
    pairs
}

/// Whether the failing call did not make a call that the successful one made.
fn lacks(failing: &CallTree, ours: usize, successful: &CallTree, theirs: usize) -> bool {
    let made: Vec<u64> = own(failing, ours)
        .iter()
        .map(|&index| failing.calls()[index].function)
        .collect();
    own(successful, theirs)
        .iter()
        .any(|&index| !made.contains(&successful.calls()[index].function))
}
