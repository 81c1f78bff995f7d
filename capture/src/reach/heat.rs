//! How much hooks slow other programs down, as measured.
//!
//! `heat.txt` has workloads, each with the syscalls that it makes, and for each function that these workloads call
//! often how much one hook of it slows each of them down, in thousandths.

use std::{collections::HashMap, sync::LazyLock};

const TEXT: &str = include_str!("heat.txt");

/// By how much all hooks together may slow a workload down, in thousandths. A graph costs more than its hooks: each
/// syscall's own events are written too, and tables are approximate.
const LIMIT: u32 = 120;

/// The same for a workload that makes the very syscall that fails: its functions are those that must be seen.
const OWN_LIMIT: u32 = 2_000;

/// The file, parsed.
struct Table {
    /// Syscalls of each workload.
    workloads: Vec<Vec<&'static str>>,
    /// (workload, thousandths) by function.
    functions: HashMap<&'static str, Vec<(usize, u32)>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| parse(TEXT));

/// Lines: `@open openat close` is a workload; `do_filp_open open=21 exec=3` is a function.
fn parse(text: &'static str) -> Table {
    let mut names = Vec::new();
    let mut table = Table {
        workloads: Vec::new(),
        functions: HashMap::new(),
    };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let first = words.next().unwrap_or("");
        if let Some(name) = first.strip_prefix('@') {
            names.push(name);
            table.workloads.push(words.collect());
            continue;
        }
        let heats = words.filter_map(|word| {
            let (name, heat) = word.split_once('=')?;
            let workload = names.iter().position(|known| *known == name)?;
            Some((workload, heat.parse().ok()?))
        });
        table.functions.insert(first, heats.collect());
    }
    table
}

/// How much a hook of `function` slows down the workload that suffers most, in thousandths.
pub(super) fn most(function: &str) -> u32 {
    let heats = heats(function).iter();
    heats.map(|&(_, heat)| heat).max().unwrap_or(0)
}

/// Suffixes of the compiler's clones are not part of the name.
fn heats(function: &str) -> &'static [(usize, u32)] {
    let functions = &TABLE.functions;
    let stem = || functions.get(function.split('.').next()?);
    functions
        .get(function)
        .or_else(stem)
        .map_or(&[], Vec::as_slice)
}

/// What workloads have left.
#[derive(Debug)]
pub(super) struct Budget(Vec<u32>);

impl Budget {
    /// Before anything is hooked, for failing calls of `syscall`.
    pub(super) fn new(syscall: &str) -> Self {
        let left = TABLE.workloads.iter().map(|syscalls| {
            if syscalls.contains(&syscall) {
                OWN_LIMIT
            } else {
                LIMIT
            }
        });
        Self(left.collect())
    }

    /// Whether `function` may be hooked too; then it is counted.
    pub(super) fn admits(&mut self, function: &str) -> bool {
        let heats = heats(function);
        let fits = heats
            .iter()
            .all(|&(workload, heat)| heat <= self.0[workload]);
        if fits {
            for &(workload, heat) in heats {
                self.0[workload] -= heat;
            }
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_makes_sense() {
        let Table {
            workloads,
            functions,
        } = &*TABLE;
        assert!(workloads.len() >= 10 && functions.len() > 300);
        for (function, heats) in functions {
            assert!(
                !heats.is_empty() && !function.contains(['*', '=']),
                "{function}"
            );
            assert!(heats.iter().all(|&(_, heat)| heat > 0), "{function}");
        }
    }

    #[test]
    fn what_others_call_all_the_time_is_not_admitted() {
        let mut budget = Budget::new("mount");
        let hottest = TABLE
            .functions
            .keys()
            .max_by_key(|name| most(name))
            .unwrap();
        assert!(most(hottest) > LIMIT && !budget.admits(hottest));
        assert!(budget.admits("a_function_that_nobody_calls"));
    }

    #[test]
    fn a_budget_is_used_up() {
        let mut budget = Budget::new("mount");
        let all: Vec<_> = TABLE.functions.keys().collect();
        let admitted = all.iter().filter(|name| budget.admits(name)).count();
        assert!(admitted > 0 && admitted < all.len());
    }
}
