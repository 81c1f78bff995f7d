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

use std::collections::{BTreeMap, HashMap, HashSet};

use closure::Closure;
use heat::Budget;
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
    taken: Vec<u64>,
    closure: Closure<'k>,
}

/// Functions to hook.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hooks {
    /// Positions in `available_filter_functions`, from 1.
    pub(crate) positions: Vec<u32>,
    /// The functions that the entries reach by direct calls, hooked or not.
    pub(crate) covered: HashSet<u64>,
    /// Functions that were left out because others call them too often.
    pub(crate) too_hot: usize,
}

impl<'k> Reach<'k> {
    /// Reads what can be hooked and what data points to: about 100 ms, once in a recording.
    ///
    /// # Errors
    /// Why functions cannot be hooked by position, in words. That code cannot be read is none.
    pub(crate) fn load(kernel: &'k Kernel, tracefs: &Tracefs) -> Result<Self, String> {
        Ok(Self {
            kernel,
            hookable: Hookable::load(kernel, tracefs)?,
            taken: taken::find(kernel).unwrap_or_default(),
            closure: Closure::new(kernel),
        })
    }

    /// Whether modules came or went since it was read: positions have changed then.
    pub(crate) fn is_stale(&self) -> bool {
        self.hookable.is_stale()
    }

    /// What to hook for calls of `syscall` below `entries`, addresses of functions.
    pub(crate) fn hooks(&mut self, syscall: &str, entries: &[u64]) -> Hooks {
        let distances = self.closure.from(entries);
        let covered = distances.keys().copied().collect();
        let mut wanted: HashMap<u64, u32> = self
            .taken
            .iter()
            .map(|&function| (function, TAKEN_DISTANCE))
            .collect();
        // Without code nothing is known of who calls whom: all but what is hot.
        if distances.len() == entries.len() {
            let all = self.hookable.functions();
            wanted.extend(all.map(|function| (function, TAKEN_DISTANCE)));
        }
        for (function, distance) in distances {
            let known = wanted.entry(function).or_insert(distance);
            *known = distance.min(*known);
        }
        // Nearest first: what is far makes room when others would suffer.
        let mut ordered: BTreeMap<(u32, u32, u64), (u32, &str)> = BTreeMap::new();
        for (function, distance) in wanted {
            let Some(position) = self.hookable.position(function) else {
                continue;
            };
            let Some(found) = self.kernel.containing(function) else {
                continue;
            };
            if !is_hot(found.name) {
                let key = (distance, heat::most(found.name, syscall), function);
                ordered.insert(key, (position, found.name));
            }
        }
        // What is called by pointer has a share of its own: it shows where a call goes on.
        let mut direct = Budget::half(syscall);
        let mut by_pointer = Budget::half(syscall);
        let mut hooks = Hooks {
            covered,
            ..Hooks::default()
        };
        for ((distance, _, _), (position, name)) in ordered {
            if hooks.positions.len() == MAX_FUNCTIONS {
                break;
            }
            let budget = if distance < TAKEN_DISTANCE {
                &mut direct
            } else {
                &mut by_pointer
            };
            // The entries themselves show where a call begins.
            if distance == 0 || budget.admits(name) {
                hooks.positions.push(position);
            } else {
                hooks.too_hot += 1;
            }
        }
        hooks
    }
}
