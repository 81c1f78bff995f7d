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
use deciding::{deciding, reaches};
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
    /// Whether the condition holds by the recorded numbers; `None` when not all that it takes were recorded.
    pub holds: Option<bool>,
}

/// The checks of the function at `address` that return `errno`, by address; `None` when its code was not recorded.
///
/// `places` are the instructions that were caught making the errno: only checks that lead to one of them count.
#[must_use]
pub fn checks(
    kernel: &Kernel,
    address: u64,
    errno: u16,
    places: &[u64],
    recorded: &Recorded<'_>,
) -> Option<Vec<Check>> {
    let analysis = Analysis::new(kernel, address)?;
    let mut trace = Trace::new(&analysis);
    let mut found = deciding(&mut trace, errno);
    let is_caught = |leads_to: Option<usize>| {
        let to = |&place: &u64| leads_to.is_some_and(|block| reaches(&analysis, block, place));
        places.iter().any(to)
    };
    if found.iter().any(|check| is_caught(check.leads_to)) {
        found.retain(|check| is_caught(check.leads_to));
    }
    let function = kernel.function_name(address).unwrap_or_default();
    let mut checks: Vec<Check> = Vec::new();
    for own in found {
        let mut words = Words::new(kernel, &mut trace, recorded, function);
        let (condition, holds) = words.formula(&own.when);
        let check = Check {
            at: own.at,
            condition,
            terms: words.terms,
            holds,
        };
        // The compiler writes one check of the source several times.
        if !checks.iter().any(|known| known.condition == check.condition) {
            checks.push(check);
        }
    }
    Some(checks)
}
