//! Code evidence: what the functions of a failing path read, and which sysctls and fields that is.

use std::collections::HashSet;

use super::{Output, Sink, descent::Descent, names::Names};
use crate::kernel::Kernel;

/// Most functions whose code is sent in one recording.
const MAX_FUNCTIONS: usize = 160;

/// Most functions for one failing call.
const MAX_PER_CALL: usize = 48;

/// What was sent so far: each function, and the tables, once in a recording.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    sent: HashSet<u64>,
    has_tables: bool,
}

impl Evidence {
    /// Sends the code of `functions` that was not sent yet, the most telling ones first, and the tables with it.
    pub(super) fn send(
        &mut self,
        functions: &[u64],
        kernel: &Kernel,
        names: &mut Names,
        sink: Sink<'_>,
    ) {
        let mut new = Vec::new();
        for &function in functions {
            if self.sent.len() < MAX_FUNCTIONS && self.sent.insert(function) {
                new.push(function);
            }
        }
        if new.is_empty() {
            return;
        }
        names.send(new.iter().copied(), kernel, sink);
        let code = kernel.code(new);
        if !code.functions.is_empty() {
            sink(Output::Code(code));
        }
        if !std::mem::replace(&mut self.has_tables, true) {
            // Without them the analyzer still has symbols and code; why they are missing is in the manifest.
            if let Ok(tables) = kernel.ctl_tables() {
                sink(Output::CtlTables(tables));
            }
            if let Some(layouts) = kernel.type_layouts() {
                sink(Output::TypeLayouts(layouts));
            }
        }
    }
}

/// The functions of a failing call whose code tells why: those that returned the error, deepest first, what they
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
    let mut functions = Vec::new();
    let mut seen = HashSet::new();
    for index in errors.chain(below).chain(outside_in) {
        if functions.len() < MAX_PER_CALL && seen.insert(calls[index].function) {
            functions.push(calls[index].function);
        }
    }
    functions
}
