//! Which of all that failed is the incident: the one that the person means, or the one that stands out most.
//!
//! On a shared host dozens of kinds of failure are recorded in a minute, most of which nobody minds. A person who knows
//! the symptom says it ([`Wish`]); without that the kinds are put in order by what they are ([`Salience`]), not by how
//! well they could be explained.

mod command;
mod ends;
mod residence;
mod salience;
mod search;
mod symptom;
mod table;
mod wish;

pub use residence::Residence;
pub use salience::{Salience, Standing};
pub use symptom::Symptom;
pub use table::is_telling;
pub use wish::Wish;

use std::cmp::Reverse;

use crate::{failures::Group, graph::Calls, load::Bundle};
use salience::Signals;
use wish::Asked;

/// A kind of failure with how much it stands out.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The kind.
    pub group: Group,
    /// How much it stands out.
    pub salience: Salience,
}

/// All kinds of failure, what stands out most first.
#[must_use]
pub fn ranked(bundle: &Bundle, calls: &Calls, groups: Vec<Group>) -> Vec<Candidate> {
    let signals = Signals::new(bundle, calls, &groups);
    let candidate = |group| Candidate {
        salience: signals.salience(&group),
        group,
    };
    let mut all: Vec<Candidate> = groups.into_iter().map(candidate).collect();
    all.sort_by(|a, b| {
        let order = |one: &Candidate| {
            (
                one.salience.order(),
                Reverse(one.group.count),
                one.group.syscall,
                one.group.errno,
            )
        };
        order(a)
            .cmp(&order(b))
            .then_with(|| a.group.comm.cmp(&b.group.comm))
    });
    all
}

/// The kinds that a wish fits, by index, the best first; each keeps only the samples that fit.
#[must_use]
pub fn wanted(bundle: &Bundle, wish: &Wish, candidates: &[Candidate]) -> Vec<(usize, Group)> {
    let mut asked = Asked::new(bundle, wish);
    let fit = |(index, candidate): (usize, &Candidate)| {
        let (fit, group) = asked.fit(index, &candidate.group)?;
        Some((fit, index, group))
    };
    let mut found: Vec<_> = candidates.iter().enumerate().filter_map(fit).collect();
    found.sort_by_key(|&(fit, index, _)| (Reverse(fit), index));
    found
        .into_iter()
        .map(|(_, index, group)| (index, group))
        .collect()
}

#[cfg(test)]
mod tests;
