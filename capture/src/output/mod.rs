//! The bundle's file: written front to back under a name of its own, bounded in size, and given the name that was asked
//! for when it is whole.

mod partial;
mod record;
mod target;
mod template;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytesize::ByteSize;
use format_spec::{
    WriteError, Writer,
    record::Failures,
    redact::{Redact, Redactor},
};
use rustix::rand::{GetRandomFlags, getrandom};

pub(crate) use record::{Output, Sink};

use crate::error::Error;
use target::Target;

/// Room that stays free for what every recording ends with: counts, closing record, index, trailer.
const RESERVE: u64 = 512 << 10;

/// What a bundle is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The file's name, with what is filled in; `-` for standard output.
    pub(crate) path: &'a Path,
    /// Whether a file of that name is replaced.
    pub(crate) force: bool,
    /// How many files of such names are kept.
    pub(crate) keep: Option<usize>,
    /// Largest size.
    pub(crate) max_size: ByteSize,
    /// Whether names get pseudonyms, under a key that nobody keeps.
    pub(crate) redact: bool,
}

/// A bundle being written. What holds no failure when it is dropped is taken away.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// `None` when it is finished.
    writer: Option<Writer<Box<dyn Destination>>>,
    target: Target,
    max_len: u64,
    refused: u64,
    too_large: u64,
    failures: usize,
    begun: Instant,
    /// When the last failures were written, from the beginning on.
    up_to: Duration,
    /// What gives names their pseudonyms; `None` when they are kept.
    redactor: Option<Redactor>,
}

trait Destination: Write + std::fmt::Debug {}
impl<T: Write + std::fmt::Debug> Destination for T {}

