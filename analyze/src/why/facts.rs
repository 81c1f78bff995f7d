//! What the code of an origin shows: the limits that it reads, of these alone that the deciding check compares.

use format_spec::record::Failure;

use super::Why;
use crate::{
    code::{Kernel, summary},
    evidence::CodeFacts,
    load::Bundle,
    origin::Origin,
};

/// What the code of the origin shows, or of the function below it whose errno it replaced.
#[must_use]
pub fn facts(
    bundle: &Bundle,
    kernel: &Kernel,
    origin: &Origin,
    failure: Option<&Failure>,
) -> CodeFacts {
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
    let why = Why::of(bundle, kernel, origin, failure);
    if facts.reads.iter().any(|read| why.compares(&read.id)) {
        facts.reads.retain(|read| why.compares(&read.id));
    }
    facts.why = why.line();
    facts
}
