//! Where a new bundle goes.

use std::{
    fs::{self, OpenOptions},
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use format_spec::WriteError;

use super::files::error::Error;
use crate::text::plain;

/// A new bundle.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// Bundle to write; `-` writes it to standard output, and what there is to say to standard error
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Replace FILE if it exists
    #[arg(long)]
    force: bool,
}

impl Output {
    /// Creates the file, and takes it away again when it cannot be written whole.
    pub(super) fn write<T>(
        &self,
        write: impl FnOnce(&mut dyn Write) -> Result<T, WriteError>,
    ) -> Result<T, Error> {
        let name = || plain(self.output.as_os_str().as_encoded_bytes());
        if is_stdout(&self.output) {
            // Not the stream for text, which takes escape sequences out.
            let mut out = BufWriter::new(io::stdout().lock());
            if out.get_ref().is_terminal() {
                return Err(Error::Terminal);
            }
            let written = write(&mut out).map_err(|error| Error::Write(name(), error))?;
            out.flush()?;
            return Ok(written);
        }
        let mut options = OpenOptions::new();
        options.write(true);
        if self.force {
            options.create(true).truncate(true);
        } else {
            options.create_new(true);
        }
        let mut new = options
            .open(&self.output)
            .map_err(|error| Error::Io(name(), error))?;
        write(&mut new).map_err(|error| {
            // What is there of it is of no use.
            let _ = fs::remove_file(&self.output);
            Error::Write(name(), error)
        })
    }

    /// Where the answer goes: not into the bundle.
    pub(super) fn beside<'a>(
        &self,
        out: &'a mut dyn Write,
        other: &'a mut dyn Write,
    ) -> &'a mut dyn Write {
        if is_stdout(&self.output) { other } else { out }
    }
}

/// Whether `-` was asked for.
pub(super) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}
