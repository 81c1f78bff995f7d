//! The command line.

mod answer;
mod diff;
mod export;
mod files;
mod foreign;
mod input;
mod output;
mod progress;
mod views;
mod width;
mod wish;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind};

use format_spec::ReadError;

use crate::load::{Bundle, Progress, load_watched, load_without_trace};

/// What holds for all commands.
const AFTER_HELP: &str = "\
On a terminal tables are shortened to its width; piped they are whole.
Exit status: 0 when there is an answer, 1 when nothing matches what was asked for, a bundle is damaged, or on an error, \
2 on wrong usage.";

/// Turns a recording of misleading kernel errors into their cause
#[derive(Debug, Parser)]
#[command(
    name = "analyze",
    version,
    about,
    max_term_width = 100,
    after_help = AFTER_HELP,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// The bundle; `-` reads it from standard input
    #[arg(required = true)]
    file: Option<PathBuf>,

    #[command(flatten)]
    forms: answer::Forms,

    #[command(flatten)]
    wish: wish::Choice,
}

/// What there is besides the report.
#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    View(views::View),
    #[command(flatten)]
    File(files::FileCommand),
}

/// Runs the program: 0 when there was an answer, 1 on an error, where nothing matches what was asked for or a bundle is
/// found damaged, 2 on wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.forms.collide() {
        let text = "only one of --json, --html - and --markdown - can go to standard output";
        Arguments::command()
            .error(ErrorKind::ArgumentConflict, text)
            .exit();
    }
    if let Some(Command::View(views::View::Export(export))) = &arguments.command
        && export.collide()
    {
        let text = "only one format can go to standard output";
        Arguments::command()
            .error(ErrorKind::ArgumentConflict, text)
            .exit();
    }
    match run(&arguments) {
        Ok(status) => status,
        // The reader has seen enough.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "analyze: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let mut out = anstream::stdout().lock();
    let status = match (&arguments.command, &arguments.file) {
        (Some(Command::File(command)), _) => command.run(&mut out)?,
        (Some(Command::View(view)), _) => view.run(&mut out)?,
        (None, Some(file)) => {
            arguments
                .forms
                .write(&read(file)?, &arguments.wish.wish(), &mut out)?;
            ExitCode::SUCCESS
        }
        (None, None) => ExitCode::SUCCESS,
    };
    out.flush().map_err(Error::Output)?;
    Ok(status)
}

fn read(file: &Path) -> Result<Bundle, Error> {
    read_with(file, load_watched)
}

/// Reads all of a bundle but its trace.
fn read_without_trace(file: &Path) -> Result<Bundle, Error> {
    read_with(file, load_without_trace)
}

fn read_with(
    file: &Path,
    load: fn(&[u8], &Progress) -> Result<Bundle, ReadError>,
) -> Result<Bundle, Error> {
    let name = || crate::text::plain(file.as_os_str().as_encoded_bytes());
    let bytes = input::read(file).map_err(|source| Error::Input {
        file: name(),
        source,
    })?;
    let loaded = progress::watched("reading the bundle", |seen| load(&bytes, seen));
    loaded.map_err(|error| Error::Bundle {
        file: name(),
        why: foreign::explain(&error, &bytes),
    })
}

/// What can go wrong, in one line.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{file}: {source}")]
    Input { file: String, source: io::Error },
    #[error("{file}: {why}")]
    Bundle { file: String, why: String },
    #[error("{file}: {source}")]
    File { file: String, source: io::Error },
    #[error("no failure in the recording fits; {0}")]
    NoSuchFailure(String),
    #[error("writing the report: {0}")]
    Output(io::Error),
    #[error(transparent)]
    OfFile(files::Error),
}

impl From<files::Error> for Error {
    fn from(error: files::Error) -> Self {
        match error {
            files::Error::Answer(error) => Self::Output(error),
            error => Self::OfFile(error),
        }
    }
}
