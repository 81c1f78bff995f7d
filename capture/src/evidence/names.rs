//! Symbols for the bundle, each once.

use std::collections::HashSet;

use crate::{
    kernel::Kernel,
    output::{Output, Sink},
};

/// The symbols that were sent so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    sent: HashSet<u64>,
}

impl Names {
    /// Sends the symbols that `addresses` (absolute) lie in, unless that was done before.
    pub(super) fn send(
        &mut self,
        addresses: impl IntoIterator<Item = u64>,
        kernel: &Kernel,
        sink: Sink<'_>,
    ) {
        let mut symbols = kernel.describe(addresses);
        symbols
            .symbols
            .retain(|symbol| self.sent.insert(symbol.address));
        if !symbols.symbols.is_empty() {
            sink(Output::Symbols(symbols));
        }
    }
}
