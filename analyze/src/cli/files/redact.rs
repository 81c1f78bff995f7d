//! `analyze redact`.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;

use super::{error::Error, input::Input};
use crate::{cli::output::Output, file, text::plain};

/// Shortest secret that a key is made of, in bytes.
const LEAST_KEY_LEN: usize = 16;

#[derive(Debug, Args)]
pub(in crate::cli) struct Redact {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,

    /// Tell what kinds were replaced, and how often
    #[arg(long)]
    report: bool,

    /// File whose content decides the pseudonyms, so that those of several bundles agree; keep it secret. They are
    /// random otherwise
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Redact {
    /// Writes the bundle, and tells what was left out.
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        let bytes = self.input.read()?;
        let reader = self.input.open(&bytes)?;
        let (key, id) = (self.key()?, random()?);
        let write = |new: &mut dyn Write| file::redact(&reader, key, id, new);
        let redaction = self.output.write(write)?;
        let mut stderr = io::stderr();
        let out = self.output.beside(out, &mut stderr);
        self.input.answer(out, &redaction, |out| {
            for lost in &redaction.left_out {
                writeln!(out, "left out: {lost}")?;
            }
            for replaced in redaction.replaced.iter().filter(|_| self.report) {
                let file::Replaced {
                    kind,
                    strings,
                    times,
                } = replaced;
                writeln!(out, "{kind}: {strings} different ones, {times} times")?;
            }
            Ok(())
        })
    }

    fn key(&self) -> Result<[u8; 32], Error> {
        let Some(path) = &self.key else {
            return random();
        };
        let name = || plain(path.as_os_str().as_encoded_bytes());
        let secret = fs::read(path).map_err(|error| Error::Io(name(), error))?;
        if secret.len() < LEAST_KEY_LEN {
            return Err(Error::ShortKey(name()));
        }
        Ok(blake3::derive_key("etz 2026 redaction pseudonyms", &secret))
    }
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(bytes)
}
