//! Which functions a syscall can call, so that the function graph hooks these and little else.
//!
//! A hooked function costs whoever calls it some microseconds, traced or not. So a graph is armed on:
//!
//! - what the entry function reaches by direct calls, which its machine code shows ([`closure`]);
//! - what can be reached by a pointer at all: functions whose address is in data, where operations are kept
//!   ([`taken`]). An unrelated syscall calls few of those, and one failing call shows which it went through: they are
//!   entries of the next graph;
//! - of all these not what other programs call all the time, as measured ([`heat`]).
//!
//! They are written as positions in `available_filter_functions` ([`hookable`]), for each name would cost the kernel
//! a walk over all functions.

mod closure;
mod edges;
mod heat;
mod hookable;
mod hot;
mod taken;

#[cfg(any(test, target_arch = "aarch64"))]
mod arm64;
#[cfg(any(test, target_arch = "x86_64"))]
mod x86_64;

use std::{collections::HashSet, fmt::Write, thread};

use closure::Closure;
use heat::{Budget, Heats};
use hookable::Hookable;
pub(crate) use hot::is_hot;

use crate::{kernel::Kernel, tracefs::Tracefs};

/// Most functions of one graph: writing them takes the kernel some 30 µs each under emulation.
const MAX_FUNCTIONS: usize = 24_000;

/// Distance at which functions reached by a pointer stand in line.
const TAKEN_DISTANCE: u32 = 4;

/// What is known of this kernel's calls.
#[derive(Debug)]
pub(crate) struct Reach<'k> {
    kernel: &'k Kernel,
    hookable: Hookable,
    /// Those that can be called by a pointer, by rising address.
    taken: Vec<Candidate>,
    closure: Closure<'k>,
}

/// A function that may be hooked.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    function: u64,
    position: u32,
    heats: Heats,
}

/// Functions to hook.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hooks {
    /// Positions in `available_filter_functions`, from 1.
    pub(crate) positions: Vec<u32>,
    /// The functions at these positions.
    pub(crate) hooked: HashSet<u64>,
    /// The functions that the entries reach by direct calls, hooked or not.
    pub(crate) covered: HashSet<u64>,
    /// Functions that were left out because others call them too often.
    pub(crate) too_hot: usize,
}

impl Hooks {
    /// The positions, with a blank between them.
    pub(crate) fn as_words(&self) -> String {
        let mut words = String::with_capacity(self.positions.len() * 6);
        for position in &self.positions {
            let blank = if words.is_empty() { "" } else { " " };
            // Writing to a string does not fail.
            let _ = write!(words, "{blank}{position}");
        }
        words
    }
}

impl<'k> Reach<'k> {
    /// Reads what can be hooked and what data points to: about 100 ms, once in a recording.
    ///
    /// # Errors
    /// Why functions cannot be hooked by position, in words. That code cannot be read is none.
    pub(crate) fn load(kernel: &'k Kernel, tracefs: &Tracefs) -> Result<Self, String> {
        // The kernel takes its time to print the one, the other is read from memory.
        let (taken, hookable) = thread::scope(|scope| {
            let find = || taken::find(kernel);
            let thread = thread::Builder::new().name("taken".into());
            let taken = thread.spawn_scoped(scope, find);
            let hookable = Hookable::load(kernel, tracefs);
            // Without a thread it is read now; one that panicked has found nothing.
            let taken =
                taken.map_or_else(|_| find(), |thread| thread.join().unwrap_or(Ok(Vec::new())));
            (taken, hookable)
        });
        let mut reach = Self {
            kernel,
            hookable: hookable?,
            taken: Vec::new(),
            closure: Closure::new(kernel),
        };
        let taken = taken.unwrap_or_default().into_iter();
        reach.taken = taken
            .filter_map(|function| reach.candidate(function))
            .collect();
        Ok(reach)
    }

    /// `function`, if it can be hooked and does not run all the time.
    fn candidate(&self, function: u64) -> Option<Candidate> {
        let position = self.hookable.position(function)?;
        let found = self.kernel.containing(function)?;
        (!is_hot(found.name)).then(|| Candidate {
            function,
            position,
            heats: heat::of(found.name),
        })
    }

    /// Whether modules came or went since it was read: positions have changed then.
    pub(crate) fn is_stale(&self) -> bool {
        self.hookable.is_stale()
    }

    /// What to hook for calls of `syscall` below `entries`, addresses of functions.
    pub(crate) fn hooks(&mut self, syscall: &str, entries: &[u64]) -> Hooks {
        let distances = self.closure.from(entries);
        let near = |function| match distances.get(&function) {
            Some(&distance) => distance.min(TAKEN_DISTANCE),
            None => TAKEN_DISTANCE,
        };
        let taken = self.taken.iter();
        let mut ordered: Vec<(u32, Candidate)> = taken
            .map(|&candidate| (near(candidate.function), candidate))
            .collect();
        let direct = distances.iter().filter(|(function, _)| {
            let taken = &self.taken;
            let known = taken.binary_search_by_key(*function, |candidate| candidate.function);
            known.is_err()
        });
        let direct =
            direct.filter_map(|(&function, &distance)| Some((distance, self.candidate(function)?)));
        ordered.extend(direct);
        // Without code nothing is known of who calls whom: all but what is hot.
        if distances.len() == entries.len() {
            let all = self.hookable.functions();
            let all = all.filter_map(|function| self.candidate(function));
            ordered.extend(all.map(|candidate| (near(candidate.function), candidate)));
        }
        // Nearest first: what is far makes room when others would suffer.
        ordered.sort_by_cached_key(|&(distance, candidate)| {
            let heat = heat::most(candidate.heats, syscall);
            (distance, heat, candidate.function)
        });
        ordered.dedup_by_key(|(_, candidate)| candidate.function);
        // What is called by pointer has a share of its own: it shows where a call goes on.
        let mut direct = Budget::half(syscall);
        let mut by_pointer = Budget::half(syscall);
        let mut hooks = Hooks {
            covered: distances.keys().copied().collect(),
            ..Hooks::default()
        };
        for (distance, candidate) in ordered {
            if hooks.positions.len() == MAX_FUNCTIONS {
                break;
            }
            let budget = if distance < TAKEN_DISTANCE {
                &mut direct
            } else {
                &mut by_pointer
            };
            // The entries themselves show where a call begins.
            if distance == 0 || budget.admits(candidate.heats) {
                hooks.positions.push(candidate.position);
                hooks.hooked.insert(candidate.function);
            } else {
                hooks.too_hot += 1;
            }
        }
        hooks
    }

    /// What `functions` reach by direct calls without going through one that is `hooked`: such a call would have been
    /// seen. The nearest come first, and `functions` themselves before them.
    pub(crate) fn unseen_below(&mut self, functions: &[u64], hooked: &HashSet<u64>) -> Vec<u64> {
        let reached = self
            .closure
            .through(functions, |function| !hooked.contains(&function));
        let mut reached: Vec<(u32, u64)> = reached
            .into_iter()
            .map(|(function, distance)| (distance, function))
            .collect();
        reached.sort_unstable();
        reached.into_iter().map(|(_, function)| function).collect()
    }
}
