//! The command line.

mod input;
mod views;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

use crate::{
    diagnosis::diagnose,
    load::{Bundle, load},
    report::{self, Options, Report},
};

/// Turns a recording of misleading kernel errors into their cause
#[derive(Debug, Parser)]
#[command(
    name = "analyze",
    version,
    about,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Arguments {
    #[command(subcommand)]
    view: Option<views::View>,

    /// The bundle; `-` reads it from standard input
    #[arg(required = true)]
    file: Option<PathBuf>,

    /// Write the report as JSON (schema etz-report/1)
    #[arg(long)]
    json: bool,
    /// Write all lists whole, with all evidence
    #[arg(short, long)]
    verbose: bool,
}

/// Runs the program: 0 when the report was written, 1 on an error, 2 on wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "analyze: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    let written = match (&arguments.view, &arguments.file) {
        (Some(view), _) => view.write(&read(view.file())?, &mut out),
        (None, Some(file)) => answer(&read(file)?, arguments, &mut out),
        (None, None) => Ok(()),
    };
    written.and_then(|()| out.flush()).map_err(Error::Output)
}

fn read(file: &Path) -> Result<Bundle, Error> {
    let name = || crate::text::plain(file.as_os_str().as_encoded_bytes());
    let bytes = input::read(file).map_err(|source| Error::Input {
        file: name(),
        source,
    })?;
    load(&bytes).map_err(|source| Error::Bundle {
        file: name(),
        source,
    })
}

fn answer(bundle: &Bundle, arguments: &Arguments, out: &mut impl Write) -> io::Result<()> {
    let report = Report::new(bundle, &diagnose(bundle));
    if arguments.json {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        return writeln!(out);
    }
    let options = Options {
        verbose: arguments.verbose,
        ..Options::default()
    };
    report::write(out, &report, options)
}

/// What can go wrong, in one line.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{file}: {source}")]
    Input { file: String, source: io::Error },
    #[error("{file}: {source}")]
    Bundle {
        file: String,
        source: format_spec::ReadError,
    },
    #[error("writing the report: {0}")]
    Output(io::Error),
}
