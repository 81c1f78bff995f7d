//! The command line.

mod answer;
mod bundle;
mod diff;
mod error;
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
    path::PathBuf,
    process::ExitCode,
};

use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind};

use bundle::read;
use error::Error;

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
