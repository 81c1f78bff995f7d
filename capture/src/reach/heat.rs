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

/// Heats of one function: (workload, thousandths).
pub(super) type Heats = &'static [(usize, u32)];

/// How much a hook of a function with these heats slows down the workload that suffers most, of those that do not make `syscall`, in
/// thousandths.
pub(super) fn most(heats: Heats, syscall: &str) -> u32 {
    let others = heats
        .iter()
        .filter(|(workload, _)| !TABLE.workloads[*workload].contains(&syscall));
    others.map(|&(_, heat)| heat).max().unwrap_or(0)
}

/// The heats of `function`; suffixes of the compiler's clones are not part of the name.
pub(super) fn of(function: &str) -> Heats {
    let functions = &TABLE.functions;
    let stem = || functions.get(function.split('.').next()?);
    functions
        .get(function)
        .or_else(stem)
        .map_or(&[], Vec::as_slice)
}

/// What workloads have left, in thousandths.
#[derive(Debug)]
pub(super) struct Budget(Vec<u32>);

impl Budget {
    /// Half of what there is before anything is hooked, for failing calls of `syscall`.
    pub(super) fn half(syscall: &str) -> Self {
        let left = TABLE.workloads.iter().map(|syscalls| {
            let all = if syscalls.contains(&syscall) {
                OWN_LIMIT
            } else {
                LIMIT
            };
            all / 2
        });
        Self(left.collect())
    }

    /// Whether a function with these heats may be hooked too; then it is counted.
    pub(super) fn admits(&mut self, heats: Heats) -> bool {
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
        let mut budget = Budget::half("mount");
        let hottest = TABLE
            .functions
            .keys()
            .max_by_key(|name| most(of(name), "mount"))
            .unwrap();
        let hottest = of(hottest);
        assert!(most(hottest, "mount") > LIMIT / 2 && !budget.admits(hottest));
        assert!(budget.admits(of("a_function_that_nobody_calls")));
    }

    #[test]
    fn what_the_failing_syscall_itself_calls_is_not_held_against_it() {
        let heats = of("generic_perform_write");
        assert!(most(heats, "write") < most(heats, "mount"));
    }

    #[test]
    fn a_budget_is_used_up() {
        let mut budget = Budget::half("mount");
        let all: Vec<_> = TABLE.functions.keys().collect();
        let admitted = all.iter().filter(|name| budget.admits(of(name))).count();
        assert!(admitted > 0 && admitted < all.len());
    }
}
