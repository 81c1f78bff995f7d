//! The rounds of the graph: from what the entry function calls directly to what it reaches through pointers.
//!
//! The first round hooks what the entry reaches by direct calls, and every function that can be called by a pointer.
//! A failing call then shows which of these it went through: they are entries of the next round, which hooks what
//! they reach too.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use format_spec::record::ReturnType;

use super::{calls::FailingCall, means::Tier, tree::CallTree};
use crate::{kernel::Kernel, reach::Hooks};

/// Most rounds of one zoom.
const MAX: u32 = 4;

/// Most entries of one round.
const MAX_ENTRIES: usize = 96;

/// A further round is not begun with less time than this.
const LEAST_TIME: Duration = Duration::from_millis(300);

/// The rounds of one zoom.
#[derive(Debug)]
pub(super) struct Rounds {
    /// Functions whose direct calls are followed: the first is the entry function.
    entries: Vec<u64>,
    covered: HashSet<u64>,
    /// Functions that the last round hooked.
    pub(super) hooked: HashSet<u64>,
    /// Time for all rounds together; arming, which takes as long as the host takes, is not in it.
    left: Duration,
    count: u32,
    /// Failing calls of the rounds so far, the last round's first.
    pub(super) calls: Vec<FailingCall>,
}

impl Rounds {
    /// Before the first round: at `entry`, with `time` for all of them.
    pub(super) fn new(entry: u64, time: Duration) -> Self {
        Self {
            entries: vec![entry],
            covered: HashSet::new(),
            hooked: HashSet::new(),
            left: time,
            count: 0,
            calls: Vec::new(),
        }
    }

    /// Follows what an earlier zoom on the same kind of failure has shown too.
    pub(super) fn follow(&mut self, entries: &[u64]) {
        let known = self.entries.clone();
        let new = entries.iter().filter(|entry| !known.contains(entry));
        self.entries.extend(new);
    }

    /// The functions whose direct calls are followed.
    pub(super) fn entries(&self) -> &[u64] {
        &self.entries
    }

    /// How long the next round may wait for failures.
    pub(super) fn time(&self) -> Duration {
        self.left
    }

    /// Notes a round that was armed with `hooks`.
    pub(super) fn armed(&mut self, hooks: Hooks) {
        self.covered = hooks.covered;
        self.hooked = hooks.hooked;
        self.count += 1;
    }

    /// Notes the end of a round that waited for so long and caught `calls`.
    pub(super) fn ended(&mut self, waited: Duration, calls: Vec<FailingCall>) {
        self.left = self.left.saturating_sub(waited);
        self.calls.splice(0..0, calls);
    }

    /// Whether there is time for another round.
    pub(super) fn may_go_on(&self) -> bool {
        self.count < MAX && self.left >= LEAST_TIME
    }

    /// Learns from `call`, an outline of the failing one, what the next round is to follow. Returns whether it would
    /// show more than the last one.
    pub(super) fn learn(&mut self, call: &CallTree, tier: Tier, kernel: &Kernel) -> bool {
        let mut new = BTreeSet::new();
        for call in call.calls() {
            let Some(found) = kernel.containing(call.function) else {
                continue;
            };
            let failed = || match (tier, call.value) {
                (Tier::Graph, Some(value)) => is_failure(kernel.return_type(&found), value),
                _ => true,
            };
            if !self.covered.contains(&found.address) && failed() {
                new.insert(found.address);
            }
        }
        let room = MAX_ENTRIES.saturating_sub(self.entries.len());
        let before = self.entries.len();
        self.entries.extend(new.into_iter().take(room));
        self.entries.len() > before
    }
}

/// Whether `value` is any errno, as wide as the function's type; where nothing is returned it may have failed.
fn is_failure(kind: ReturnType, value: i64) -> bool {
    let value = match kind {
        ReturnType::Void | ReturnType::Aggregate => return true,
        ReturnType::Bool => return false,
        ReturnType::Signed(64) | ReturnType::Unsigned(_) | ReturnType::Pointer => value,
        // The upper half of an `int` is undefined on arm64.
        ReturnType::Signed(_) | ReturnType::Unknown => value << 32 >> 32,
    };
    value == 0 && kind == ReturnType::Pointer || (-4095..0).contains(&value)
}
