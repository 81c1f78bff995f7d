//! The views: offline twins of the tools that experts use on a live host.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use super::{
    bundle::{read, read_without_trace},
    diff,
    error::Error,
    export, width,
};
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
    /// Runs the view; its status is 1 where nothing in the recording is what was asked for.
    pub(super) fn run(&self, out: &mut impl Write) -> Result<ExitCode, Error> {
        let mut out = BufWriter::new(out);
        let columns = width::of_terminal();
        let found = match self {
            Self::Syscount(of) => {
                of.show_quickly(|bundle, it| syscount::write(&mut out, bundle, it, columns))
            }
            Self::Trace(of) if !of.options.stack_trace => {
                of.show_quickly(|bundle, it| trace::write(&mut out, bundle, it))
            }
            Self::Trace(of) => of.show(|bundle, it| trace::write(&mut out, bundle, it)),
            Self::Funcgraph(of) => of.show(|bundle, it| funcgraph::write(&mut out, bundle, it)),
            Self::Stacks(of) => of.show(|bundle, it| stacks::write(&mut out, bundle, it)),
            Self::Limits(of) => {
                of.show_quickly(|bundle, it| limits::write(&mut out, bundle, it, columns))
            }
            Self::Sysctl(of) => of.show_quickly(|bundle, it| sysctl::write(&mut out, bundle, it)),
            Self::Df(of) => of
                .show_quickly(|bundle, it| df::write(&mut out, bundle, it, columns).map(|()| true)),
            Self::Deleted(of) => {
                of.show_quickly(|bundle, it| deleted::write(&mut out, bundle, it, columns))
            }
            Self::Replay(of) => of.show_quickly(|bundle, it| replay::write(&mut out, bundle, it)),
            Self::Diff(diff) => diff.run(&mut out).map(|()| true),
            Self::Export(export) => export.run().map(|()| true),
            Self::Errno(options) => {
                let written = errno::write(&mut out, options, columns);
                written.map(|()| true).map_err(Error::Output)
            }
        }?;
        out.flush().map_err(Error::Output)?;
        if found {
            return Ok(ExitCode::SUCCESS);
        }
        // Whoever closed this stream looks at the status.
        let _ = writeln!(io::stderr(), "analyze: nothing matches");
        Ok(ExitCode::FAILURE)
    }
}

impl<T: Args> Of<T> {
    /// Reads the bundle and shows what was asked for of it. Returns whether there was any.
    fn show(&self, write: impl FnOnce(&Bundle, &T) -> io::Result<bool>) -> Result<bool, Error> {
        self.write(&read(&self.file)?, write)
    }

    /// The same for a view that needs no trace: it begins at once, however large the trace is.
    fn show_quickly(
        &self,
        write: impl FnOnce(&Bundle, &T) -> io::Result<bool>,
    ) -> Result<bool, Error> {
        self.write(&read_without_trace(&self.file)?, write)
    }

    fn write(
        &self,
        bundle: &Bundle,
        write: impl FnOnce(&Bundle, &T) -> io::Result<bool>,
    ) -> Result<bool, Error> {
        warn_of_cut(&self.file, bundle);
        write(bundle, &self.options).map_err(Error::Output)
    }
}

/// Says beside the output when the end of a bundle is missing: numbers are too low then, or not there at all.
fn warn_of_cut(file: &Path, bundle: &Bundle) {
    if bundle.closing.is_none() {
        let file = plain(file.as_os_str().as_encoded_bytes());
        let text = format!("analyze: {file}: the recording was cut: what is shown is not all");
        // Whoever closed this stream does not want to know.
        let _ = writeln!(io::stderr(), "{text}");
    }
}
