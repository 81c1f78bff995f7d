//! The views: offline twins of the tools that experts use on a live host.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use super::{Error, diff, export, read};
use crate::{
    load::Bundle,
    text::plain,
    view::{deleted, df, errno, funcgraph, limits, replay, stacks, syscount, sysctl, trace},
};

/// One way to look at a bundle.
#[derive(Debug, Subcommand)]
pub(super) enum View {
    /// Count failing syscalls, as syscount does
    Syscount(Of<syscount::Options>),
    /// Print failing syscalls with their arguments, as strace does
    Trace(Of<trace::Options>),
    /// Print the kernel functions that were traced, as the kernel's function_graph tracer does
    Funcgraph(Of<funcgraph::Options>),
    /// Print the kernel stacks of what said no, as stackcount does
    Stacks(Of<stacks::Options>),
    /// Print every limit with its use, the fullest first
    Limits(Of<limits::Options>),
    /// Print sysctls, as sysctl -a does, and which of them were changed
    Sysctl(Of<sysctl::Options>),
    /// Print file systems with their space or inodes, as df does
    #[command(disable_help_flag = true)]
    Df(Of<df::Options>),
    /// Print files that are deleted but open, as lsof +L1 does
    Deleted(Of<deleted::Options>),
    /// Print the recording in the order of time
    Replay(Of<replay::Options>),
    /// Compare a recording from before a remedy with one from after it
    Diff(diff::Diff),
    /// Write the recording for other tools: Perfetto, flame graphs, Graphviz
    Export(export::Export),
    /// Tell what an error means, and what in the kernel is known to give it
    Errno(errno::Options),
}

/// A bundle, and what of it is shown.
#[derive(Debug, Args)]
pub(super) struct Of<T: Args> {
    /// The bundle; `-` reads it from standard input
    file: PathBuf,

    #[command(flatten)]
    options: T,
}

impl View {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Error> {
        let mut out = BufWriter::new(out);
        let written = match self {
            Self::Syscount(of) => syscount::write(&mut out, &whole(&of.file)?, &of.options),
            Self::Trace(of) => trace::write(&mut out, &whole(&of.file)?, &of.options),
            Self::Funcgraph(of) => {
                let found = funcgraph::write(&mut out, &whole(&of.file)?, &of.options);
                found.and_then(|found| note(&mut out, found, "function graph"))
            }
            Self::Stacks(of) => {
                let found = stacks::write(&mut out, &whole(&of.file)?, &of.options);
                let quiet = of.options.json;
                found.and_then(|found| note(&mut out, found || quiet, "such stack"))
            }
            Self::Limits(of) => limits::write(&mut out, &whole(&of.file)?, &of.options),
            Self::Sysctl(of) => sysctl::write(&mut out, &whole(&of.file)?, &of.options),
            Self::Df(of) => df::write(&mut out, &whole(&of.file)?, &of.options),
            Self::Deleted(of) => deleted::write(&mut out, &whole(&of.file)?, &of.options),
            Self::Replay(of) => replay::write(&mut out, &whole(&of.file)?, &of.options),
            Self::Diff(diff) => return diff.run(&mut out),
            Self::Export(export) => return export.run(),
            Self::Errno(options) => errno::write(&mut out, options),
        };
        written.and_then(|()| out.flush()).map_err(Error::Output)
    }
}

/// Reads a bundle, and says beside the output when its end is missing: numbers are too low then, or not there at all.
fn whole(file: &Path) -> Result<Bundle, Error> {
    let bundle = read(file)?;
    if bundle.closing.is_none() {
        let file = plain(file.as_os_str().as_encoded_bytes());
        let text = format!("analyze: {file}: the recording was cut: what is shown is not all");
        // Whoever closed this stream does not want to know.
        let _ = writeln!(io::stderr(), "{text}");
    }
    Ok(bundle)
}

/// Says so when there was nothing to print.
fn note(out: &mut impl Write, found: bool, what: &str) -> io::Result<()> {
    if found {
        return Ok(());
    }
    writeln!(out, "# the recording has no {what}")
}
