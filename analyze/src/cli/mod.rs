//! The command line.

mod input;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;

use crate::{
    diagnosis::diagnose,
    load::load,
    report::{self, Options, Report},
};

/// Turns a recording of misleading kernel errors into their cause
#[derive(Debug, Parser)]
#[command(name = "analyze", version, about, max_term_width = 100)]
pub struct Arguments {
    /// The bundle; `-` reads it from standard input
    file: PathBuf,
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
    let name = || crate::text::plain(arguments.file.as_os_str().as_encoded_bytes());
    let bytes = input::read(&arguments.file).map_err(|source| Error::Input {
        file: name(),
        source,
    })?;
    let bundle = load(&bytes).map_err(|source| Error::Bundle {
        file: name(),
        source,
    })?;
    let report = Report::new(&bundle, &diagnose(&bundle));
    let mut out = anstream::stdout().lock();
    let written = if arguments.json {
        serde_json::to_writer_pretty(&mut out, &report)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        let options = Options {
            verbose: arguments.verbose,
            ..Options::default()
        };
        report::write(&mut out, &report, options)
    };
    written.and_then(|()| out.flush()).map_err(Error::Output)
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
