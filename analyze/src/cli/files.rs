//! The commands on bundles as files.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ArgGroup, Args, Subcommand};
use format_spec::{ReadError, Reader, WriteError};
use serde::{Serialize, Serializer as _};
use serde_json::{Value, json};

use super::{foreign, input, output::Output};
use crate::{file, load, text::plain};

/// Shortest secret that a key is made of, in bytes.
const LEAST_KEY_LEN: usize = 16;

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

#[derive(Debug, Args)]
pub(super) struct Redact {
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

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["stream", "path", "pages"]))]
pub(super) struct Extract {
    #[command(flatten)]
    input: Input,

    /// The records of this type as JSON, one a line: failures, counts, zoom, … (see `analyze info`)
    #[arg(long, value_name = "RECORD")]
    stream: Option<String>,

    /// What a snapshot holds of this path, byte by byte
    #[arg(long, value_name = "PATH")]
    path: Option<String>,

    /// Of this snapshot; of the last one that has the path otherwise
    #[arg(long, value_name = "NUMBER", requires = "path")]
    snapshot: Option<u32>,

    /// The trace pages and their formats as files in this new folder
    #[arg(long, value_name = "FOLDER")]
    pages: Option<PathBuf>,
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

impl Redact {
    fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
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

impl Extract {
    fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        let bytes = self.input.read()?;
        if let Some(path) = &self.path {
            return self.path(path, &bytes, out);
        }
        let reader = self.input.open(&bytes)?;
        if let Some(folder) = &self.pages {
            let files = file::pages(&reader)?;
            let mut written = Vec::new();
            for file in &files {
                write_below(folder, &file.name, &file.bytes)?;
                written.push(json!({"name": file.name, "len_bytes": file.bytes.len()}));
            }
            return self.input.answer(out, &written, |out| {
                let mut names = files.iter();
                names.try_for_each(|file| writeln!(out, "{}", file.name))
            });
        }
        let Some(wanted) = &self.stream else {
            return self.list(&bytes, out);
        };
        let records = file::stream(&reader, wanted);
        let records = records.ok_or_else(|| Error::NoStream(plain(wanted.as_bytes())))?;
        if self.input.json {
            let mut list = serde_json::Serializer::pretty(&mut *out);
            list.collect_seq(records)?;
            writeln!(out)?;
        } else {
            for record in records {
                writeln!(out, "{record}")?;
            }
        }
        Ok(())
    }

    fn path(&self, path: &str, bytes: &[u8], out: &mut dyn Write) -> Result<(), Error> {
        let bundle = load::load(bytes);
        let bundle = bundle.map_err(|error| self.input.refused(&error, bytes))?;
        let found = file::snapshot_entry(&bundle.snapshots, path, self.snapshot);
        let found = found.ok_or_else(|| Error::NoPath(plain(path.as_bytes())))?;
        self.input.answer(out, &found, |out| match &found.content {
            format_spec::record::Content::File { bytes, .. } => content(bytes),
            other => writeln!(out, "{}", serde_json::to_value(other)?),
        })
    }

    /// The names that can be asked for.
    fn list(&self, bytes: &[u8], out: &mut dyn Write) -> Result<(), Error> {
        let bundle = load::load(bytes);
        let bundle = bundle.map_err(|error| self.input.refused(&error, bytes))?;
        let views = bundle.snapshots.all().iter();
        let entries = views.flat_map(|view| {
            let path = |(path, _): (&[u8], _)| (view.number, plain(path));
            view.entries().map(path)
        });
        let entries: Vec<(u32, String)> = entries.collect();
        let value = |(number, path): &(u32, String)| json!({"snapshot": number, "path": path});
        let values: Vec<Value> = entries.iter().map(value).collect();
        self.input.answer(out, &values, |out| {
            let mut entries = entries.iter();
            entries.try_for_each(|(number, path)| writeln!(out, "{number} {path}"))
        })
    }
}

/// Writes a recorded file's bytes as they are, past the stream for text, which takes escape sequences out; on a terminal
/// as text that it does not obey.
fn content(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !out.is_terminal() {
        out.write_all(bytes)?;
        return out.flush();
    }
    for part in bytes.split_inclusive(|byte| b"\n\t".contains(byte)) {
        let (end, rest) = match part.split_last() {
            Some((end, rest)) if b"\n\t".contains(end) => (std::slice::from_ref(end), rest),
            _ => (&b""[..], part),
        };
        out.write_all(plain(rest).as_bytes())?;
        out.write_all(end)?;
    }
    out.flush()
}

fn write_below(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    let error = |error| Error::Io(plain(path.as_os_str().as_encoded_bytes()), error);
    fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(error)?;
    fs::write(&path, bytes).map_err(error)
}
