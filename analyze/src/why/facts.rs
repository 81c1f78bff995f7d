//! What the code of an origin shows: the limits that it reads, of these alone that the deciding check compares.

use super::Why;
use crate::{
    code::{Kernel, summary},
    evidence::{CodeFacts, Read},
    origin::Origin,
};

/// What the code of the origin shows, or of the function below it whose errno it replaced; `why` is why it returned its own.
#[must_use]
pub fn facts(kernel: &Kernel, origin: &Origin, why: &Why) -> CodeFacts {
    let own = origin
        .site
        .address
        .map(|address| summary(kernel, address, origin.errno));
    let inner = origin
        .translated
        .as_ref()
        .map(|inner| summary(kernel, inner.address, inner.errno));
    let found = own
        .into_iter()
        .chain(inner)
        .find(|facts| **facts != CodeFacts::default());
    let mut facts = found.map_or_else(CodeFacts::default, |facts| CodeFacts::clone(&facts));
    facts.reads = hanging_on(why, facts.reads);
    facts.is_one_of_several = !compare_alike(why);
    facts
}

/// Whether it is known which check returned the errno, or all that may have compare the same limits.
fn compare_alike(why: &Why) -> bool {
    why.checks
        .windows(2)
        .all(|pair| !pair[0].limits.is_empty() && pair[0].limits == pair[1].limits)
}

/// Of what the code reads that alone which the check that decided compares, with that check; all, where it compares
/// nothing of it. A limit that it was handed by its caller is no variable of its own code, and is added.
fn hanging_on(why: &Why, mut reads: Vec<Read>) -> Vec<Read> {
    let Some((check, line)) = why.decided().zip(why.line()) else {
        return reads;
    };
    let is_compared = |read: &Read| check.limits.contains(&read.id);
    if reads.iter().any(is_compared) {
        reads.retain(is_compared);
        for read in &mut reads {
            read.text = format!("{}: {line}", read.text);
        }
    } else if let [only] = check.limits.as_slice() {
        reads = vec![Read {
            id: only.clone(),
            compared: true,
            text: format!("the check that decided compares it: {line}"),
        }];
    }
    reads
}
