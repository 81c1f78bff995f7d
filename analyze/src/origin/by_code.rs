//! From the call that returned the error on to the one that made it, where machine code shows that it only passed it on.

use super::{
    inferred::{cleans_up, own},
    makers::Makers,
};
use crate::{graph::CallTree, load::SymbolTable};

/// The call that made an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    /// This call of the tree.
    Call(usize),
    /// A call of `function` that `caller`, a call of the tree, made, and that was not recorded.
    Unseen { caller: usize, function: u64 },
}

/// The call that made the error `errno` which `at` returned; `None` where code does not show another one than `at`.
pub(super) fn maker(
    makers: &Makers<'_>,
    tree: &CallTree,
    symbols: &SymbolTable,
    at: usize,
    errno: u16,
) -> Option<Maker> {
    let below = below(makers, tree, symbols, at, errno);
    below
        .map(Maker::Call)
        .or_else(|| before(makers, tree, symbols, at, errno))
}

/// The call below `at` that made the error: of one that makes no such errno itself and passes on what it is told.
fn below(
    makers: &Makers<'_>,
    tree: &CallTree,
    symbols: &SymbolTable,
    mut at: usize,
    errno: u16,
) -> Option<usize> {
    let mut found = None;
    loop {
        let function = tree.calls()[at].function;
        if makers.makes(function, errno) != Some(false) {
            return found;
        }
        let told = own(tree, at).into_iter().rev().find(|&call| {
            tree.outcome(call, symbols).is_none()
                && !cleans_up(tree, call, symbols)
                && makers.passes_on(function, tree.calls()[call].function)
        });
        match told {
            Some(call) => at = call,
            None => return found,
        }
        found = Some(at);
    }
}

/// The call before `at` whose result was handed to `at` as an argument, where `at` can have the error from nowhere
/// else: `poll_select_finish` (`fs/select.c`) returns what `do_sys_poll` did.
fn before(
    makers: &Makers<'_>,
    tree: &CallTree,
    symbols: &SymbolTable,
    at: usize,
    errno: u16,
) -> Option<Maker> {
    let function = tree.calls()[at].function;
    let handed_in = makers.makes(function, errno) == Some(false) && !makers.asks(function);
    let caller = tree.parent(at).filter(|_| handed_in)?;
    let maker = makers
        .results_for(tree.calls()[caller].function, function)
        .into_iter()
        .find(|&maker| makers.makes(maker, errno) == Some(true))?;
    let is_maker = |&call: &usize| call < at && symbols.start(tree.calls()[call].function) == maker;
    let Some(call) = own(tree, caller).into_iter().rev().find(is_maker) else {
        return Some(Maker::Unseen {
            caller,
            function: maker,
        });
    };
    let told = tree.outcome(call, symbols);
    let fits = told.is_none_or(|told| told.errno() == Some(errno));
    fits.then_some(Maker::Call(call))
}