impl Bundle {
    /// Creates the file, or takes standard output for `-`, and writes the file header.
    ///
    /// # Errors
    /// A file that exists and is not to be replaced, a folder that is missing or not writable, a full disk.
    pub(crate) fn create(wanted: &Wanted<'_>) -> Result<Self, Error> {
        let (target, sink): (_, Box<dyn Destination>) = if wanted.path == Path::new("-") {
            let target = Target::Stream("standard output".into());
            (target, Box::new(io::stdout()))
        } else {
            let (target, file) = Target::open(wanted.path, wanted.force, wanted.keep)?;
            (target, Box::new(file))
        };
        let mut bundle = Self {
            writer: None,
            target,
            max_len: wanted.max_size.as_u64(),
            refused: 0,
            too_large: 0,
            failures: 0,
            begun: Instant::now(),
            up_to: Duration::ZERO,
            redactor: None,
        };
        let id = random()?;
        if wanted.redact {
            bundle.redactor = Some(Redactor::new(random()?));
        }
        let created = SystemTime::now().duration_since(UNIX_EPOCH);
        let created_ns = created.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(0));
        let writer = Writer::new(sink, id, created_ns);
        bundle.writer = Some(writer.map_err(|error| bundle.error(&error))?);
        Ok(bundle)
    }

    /// Appends a record if there is room for it. Returns whether there was.
    ///
    /// # Errors
    /// The output's: a full disk, a closed pipe.
    pub(crate) fn write<R: Redact>(&mut self, stream: u32, record: &R) -> Result<bool, Error> {
        if self.room() == 0 {
            self.refused += 1;
            return Ok(false);
        }
        self.write_last(stream, record)
    }

    /// Appends a record that every recording ends with, for which room was kept.
    ///
    /// # Errors
    /// The output's.
    pub(crate) fn write_last<R: Redact>(&mut self, stream: u32, record: &R) -> Result<bool, Error> {
        let without_secrets = record.without_secrets();
        let mut record = Cow::Borrowed(without_secrets.as_ref().unwrap_or(record));
        if let Some(redactor) = &mut self.redactor {
            record.to_mut().redact(redactor);
        }
        let Some(writer) = &mut self.writer else {
            return Ok(false);
        };
        match writer.write(stream, record.as_ref()) {
            Ok(_) => Ok(true),
            Err(error @ WriteError::Io(_)) => Err(self.error(&error)),
            // Larger than a frame may be: lost, and counted as such.
            Err(_) => {
                self.too_large += 1;
                Ok(false)
            }
        }
    }

    /// Appends failures if there is room for them.
    ///
    /// # Errors
    /// The output's.
    pub(crate) fn write_failures(&mut self, failures: &Failures) -> Result<(), Error> {
        if self.write(0, failures)? {
            self.failures += failures.rows.len();
            self.up_to = self.begun.elapsed();
        }
        Ok(())
    }

    /// Appends what sentinels and zooms gave, each record to its stream.
    ///
    /// # Errors
    /// The output's.
    pub(crate) fn write_output(&mut self, output: &Output) -> Result<bool, Error> {
        match output {
            Output::EventFormats(record) => self.write(0, record),
            Output::FtracePages { stream, pages } => self.write(*stream, pages),
            Output::Probes(record) => self.write(0, record),
            Output::Symbols(record) => self.write(0, record),
            Output::Zoom(record) => self.write(0, record),
            Output::Code(record) => self.write(0, record),
            Output::CtlTables(record) => self.write(0, record),
            Output::TypeLayouts(record) => self.write(0, record),
            Output::Types(record) => self.write(0, record),
        }
    }

    /// Takes the file away again. Returns whether there was one: what went to standard output stays.
    pub(crate) fn discard(&mut self) -> bool {
        self.writer = None;
        self.target.discard()
    }

    /// Bytes that may still be written.
    pub(crate) fn room(&self) -> u64 {
        self.max_len.saturating_sub(self.len() + RESERVE)
    }

    /// Bytes written.
    pub(crate) fn len(&self) -> u64 {
        self.writer.as_ref().map_or(0, Writer::len)
    }

    /// Failures that were written whole.
    pub(crate) fn failures(&self) -> usize {
        self.failures
    }

    /// Records that found no room.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// Records that were larger than a frame may be.
    pub(crate) fn too_large(&self) -> u64 {
        self.too_large
    }

    /// Writes index and trailer, and gives the file its name. Returns the path and the file's length, in bytes.
    ///
    /// # Errors
    /// The output's.
    pub(crate) fn finish(&mut self) -> Result<(PathBuf, u64), Error> {
        let writer = self.writer.take();
        // Bytes of the index and the trailer are not known before.
        let mut len = writer.as_ref().map_or(0, Writer::len);
        if let Some(writer) = writer {
            let sink = writer.finish().map_err(|error| {
                let told = self.error(&error);
                match self.left() {
                    Some(left) => told.hint(left),
                    None => told,
                }
            })?;
            drop(sink);
        }
        if let Target::File(_) = &self.target
            && let Ok(found) = self.target.path().metadata()
        {
            len = found.len();
        }
        // It is whole: whatever becomes of its name, it stays.
        self.failures = self.failures.max(1);
        Ok((self.target.finish()?, len))
    }

    /// Ends a bundle that cannot be finished. Returns what is left of it, in words; nothing of one that was finished, or
    /// went to standard output.
    pub(crate) fn leave(&mut self) -> Option<String> {
        let is_open = self.writer.take().is_some();
        is_open.then(|| self.left()).flatten()
    }

    fn left(&self) -> Option<String> {
        let Target::File(_) = &self.target else {
            return None;
        };
        if self.failures == 0 {
            self.target.discard();
            return Some("nothing had failed so far: no file is left".into());
        }
        Some(format!(
            "{} holds {} failures of the first {:.1} s, and can be analyzed",
            self.target.leave().display(),
            self.failures,
            self.up_to.as_secs_f64()
        ))
    }

    fn error(&self, error: &WriteError) -> Error {
        Error::new(self.target.path().display().to_string(), error)
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        if self.failures == 0 {
            self.target.discard();
        }
    }
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom(&mut bytes, GetRandomFlags::empty())
        .map_err(|error| Error::new("random numbers", error))?;
    Ok(bytes)
}
