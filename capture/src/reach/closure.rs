//! What functions reach by direct calls.

use std::collections::{HashMap, VecDeque};

use super::{edges::Edge, hot::is_hot};
use crate::kernel::Kernel;

/// How many calls away from an entry a function may be.
const MAX_DISTANCE: u32 = 12;

/// Most functions of one closure.
const MAX_FUNCTIONS: usize = 8_000;

/// Most bytes of one function that are looked at; the longest ones have tens of KiB.
const MAX_BYTES: u64 = 64 << 10;

/// The call graph, as far as it was looked at.
#[derive(Debug)]
pub(super) struct Closure<'k> {
    kernel: &'k Kernel,
    callees: HashMap<u64, Box<[u64]>>,
    /// Whether an address is the start of a function that is followed: most are called from many places.
    followed: HashMap<u64, bool>,
}

impl<'k> Closure<'k> {
    /// Nothing was looked at yet.
    pub(super) fn new(kernel: &'k Kernel) -> Self {
        Self {
            kernel,
            callees: HashMap::new(),
            followed: HashMap::new(),
        }
    }

    /// The functions that `entries` reach, with how many calls away they are.
    pub(super) fn from(&mut self, entries: &[u64]) -> HashMap<u64, u32> {
        self.through(entries, |_| true)
    }

    /// The functions that `entries` reach by way of functions that are `open`, with how many calls away they are.
    pub(super) fn through(
        &mut self,
        entries: &[u64],
        open: impl Fn(u64) -> bool,
    ) -> HashMap<u64, u32> {
        let kernel = self.kernel;
        let (callees, followed) = (&mut self.callees, &mut self.followed);
        let mut is_followed = |target| {
            let known = followed.entry(target);
            *known.or_insert_with(|| is_followed(kernel, target))
        };
        walk(entries, |function, each| {
            let known = callees.entry(function);
            let known = known.or_insert_with(|| look_at(kernel, function, &mut is_followed));
            known
                .iter()
                .copied()
                .filter(|&callee| open(callee))
                .for_each(each);
        })
    }
}

/// `callees` hands the callees of a function to what it is given.
fn walk(entries: &[u64], mut callees: impl FnMut(u64, &mut dyn FnMut(u64))) -> HashMap<u64, u32> {
    let mut distances: HashMap<u64, u32> = entries.iter().map(|&entry| (entry, 0)).collect();
    let mut waiting: VecDeque<u64> = entries.iter().copied().collect();
    while let Some(function) = waiting.pop_front() {
        let distance = distances[&function] + 1;
        if distance > MAX_DISTANCE {
            break;
        }
        callees(function, &mut |callee| {
            if distances.len() < MAX_FUNCTIONS && !distances.contains_key(&callee) {
                distances.insert(callee, distance);
                waiting.push_back(callee);
            }
        });
    }
    distances
}

/// Whether `target` is a function. Those that run all the time are left out, with all that only they call: a wake-up is
/// not followed into the scheduler.
fn is_followed(kernel: &Kernel, target: u64) -> bool {
    let callee = kernel.containing(target);
    callee
        .is_some_and(|callee| callee.address == target && callee.is_text() && !is_hot(callee.name))
}

/// The functions that `function` calls or whose address it takes.
fn look_at(
    kernel: &Kernel,
    function: u64,
    is_followed: &mut impl FnMut(u64) -> bool,
) -> Box<[u64]> {
    let mut callees = Vec::new();
    if let Some(found) = kernel.containing(function) {
        let code = kernel.first_bytes(&found, MAX_BYTES);
        let own = found.address..found.address + found.size;
        edges(&code, found.address, |edge| callees.push(edge.target()));
        callees.sort_unstable();
        callees.dedup();
        callees.retain(|target| !own.contains(target) && is_followed(*target));
    }
    callees.into()
}

/// Hands each edge of `code`, which stands at `address`, to `each`.
pub(super) fn edges(code: &[u8], address: u64, each: impl FnMut(Edge)) {
    #[cfg(target_arch = "aarch64")]
    super::arm64::edges(code, address, each);
    #[cfg(target_arch = "x86_64")]
    super::x86_64::edges(code, address, each);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_goes_as_far_as_it_may() {
        let chain = walk(&[0], |function, each| each(function + 1));
        assert_eq!(chain.len(), MAX_DISTANCE as usize + 1);
        assert_eq!(chain[&5], 5);
    }

    #[test]
    fn a_walk_takes_no_more_than_it_may_and_the_nearest_first() {
        let found = walk(&[0], |function, each| match function {
            0 => (1..=5_000).for_each(each),
            5_000 => (5_001..=20_000).for_each(each),
            _ => {}
        });
        assert_eq!(found.len(), MAX_FUNCTIONS);
        assert!((1..=5_000).all(|function| found[&function] == 1));
    }

    #[test]
    fn circles_end() {
        let found = walk(&[1, 2], |function, each| {
            [2, 1][..=usize::from(function == 1)]
                .iter()
                .copied()
                .for_each(each)
        });
        assert_eq!(found, HashMap::from([(1, 0), (2, 0)]));
    }
}
