//! The way down a failing call's tree, batch by batch.

use std::collections::HashSet;

use format_spec::{linux::interrupt, record::ReturnType};

use super::{
    Sink,
    calls::FailingCall,
    choice::{self, Knowledge},
    means::probe_line,
    pass::ArmedPass,
    places::{self, Place},
    returns::{self, Context},
    tree::CallTree,
};
use crate::{
    guard::Guard,
    kernel::Kernel,
    reach::{Reach, is_hot},
    sentinels::Way,
    tracefs::TracefsError,
};

/// Most batches of one zoom.
const MAX_BATCHES: u32 = 5;

/// The way down a failing tree.
#[derive(Debug)]
pub(super) struct Descent {
    /// The failing call's tree.
    pub(super) tree: CallTree,
    /// What is known so far.
    pub(super) known: Knowledge,
    /// The way that a sentinel saw.
    way: Option<Way>,
    /// Functions that the graph hooked.
    hooked: HashSet<u64>,
    /// Calls below which places were looked for.
    searched: HashSet<usize>,
    batches: u32,
}

/// What to probe next.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Functions, at their returns.
    pub(super) functions: Vec<u64>,
    /// Instructions that make the error.
    pub(super) places: Vec<Place>,
}

impl Batch {
    /// Whether there is nothing to probe.
    pub(super) fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.places.is_empty()
    }
}

impl Descent {
    /// Begins with a failing call of the graph pass, and the way that a sentinel saw, if any.
    ///
    /// Functions are brought to the start of their symbol: the tracer's addresses may lie a few bytes behind it.
    pub(super) fn new(
        mut tree: CallTree,
        way: Option<Way>,
        hooked: HashSet<u64>,
        kernel: &Kernel,
    ) -> Self {
        let start = |address| Some(kernel.containing(address)?.address);
        tree.rename(|address| start(address).unwrap_or(address));
        let name = |address| Some(kernel.containing(address)?.name);
        tree.prune(|function| name(function).is_some_and(interrupt::begins_at));
        Self {
            tree,
            way,
            hooked,
            known: Knowledge::default(),
            searched: HashSet::new(),
            batches: 0,
        }
    }

    /// Learns from the values that failing calls returned.
    pub(super) fn learn(&mut self, calls: &[FailingCall], errno: u16, kernel: &Kernel) {
        for &(function, value) in calls.iter().flat_map(|call| &call.returns) {
            if is_error(kernel, function, value, errno) {
                self.known.returned.insert(function);
            }
        }
        let made = calls.iter().flat_map(|call| &call.made);
        let start = |&place| Some(kernel.containing(place)?.address);
        self.known.made.extend(made.filter_map(start));
    }

    /// Learns from the values that the graph itself gave.
    pub(super) fn learn_from_tree(&mut self, errno: u16, kernel: &Kernel) {
        for call in self.tree.calls() {
            self.known.asked.insert(call.function);
            let is_it = |value| is_error(kernel, call.function, value, errno);
            if call.value.is_some_and(is_it) {
                self.known.returned.insert(call.function);
            }
        }
    }

    /// The next batch; empty when there is nothing more to learn. Places are looked for once the deepest function that
    /// returned the error is known, where `reach` can tell what it calls.
    pub(super) fn next(
        &mut self,
        errno: u16,
        kernel: &Kernel,
        reach: Option<&mut Reach<'_>>,
    ) -> Batch {
        let is_caught = !self.known.made.is_empty();
        if self.batches == MAX_BATCHES || is_caught || self.is_way_confirmed(kernel) {
            return Batch::default();
        }
        let functions = self.next_functions(kernel);
        let places = match (self.deepest(), reach) {
            (Some(deepest), Some(reach)) if self.searched.insert(deepest) => places::below(
                &self.tree,
                deepest,
                &self.known,
                &self.hooked,
                errno,
                kernel,
                reach,
            ),
            _ => Vec::new(),
        };
        Batch { functions, places }
    }

    /// The deepest call that is known to have returned the error.
    fn deepest(&self) -> Option<usize> {
        let asked = |function| self.known.asked.contains(&function);
        self.tree.deepest(&self.known.returned, asked)
    }

    fn next_functions(&self, kernel: &Kernel) -> Vec<u64> {
        let is_wanted = |function| {
            let found = kernel.containing(function);
            found.is_some_and(|found| {
                !is_hot(found.name) && probe_line(kernel, &found, String::new()).is_some()
            })
        };
        let way = self.way.as_ref().map_or(&[][..], |way| &way.functions);
        choice::next(&self.tree, &self.known, way, is_wanted)
    }

    /// Whether the functions on the sentinel's way were seen to return the error, all that could: then nothing below
    /// the first one is left to be asked.
    fn is_way_confirmed(&self, kernel: &Kernel) -> bool {
        let Some(way) = &self.way else {
            return false;
        };
        let errors = way.functions.iter().skip(way.is_predicate.into());
        let could = |function: u64| {
            let found = kernel.containing(function);
            found.is_some_and(|found| probe_line(kernel, &found, String::new()).is_some())
        };
        let mut asked = errors.filter(|&&function| could(function)).peekable();
        asked.peek().is_some() && asked.all(|function| self.known.returned.contains(function))
    }

    /// Arms a batch. What was changed is in the guard, in any case.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub(super) fn arm(
        &mut self,
        batch: &Batch,
        context: Context<'_>,
        guard: &mut Guard,
        sink: Sink<'_>,
    ) -> Result<ArmedPass, TracefsError> {
        self.batches += 1;
        // The function that the batch hangs below ties it to the batch before.
        let anchor = self
            .deepest()
            .map(|index| self.tree.calls()[index].function);
        let functions = anchor.into_iter().chain(batch.functions.iter().copied());
        let functions: Vec<u64> = functions.collect();
        self.known.asked.extend(&batch.functions);
        returns::arm(&functions, &batch.places, context, guard, sink)
    }
}

/// Whether `value`, as wide as the function's type, is `-errno`.
fn is_error(kernel: &Kernel, function: u64, value: i64, errno: u16) -> bool {
    let Some(found) = kernel.containing(function) else {
        return false;
    };
    let error = -i64::from(errno);
    match kernel.return_type(&found) {
        ReturnType::Void | ReturnType::Aggregate | ReturnType::Bool => false,
        ReturnType::Pointer | ReturnType::Signed(64) | ReturnType::Unsigned(64) => value == error,
        ReturnType::Unsigned(_) => false,
        // The upper half of an `int` is undefined on arm64.
        ReturnType::Signed(_) | ReturnType::Unknown => (value ^ error) & 0xffff_ffff == 0,
    }
}
