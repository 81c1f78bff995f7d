//! Which functions make an errno of their own, as their machine code shows.

use std::collections::BTreeSet;

use crate::{
    code::{Call, FunctionEvidence, Kernel, references},
    load::SymbolTable,
};

/// What the code of functions shows.
pub(super) struct Makers<'a> {
    kernel: &'a Kernel,
    symbols: &'a SymbolTable,
}

impl<'a> Makers<'a> {
    pub(super) fn new(kernel: &'a Kernel, symbols: &'a SymbolTable) -> Self {
        Self { kernel, symbols }
    }

    /// Whether `function` may return `errno` as a constant of its own; `None` when its code was not recorded.
    pub(super) fn makes(&self, function: u64, errno: u16) -> Option<bool> {
        self.look(function, |shown| shown.errnos.contains(&errno))
    }

    /// Whether `function` may return what it is told by `callee`, or by a function that it calls by pointer.
    pub(super) fn passes_on(&self, function: u64, callee: u64) -> bool {
        let callee = Some(self.symbols.start(callee));
        let passes = |shown: &FunctionEvidence| {
            let mut told = shown.calls.iter().filter(|call| call.effect.returned);
            told.any(|call| call.target.is_none() || call.target == callee)
        };
        self.look(function, passes).unwrap_or(false)
    }

    /// Whether `function` may return what one of its calls told it; `true` when its code was not recorded.
    pub(super) fn asks(&self, function: u64) -> bool {
        let returned =
            |shown: &FunctionEvidence| shown.calls.iter().any(|call| call.effect.returned);
        self.look(function, returned).unwrap_or(true)
    }

    /// The functions whose results `function` may return, each once, `None` for those that it calls by pointer; no list
    /// when its code was not recorded.
    pub(super) fn may_return(&self, function: u64) -> Option<BTreeSet<Option<u64>>> {
        self.look(function, |shown| {
            let told = shown.calls.iter().filter(|call| call.effect.returned);
            told.map(|call| call.target).collect()
        })
    }

    /// Whether `function` cannot return `errno`: its code makes none such, and returns what no call says.
    pub(super) fn never_returns(&self, function: u64, errno: u16) -> bool {
        self.makes(function, errno) == Some(false) && !self.asks(function)
    }

    /// The functions, by address, whose results `caller` hands to `callee` as arguments.
    pub(super) fn results_for(&self, caller: u64, callee: u64) -> Vec<u64> {
        let callee = Some(self.symbols.start(callee));
        let handed = |shown: &FunctionEvidence| {
            let is_callee = |call: &&Call| call.target == callee;
            let places: Vec<u64> = shown
                .calls
                .iter()
                .filter(is_callee)
                .map(|call| call.at)
                .collect();
            let given = shown.calls.iter().filter(|call| {
                call.effect
                    .passed_to
                    .iter()
                    .any(|place| places.contains(place))
            });
            given.filter_map(|call| call.target).collect()
        };
        self.look(caller, handed).unwrap_or_default()
    }

    fn look<T>(&self, function: u64, at: impl Fn(&FunctionEvidence) -> T) -> Option<T> {
        let shown = references(self.kernel, self.symbols.start(function))?;
        Some(at(&shown))
    }
}
