//! One tree with returned values: from the syscall down to the call that first said no.

use format_spec::record::ReturnType;

use super::{Told, Translation};
use crate::{
    graph::{CallTree, Outcome},
    load::SymbolTable,
};

/// Most calls of the origin that are kept as what it was told.
const MAX_TOLD: usize = 6;

/// Where the error of one tree began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Calls from the outermost one to the origin, by index.
    pub(super) path: Vec<usize>,
    pub(super) translated: Option<Translation>,
    pub(super) told: Vec<Told>,
}

pub(super) struct Walk<'a> {
    pub(super) tree: &'a CallTree,
    pub(super) symbols: &'a SymbolTable,
}

impl Walk<'_> {
    /// Follows `errno` down from the whole tree. `None` when no call of the tree returned it.
    pub(super) fn find(&self, errno: u16) -> Option<Found> {
        let roots: Vec<usize> = self.tree.roots().collect();
        let mut at = self.last_error(&roots, errno)?;
        while let Some(next) = self.last_error(&self.children(at), errno) {
            at = next;
        }
        Some(self.found(at))
    }

    /// Follows whatever errno the last call of the tree returned that returned any.
    pub(super) fn find_any(&self) -> Option<(u16, Found)> {
        let roots: Vec<usize> = self.tree.roots().collect();
        let errno = self
            .seen(&roots)
            .into_iter()
            .rev()
            .find_map(|(_, outcome)| outcome.errno())?;
        Some((errno, self.find(errno)?))
    }

    /// The origin when no call returned an errno, but one said no by NULL or false: its caller made an errno of it.
    pub(super) fn of_refusal(&self) -> Option<Found> {
        let roots: Vec<usize> = self.tree.roots().collect();
        let no = |outcome| matches!(outcome, Outcome::Null | Outcome::Truth(false));
        let mut seen = self.seen(&roots).into_iter().rev();
        let (at, _) = seen.find(|&(_, outcome)| no(outcome))?;
        Some(self.found(self.tree.parent(at).unwrap_or(at)))
    }

    /// The origin when the tree's outermost call is the syscall, and nothing below returned its errno.
    pub(super) fn of_root(&self) -> Option<Found> {
        let root = self.tree.roots().last()?;
        Some(self.found(root))
    }

    /// What is known of the call `at` as the one that made the error.
    pub(super) fn found(&self, at: usize) -> Found {
        let seen = self.seen(&self.children(at));
        Found {
            path: self.tree.path(at),
            translated: self.translation(&seen),
            told: self.told(&seen),
        }
    }

    /// Of the calls that returned `errno` to the caller of `siblings`, the last, unless the caller tried again and
    /// got through.
    fn last_error(&self, siblings: &[usize], errno: u16) -> Option<usize> {
        let seen = self.seen(siblings);
        let at = seen
            .iter()
            .rposition(|&(_, outcome)| outcome == Outcome::Error(errno))?;
        let (index, _) = seen[at];
        let function = self.tree.calls()[index].function;
        let retried = seen[at + 1..].iter().any(|&(later, outcome)| {
            self.tree.calls()[later].function == function && outcome.errno().is_none()
        });
        (!retried).then_some(index)
    }

    /// The calls among and below `siblings` whose value is known, in order of return. A call whose value is not
    /// known is looked through, unless it returns nothing: then no error comes up through it.
    fn seen(&self, siblings: &[usize]) -> Vec<(usize, Outcome)> {
        let mut seen = Vec::new();
        let mut stack: Vec<usize> = siblings.iter().rev().copied().collect();
        while let Some(index) = stack.pop() {
            let call = &self.tree.calls()[index];
            if call.interrupt {
                continue;
            }
            let returns = self.symbols.returns(call.function);
            match self.tree.outcome(index, self.symbols) {
                Some(outcome) => seen.push((index, outcome)),
                None if returns == ReturnType::Void => {}
                None => stack.extend(self.children(index).iter().rev()),
            }
        }
        seen
    }

    fn children(&self, index: usize) -> Vec<usize> {
        self.tree.children(index).collect()
    }

    /// An errno that the last call returned whose value is known: what the origin replaced by its own. All bits set is
    /// a number and no EPERM where the result is unsigned.
    fn translation(&self, seen: &[(usize, Outcome)]) -> Option<Translation> {
        let &(index, Outcome::Error(errno)) = seen.last()? else {
            return None;
        };
        let returns = self.symbols.returns(self.tree.calls()[index].function);
        if matches!(returns, ReturnType::Unsigned(_)) {
            return None;
        }
        let mut at = index;
        let mut path = vec![self.name(at)];
        while let Some(next) = self.last_error(&self.children(at), errno) {
            at = next;
            path.push(self.name(at));
        }
        Some(Translation {
            path,
            address: self.symbols.start(self.tree.calls()[at].function),
            errno,
        })
    }

    /// The last calls whose value is known. A check that wraps another one is preceded by what it was told itself.
    fn told(&self, seen: &[(usize, Outcome)]) -> Vec<Told> {
        let first = seen.len().saturating_sub(MAX_TOLD);
        let mut told = Vec::new();
        for &(index, outcome) in &seen[first..] {
            if outcome.errno().is_none() {
                let within = self.seen(&self.children(index));
                let first = within.len().saturating_sub(MAX_TOLD);
                told.extend(within[first..].iter().map(|&seen| self.one_told(seen)));
            }
            told.push(self.one_told((index, outcome)));
        }
        told
    }

    fn one_told(&self, (index, outcome): (usize, Outcome)) -> Told {
        Told {
            function: self.name(index),
            outcome,
            arguments: self.tree.arguments(index).to_vec(),
        }
    }

    fn name(&self, index: usize) -> String {
        self.symbols.name(self.tree.calls()[index].function)
    }
}
