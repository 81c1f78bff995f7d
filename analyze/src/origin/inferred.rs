//! Without return values: failing and successful trees of one syscall lined up, or the clean-up after the refusal.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::cleanup::{is_cleanup, is_release};
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
            told.is_none_or(|&(_, last)| index > last) && !releases(successful, index, symbols)
        });
        return match told {
            Some(&(ours, _)) if goes_on => Some(ours),
            _ => found.or(goes_on.then_some(at)),
        };
    }
    found
}

/// The last call below `at` that was not clean-up, as deep as it goes.
pub(super) fn by_cleanup(failing: &CallTree, mut at: usize, symbols: &SymbolTable) -> usize {
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
    at
}

/// The security module's function on the way to `deepest`, or the hook that called it, when no successful call of the
/// same syscall came by that hook: a hook that passes is called by these too.
pub(super) fn by_hook(
    failing: &CallTree,
    deepest: usize,
    successful: &[&CallTree],
    symbols: &SymbolTable,
) -> Option<usize> {
    let way = failing.path(deepest);
    let is_hook = |&index: &usize| {
        let name = symbols.name(failing.calls()[index].function);
        name.starts_with("security_")
    };
    let at = way.iter().position(is_hook)?;
    let hook = failing.calls()[way[at]].function;
    let passes = |tree: &&CallTree| tree.calls().iter().any(|call| call.function == hook);
    let refused = !successful.is_empty() && !successful.iter().any(passes);
    refused.then(|| *way.get(at + 1).unwrap_or(&way[at]))
}

/// The innermost call on the way to `at` that stands above all that are `innocent`: what such a call was told by
/// others, it has dealt with.
pub(super) fn suspect(tree: &CallTree, at: usize, innocent: impl Fn(u64) -> bool) -> usize {
    let way = tree.path(at);
    let suspects = way
        .iter()
        .take_while(|&&index| !innocent(tree.calls()[index].function));
    suspects.last().or(way.first()).copied().unwrap_or(at)
}

/// Of the calls on the way to `deepest` the innermost one whose code makes the errno, as `makes` tells; where none is
/// known to, the one after which the ways part, else the innermost one whose code is not known, else the innermost one
/// that may have been told the errno by a call that the graph does not have, as `asks` tells.
pub(super) fn by_code(
    failing: &CallTree,
    aligned: Option<usize>,
    deepest: usize,
    makes: impl Fn(u64) -> Option<bool>,
    asks: impl Fn(u64) -> bool,
) -> usize {
    let mut way = failing.path(deepest);
    way.reverse();
    let answers: Vec<Option<bool>> = way
        .iter()
        .map(|&index| makes(failing.calls()[index].function))
        .collect();
    let first = |wanted| answers.iter().position(|&answer| answer == wanted);
    let makes = first(Some(true)).map(|at| way[at]);
    makes
        .or(aligned)
        .or_else(|| first(None).map(|at| way[at]))
        .or_else(|| {
            let mut way = way.iter().copied();
            way.find(|&index| asks(failing.calls()[index].function))
        })
        .unwrap_or(deepest)
}

/// The calls that `index` made itself, without those of interrupts.
pub(super) fn own(tree: &CallTree, index: usize) -> Vec<usize> {
    tree.children(index)
        .filter(|&child| !tree.calls()[child].interrupt)
        .collect()
}

pub(super) fn cleans_up(tree: &CallTree, index: usize, symbols: &SymbolTable) -> bool {
    let function = tree.calls()[index].function;
    is_cleanup(&symbols.name(function), symbols.returns(function))
}

/// Whether a call of a successful tree only releases. What returns nothing may do what the failing one was refused.
fn releases(tree: &CallTree, index: usize, symbols: &SymbolTable) -> bool {
    is_release(&symbols.name(tree.calls()[index].function))
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
