//! Functions that cannot have said no in a failing call, whatever the shape of its calls suggests.

use std::collections::{HashMap, HashSet};

use format_spec::record::ReturnType;

use super::{
    makers::Makers,
    recorded::{Head, Recorded},
};
use crate::{graph::Outcome, load::SymbolTable};

/// What clears functions of one kind of failure.
pub(super) struct Innocent<'a> {
    makers: &'a Makers<'a>,
    symbols: &'a SymbolTable,
    errno: u16,
    /// Functions that were watched in such failures, and returned no errno in any of them.
    passed: HashSet<u64>,
}

impl<'a> Innocent<'a> {
    pub(super) fn new(recorded: &Recorded<'a>, makers: &'a Makers<'a>) -> Self {
        let symbols = &recorded.bundle.symbols;
        let mut all_passed: HashMap<u64, bool> = HashMap::new();
        for run in recorded.failing(&recorded.calls.returns, Head::of_run) {
            for hit in &run.hits {
                let outcome = Outcome::read(hit.value.unwrap_or(0), symbols.returns(hit.function));
                let passed = hit.value.is_some() && outcome.is_some_and(|is| is.errno().is_none());
                *all_passed.entry(hit.function).or_insert(true) &= passed;
            }
        }
        all_passed.retain(|_, passed| *passed);
        Self {
            makers,
            symbols,
            errno: recorded.task.errno,
            passed: all_passed.into_keys().collect(),
        }
    }

    /// Whether `function` did not return the errno: what it returns can hold none, its code gives none, or it was
    /// seen to return something else each time.
    pub(super) fn has(&self, function: u64) -> bool {
        let start = self.symbols.start(function);
        !holds_errno(self.symbols.returns(start))
            || self.passed.contains(&start)
            || self.makers.never_returns(start, self.errno)
    }
}

/// Whether a result of that type can be an errno. What returns nothing may have been inlined around something that does:
/// it is taken for clean-up elsewhere.
pub(super) fn holds_errno(returns: ReturnType) -> bool {
    match returns {
        ReturnType::Bool | ReturnType::Aggregate => false,
        ReturnType::Unsigned(bits) => bits > 32,
        ReturnType::Void | ReturnType::Pointer | ReturnType::Signed(_) | ReturnType::Unknown => {
            true
        }
    }
}
