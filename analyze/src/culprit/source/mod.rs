//! Where candidates come from. Each source looks at one kind of observation, and knows no other.

mod code;
mod files;
mod holders;
mod limits;
mod log;
mod missing;
mod modes;
mod policy;
mod rules;
mod space;
mod wording;

use super::Candidate;
use crate::{case::Case, rules::Rule};

/// Something that names possible culprits of a failure.
pub(super) trait Source {
    /// Those of `case`; the same id may be named more than once.
    fn candidates(&self, case: &Case<'_>) -> Vec<Candidate>;
}

impl<F: Fn(&Case<'_>) -> Vec<Candidate>> Source for F {
    fn candidates(&self, case: &Case<'_>) -> Vec<Candidate> {
        self(case)
    }
}

/// What all sources name, with these rules.
pub(super) fn candidates(case: &Case<'_>, rules: &[Rule]) -> Vec<Candidate> {
    let sources: [&dyn Source; 10] = [
        &rules::Rules(rules),
        &code::Code(rules),
        &limits::candidates,
        &space::candidates,
        &policy::candidates,
        &files::candidates,
        &holders::candidates,
        &modes::candidates,
        &log::candidates,
        &missing::candidates,
    ];
    let named = sources.iter().map(|source| source.candidates(case));
    named.flatten().collect()
}
