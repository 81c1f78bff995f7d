//! The checks of a function that give an errno: what each compares, as the code says it.
//!
//! The branches whose one side always returns the errno are known ([`outcomes`](super::outcomes)); here the values
//! that they compare are followed back to variables, fields, arguments and results of calls (`trace`), put into a
//! formula that reads as the condition under which the errno is returned (`deciding`), and written as C with the
//! recorded numbers (`words`).

mod deciding;
mod events;
mod expression;
mod formula;
mod linear;
mod trace;
mod values;
mod words;

use super::{analysis::Analysis, kernel::Kernel};
use deciding::{Deciding, are_all, deciding, lies_behind, reaches};
use trace::Trace;
pub use values::Recorded;
pub use words::Term;
use words::Words;

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Address of the instruction that decides, relative to `_text`.
    pub at: u64,
    /// The condition under which the errno is returned, as C with the recorded numbers put in.
    pub condition: String,
    /// What it compares.
    pub terms: Vec<Term>,
    /// Culprit ids of the limits among that, `class:name`.
    pub limits: Vec<String>,
    /// Whether the condition holds by the recorded numbers; `None` when not all that it takes were recorded.
    pub holds: Option<bool>,
}

/// The checks of a function that return an errno.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    /// Those that may have returned it, by address.
    pub list: Vec<Check>,
    /// What tells that it was these, of more.
    pub by: ToldBy,
    /// Whether the errno comes from these alone: `false` where the code has a way to it that no single comparison decides.
    pub are_all: bool,
}

/// What tells which of several checks returned an errno.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldBy {
    /// Nothing does, or there is but one.
    Code,
    /// A probe on the instruction that makes the errno.
    Place,
    /// The recorded numbers: with them the other checks pass, or are not reached.
    Numbers,
}

/// Which checks are wanted. Addresses are relative to `_text`.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Where the function starts.
    pub address: u64,
    /// What it returned.
    pub errno: u16,
    /// The instructions that were caught making the errno: only checks that lead to one of them count.
    pub places: &'a [u64],
    /// Where the functions start that led to it, the one that called it first: what its arguments were.
    pub callers: &'a [u64],
}

/// The checks of a function that return an errno; `None` when its code was not recorded.
#[must_use]
pub fn checks(kernel: &Kernel, asked: &Asked<'_>, recorded: &Recorded<'_>) -> Option<Checks> {
    let &Asked {
        address,
        errno,
        places,
        callers,
    } = asked;
    let analysis = kernel.analysis(address)?;
    let mut trace = Trace::new(&analysis);
    let mut found = deciding(&mut trace, errno);
    let mut by = ToldBy::Code;
    let are_all = are_all(&analysis, &found, errno);
    let is_caught = |check: &Deciding| {
        let to = |&place: &u64| {
            let leads_to = check.leads_to;
            leads_to.is_some_and(|block| reaches(&analysis, block, place))
        };
        places.iter().any(to)
    };
    let all = found.len();
    if found.iter().any(is_caught) {
        found.retain(is_caught);
        if found.len() < all {
            by = ToldBy::Place;
        }
    }
    let mut written: Vec<(usize, Check)> = Vec::new();
    for own in found {
        let mut words = Words::new(kernel, &mut trace, recorded, (address, callers));
        let (condition, holds) = words.formula(&own.when);
        let check = Check {
            at: own.at,
            condition,
            terms: words.terms,
            limits: words.limits.into_iter().collect(),
            holds,
        };
        // The compiler writes one check of the source several times.
        if !written
            .iter()
            .any(|(_, known)| known.condition == check.condition)
        {
            written.push((own.block, check));
        }
    }
    let left = by_numbers(&analysis, &written);
    if left.len() < written.len() {
        by = ToldBy::Numbers;
    }
    let list = written
        .into_iter()
        .enumerate()
        .filter(|(number, _)| left.contains(number))
        .map(|(_, (_, check))| check)
        .collect();
    Some(Checks {
        list,
        are_all: are_all || by == ToldBy::Place,
        by,
    })
}

/// The checks that may have returned the errno with the recorded numbers: not those whose condition does not hold,
/// nor those behind one whose condition does. All, where the numbers speak against every one: they are of another
/// moment then.
fn by_numbers(analysis: &Analysis, written: &[(usize, Check)]) -> Vec<usize> {
    let true_ones: Vec<usize> = written
        .iter()
        .filter(|(_, check)| check.holds == Some(true))
        .map(|(block, _)| *block)
        .collect();
    let may_be = |(block, check): &(usize, Check)| {
        let is_behind = |&other: &usize| lies_behind(analysis, *block, other);
        check.holds != Some(false) && !true_ones.iter().any(is_behind)
    };
    let left: Vec<usize> = (0..written.len())
        .filter(|&number| may_be(&written[number]))
        .collect();
    match left.is_empty() {
        true => (0..written.len()).collect(),
        false => left,
    }
}
