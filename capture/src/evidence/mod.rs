//! Evidence: the names of kernel addresses, and code evidence: what the functions of a failing path read, and which sysctls and fields that is.

mod names;

use std::collections::HashSet;

use crate::{
    kernel::Kernel,
    output::{Output, Sink},
};
use names::Names;

/// Most functions whose code is sent in one recording.
const MAX_FUNCTIONS: usize = 160;

/// What was sent so far: each name, each function's code, and the tables, once in a recording.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    names: Names,
    sent: HashSet<u64>,
    has_tables: bool,
    /// Functions that those call whose prototypes were sent.
    typed: HashSet<u64>,
    /// Structures whose layouts were sent.
    structures: HashSet<String>,
}

impl Evidence {
    /// Sends the symbols that `addresses` (absolute) lie in, unless that was done before.
    pub(crate) fn name(
        &mut self,
        addresses: impl IntoIterator<Item = u64>,
        kernel: &Kernel,
        sink: Sink<'_>,
    ) {
        self.names.send(addresses, kernel, sink);
    }

    /// Sends the code of `functions` that was not sent yet, the most telling ones first, and the tables with it.
    pub(crate) fn code(&mut self, functions: &[u64], kernel: &Kernel, sink: Sink<'_>) {
        let mut new = Vec::new();
        for &function in functions {
            if self.sent.len() < MAX_FUNCTIONS && self.sent.insert(function) {
                new.push(function);
            }
        }
        if new.is_empty() {
            return;
        }
        self.names.send(new.iter().copied(), kernel, sink);
        let code = kernel.code(new.iter().copied());
        let called = kernel.called(&code);
        self.names.send(called.iter().copied(), kernel, sink);
        let untyped = |address: &u64| self.typed.insert(*address);
        let called: Vec<u64> = called.into_iter().filter(untyped).collect();
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
        if let Some((types, layouts)) = kernel.types(&new, &called, &mut self.structures) {
            sink(Output::Types(types));
            if !layouts.fields.is_empty() {
                sink(Output::TypeLayouts(layouts));
            }
        }
    }
}
