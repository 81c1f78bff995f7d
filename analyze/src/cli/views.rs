//! The views: offline twins of the tools that experts use on a live host.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use crate::{load::Bundle, view};

/// One way to look at a bundle.
#[derive(Debug, Subcommand)]
pub(super) enum View {
    Funcgraph(Funcgraph),
}

/// Print the kernel functions that were traced, as the kernel's function_graph tracer does
#[derive(Debug, Args)]
pub(super) struct Funcgraph {
    /// The bundle; `-` reads it from standard input
    file: PathBuf,

    /// Only the calls of this function, and what they call
    function: Option<String>,

    /// Only so many levels of calls
    #[arg(short = 'm', long, value_name = "LEVELS")]
    max_depth: Option<u32>,

    /// Only this thread
    #[arg(short, long)]
    pid: Option<u32>,
}

impl View {
    pub(super) fn file(&self) -> &Path {
        match self {
            Self::Funcgraph(funcgraph) => &funcgraph.file,
        }
    }

    pub(super) fn write(&self, bundle: &Bundle, out: &mut impl Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        match self {
            Self::Funcgraph(funcgraph) => {
                let selection = view::Selection {
                    function: funcgraph.function.clone(),
                    max_depth: funcgraph.max_depth,
                    pid: funcgraph.pid,
                };
                if !view::write_funcgraph(&mut out, bundle, &selection)? {
                    writeln!(out, "# the recording has no function graph")?;
                }
            }
        }
        out.flush()
    }
}
