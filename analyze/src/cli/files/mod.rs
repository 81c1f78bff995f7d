//! The commands on bundles as files.

pub(super) mod error;
mod extract;
mod input;
mod redact;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use self::{error::Error, extract::Extract, input::Input, redact::Redact};
use super::output::Output;
use crate::file;

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

#[derive(Debug, Args)]
pub(super) struct Repair {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,
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
