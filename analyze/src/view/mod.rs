//! Offline twins of the tools that experts use on a live host, with their columns and switches: one file each.

mod clock;
mod columns;
pub mod deleted;
pub mod df;
pub mod errno;
pub mod funcgraph;
pub mod limits;
pub mod replay;
pub(crate) mod select;
pub mod stacks;
pub mod syscount;
pub mod sysctl;
pub mod trace;

pub(crate) use clock::{date, span};

use std::io::{self, Write};

use serde::Serialize;

/// How lines of `columns` are wrapped: names and commands are not cut at their hyphens.
pub(crate) fn whole_words(columns: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(columns).word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// Writes `value` as JSON for people to read too.
fn json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
