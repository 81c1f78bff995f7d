//! The commands on bundles as files.

mod extract;
mod redact;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand};
use format_spec::{ReadError, Reader, WriteError};
use serde::Serialize;

use self::{extract::Extract, redact::Redact};
use super::{foreign, input, output::Output};
use crate::{file, text::plain};

/// What is done with a bundle as a file.
#[derive(Debug, Subcommand)]
pub(super) enum FileCommand {
    /// Tell what is in a bundle: host, time, sizes, drops, digest
    Info(Input),
    /// Check every checksum and record; status 1 when something is missing or damaged
    Verify(Input),
    /// Write a clean bundle of what is whole in a cut or damaged one
    Repair(Repair),
    /// Take one stream, one file of a snapshot, or the raw trace pages out of a bundle
    Extract(Extract),
    /// Write a bundle with pseudonyms for the names of hosts, users, containers, threads, files and addresses
    Redact(Redact),
}

/// A bundle, and the form of the answer.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// The bundle; `-` reads it from standard input
    file: PathBuf,

    /// Write the answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Repair {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,
}

/// What can go wrong, in one line.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{0}: {1}")]
    Io(String, io::Error),
    #[error("{0}: {1}")]
    Bundle(String, String),
    #[error("{0}: {1}")]
    Write(String, WriteError),
    #[error("there is no record type {0:?}: see analyze info")]
    NoStream(String),
    #[error("no snapshot has {0}")]
    NoPath(String),
    #[error(transparent)]
    Pages(#[from] file::TooMany),
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("a bundle is not for a terminal: name a file, or lead the output into one")]
    Terminal,
    #[error("{0}: a key is at least 16 bytes")]
    ShortKey(String),
    #[error("writing the answer: {0}")]
    Answer(#[from] io::Error),
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Answer(error.into())
    }
}

impl FileCommand {
    /// Runs the command; its status is 1 where a bundle that was verified is damaged.
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Error> {
        match self {
            Self::Info(input) => {
                let bytes = input.read()?;
                let info = file::info(&bytes, &input.open(&bytes)?);
                input.answer(out, &info, |out| write!(out, "{info}"))?;
            }
            Self::Verify(input) => {
                let bytes = input.read()?;
                let verdict = file::verify(&bytes, &input.open(&bytes)?);
                input.answer(out, &verdict, |out| write!(out, "{verdict}"))?;
                if !verdict.whole {
                    return Ok(ExitCode::FAILURE);
                }
            }
            Self::Repair(Repair { input, output }) => {
                let bytes = input.read()?;
                let reader = input.open(&bytes)?;
                let repair = output.write(|new| file::repair(&bytes, &reader, new))?;
                input.answer(output.beside(out, &mut io::stderr()), &repair, |out| {
                    for lost in &repair.lost {
                        writeln!(out, "{lost}")?;
                    }
                    if repair.hidden > 0 {
                        let records = repair.hidden;
                        writeln!(
                            out,
                            "kernel addresses and pointers in {records} records are hidden now"
                        )?;
                    }
                    let (kept, lost) = (repair.kept, repair.lost_bytes);
                    writeln!(out, "{kept} frames kept, {lost} bytes lost")
                })?;
            }
            Self::Extract(extract) => extract.run(out)?,
            Self::Redact(redact) => redact.run(out)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Input {
    fn name(&self) -> String {
        plain(self.file.as_os_str().as_encoded_bytes())
    }

    fn read(&self) -> Result<Vec<u8>, Error> {
        input::read(&self.file).map_err(|error| Error::Io(self.name(), error))
    }

    fn open<'a>(&self, bytes: &'a [u8]) -> Result<Reader<'a>, Error> {
        Reader::new(bytes).map_err(|error| self.refused(&error, bytes))
    }

    fn refused(&self, error: &ReadError, bytes: &[u8]) -> Error {
        Error::Bundle(self.name(), foreign::explain(error, bytes))
    }

    fn answer(
        &self,
        out: &mut dyn Write,
        value: &impl Serialize,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        if self.json {
            serde_json::to_writer_pretty(&mut *out, value)?;
            writeln!(out)?;
        } else {
            text(out)?;
        }
        Ok(())
    }
}
