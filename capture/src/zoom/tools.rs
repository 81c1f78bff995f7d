//! What a zoom works with, and shares with the rest of the recording.

use crate::{
    evidence::Evidence,
    guard::Guard,
    output::{Output, Sink},
    sentinels::Sentinels,
};

/// The recording's shared parts.
pub(crate) struct Tools<'a, 'k> {
    /// Where changes to the host are noted.
    pub(crate) guard: &'a mut Guard,
    /// What they saw shows the way down a failing call.
    pub(crate) sentinels: &'a mut Sentinels<'k>,
    /// What was sent about functions.
    pub(crate) evidence: &'a mut Evidence,
    /// Where records go.
    pub(crate) sink: Sink<'a>,
}

impl Tools<'_, '_> {
    /// Sends a record.
    pub(crate) fn send(&mut self, output: Output) {
        (self.sink)(output);
    }
}
