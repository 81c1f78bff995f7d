//! Two recordings side by side.

use std::{io::Write, path::PathBuf};

use clap::Args;

use super::{bundle::read, error::Error, width};
use crate::diff::{compare, write};

/// The recordings to compare.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The bundle from before the remedy; `-` reads it from standard input
    before: PathBuf,
    /// The bundle from after it
    after: PathBuf,
    /// Write all lists whole
    #[arg(short, long)]
    verbose: bool,
    /// Write JSON (schema etz-diff/1)
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Error> {
        let comparison = compare(&read(&self.before)?, &read(&self.after)?);
        let written = if self.json {
            serde_json::to_writer_pretty(&mut *out, &comparison)
                .map_err(Into::into)
                .and_then(|()| writeln!(out))
        } else {
            write(out, &comparison, self.verbose, width::of_terminal())
        };
        written.and_then(|()| out.flush()).map_err(Error::Output)
    }
}
