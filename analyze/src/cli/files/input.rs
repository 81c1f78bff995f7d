//! The bundle that a command is about, and the form of the answer.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use format_spec::{ReadError, Reader};
use serde::Serialize;

use super::error::Error;
use crate::{
    cli::{foreign, input},
    text::plain,
};

/// A bundle, and the form of the answer.
#[derive(Debug, Args)]
pub(in crate::cli) struct Input {
    /// The bundle; `-` reads it from standard input
    file: PathBuf,

    /// Write the answer as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Input {
    pub(super) fn name(&self) -> String {
        plain(self.file.as_os_str().as_encoded_bytes())
    }

    pub(super) fn read(&self) -> Result<Vec<u8>, Error> {
        input::read(&self.file).map_err(|error| Error::Io(self.name(), error))
    }

    pub(super) fn open<'a>(&self, bytes: &'a [u8]) -> Result<Reader<'a>, Error> {
        Reader::new(bytes).map_err(|error| self.refused(&error, bytes))
    }

    pub(super) fn refused(&self, error: &ReadError, bytes: &[u8]) -> Error {
        Error::Bundle(self.name(), foreign::explain(error, bytes))
    }

    pub(super) fn answer(
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
