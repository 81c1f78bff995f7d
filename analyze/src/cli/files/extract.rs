//! `analyze extract`.

use std::{
    fs,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::{ArgGroup, Args};
use serde::{Serialize, Serializer as _};
use serde_json::json;

use super::{error::Error, input::Input};
use crate::{file, load, text::plain};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["stream", "path", "pages"]))]
pub(in crate::cli) struct Extract {
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

impl Extract {
    /// Takes out what was asked for, or lists what can be.
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        let bytes = self.input.read()?;
        if let Some(path) = &self.path {
            return self.path(path, &bytes, out);
        }
        let reader = self.input.open(&bytes)?;
        if let Some(folder) = &self.pages {
            let put = |name: &str, place, bytes: &[u8]| write_below(folder, name, place, bytes);
            let files = file::pages(&reader, put)?;
            return self.input.answer(out, &files, |out| {
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
            return list(out, records);
        }
        let mut out = BufWriter::new(out);
        for record in records {
            serde_json::to_writer(&mut out, &record)?;
            writeln!(out)?;
        }
        Ok(out.flush()?)
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
        if self.input.json {
            let value = |(number, path)| json!({"snapshot": number, "path": path});
            return list(out, entries.map(value));
        }
        let mut out = BufWriter::new(out);
        for (number, path) in entries {
            writeln!(out, "{number} {path}")?;
        }
        Ok(out.flush()?)
    }
}

/// Writes a list as JSON, one element in memory at a time.
fn list<T: Serialize>(out: &mut dyn Write, list: impl Iterator<Item = T>) -> Result<(), Error> {
    let mut out = BufWriter::new(out);
    serde_json::Serializer::pretty(&mut out).collect_seq(list)?;
    writeln!(out)?;
    Ok(out.flush()?)
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

fn write_below(folder: &Path, name: &str, place: file::Place, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    let error = |error| Error::Io(plain(path.as_os_str().as_encoded_bytes()), error);
    fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(error)?;
    let mut options = fs::OpenOptions::new();
    match place {
        file::Place::Beginning => options.write(true).create(true).truncate(true),
        file::Place::End => options.append(true),
    };
    let mut file = options.open(&path).map_err(error)?;
    file.write_all(bytes).map_err(error)
}
