//! The bundle's file: created exclusively, written front to back, bounded in size.

mod record;

use std::{
    borrow::Cow,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use bytesize::ByteSize;
use format_spec::{
    WriteError, Writer,
    redact::{Redact, Redactor},
};
use rustix::rand::{GetRandomFlags, getrandom};

pub(crate) use record::{Output, Sink};

use crate::error::Error;

/// Room that stays free for what every recording ends with: counts, closing record, index, trailer.
const RESERVE: u64 = 256 << 10;

/// A bundle being written.
#[derive(Debug)]
pub(crate) struct Bundle {
    writer: Writer<Box<dyn Destination>>,
    path: PathBuf,
    max_len: u64,
    refused: u64,
    too_large: u64,
    /// What gives names their pseudonyms; `None` when they are kept.
    redactor: Option<Redactor>,
}

trait Destination: Write + std::fmt::Debug {}
impl<T: Write + std::fmt::Debug> Destination for T {}

impl Bundle {
    /// Creates the file, or takes standard output for `-`, and writes the file header. With `redact` the names in
    /// what is written get pseudonyms, under a key that nobody keeps.
    ///
    /// # Errors
    /// A file that exists and is not to be replaced, a folder that is missing or not writable, a full disk.
    pub(crate) fn create(
        path: &Path,
        force: bool,
        max_size: ByteSize,
        redact: bool,
    ) -> Result<Self, Error> {
        let sink: Box<dyn Destination> = if path == Path::new("-") {
            Box::new(io::stdout())
        } else {
            Box::new(create_file(path, force)?)
        };
        let id = random()?;
        let redactor = redact.then(random).transpose()?.map(Redactor::new);
        let created = SystemTime::now().duration_since(UNIX_EPOCH);
        let created_ns = created.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(0));
        let writer =
            Writer::new(sink, id, created_ns).map_err(|error| write_error(path, &error))?;
        Ok(Self {
            writer,
            path: path.into(),
            max_len: max_size.as_u64(),
            refused: 0,
            too_large: 0,
            redactor,
        })
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
        let without_addresses = record.without_addresses();
        let mut record = Cow::Borrowed(without_addresses.as_ref().unwrap_or(record));
        if let Some(redactor) = &mut self.redactor {
            record.to_mut().redact(redactor);
        }
        match self.writer.write(stream, record.as_ref()) {
            Ok(_) => Ok(true),
            Err(WriteError::Io(error)) => Err(write_error(&self.path, &WriteError::Io(error))),
            // Larger than a frame may be: lost, and counted as such.
            Err(_) => {
                self.too_large += 1;
                Ok(false)
            }
        }
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
        }
    }

    /// Takes the file away again. Returns whether there was one: what went to standard output stays.
    pub(crate) fn discard(&self) -> bool {
        let is_file = self
            .path
            .symlink_metadata()
            .is_ok_and(|file| file.is_file());
        self.path != Path::new("-") && is_file && fs::remove_file(&self.path).is_ok()
    }

    /// Bytes that may still be written.
    pub(crate) fn room(&self) -> u64 {
        self.max_len.saturating_sub(self.writer.len() + RESERVE)
    }

    /// Bytes written.
    pub(crate) fn len(&self) -> u64 {
        self.writer.len()
    }

    /// Records that found no room.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// Records that were larger than a frame may be.
    pub(crate) fn too_large(&self) -> u64 {
        self.too_large
    }

    /// Writes index and trailer. Returns the file's length, in bytes.
    ///
    /// # Errors
    /// The output's.
    pub(crate) fn finish(self) -> Result<u64, Error> {
        let Self { writer, path, .. } = self;
        let mut counter = writer.len();
        let trailer = writer
            .finish()
            .map_err(|error| write_error(&path, &error))?;
        drop(trailer);
        if let Ok(metadata) = path.metadata() {
            counter = counter.max(metadata.len());
        }
        Ok(counter)
    }
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom(&mut bytes, GetRandomFlags::empty())
        .map_err(|error| Error::new("random numbers", error))?;
    Ok(bytes)
}

fn create_file(path: &Path, force: bool) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    options.open(path).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => "choose another name, or --force to replace it",
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                "write to another folder, for example -o /tmp/incident.etz"
            }
            io::ErrorKind::NotFound => "the folder does not exist",
            io::ErrorKind::StorageFull => "free space, or write to another file system",
            _ => "write to another place",
        };
        Error::new(path.display().to_string(), error).hint(hint)
    })
}

fn write_error(path: &Path, error: &WriteError) -> Error {
    let out = Error::new(path.display().to_string(), error);
    match error {
        WriteError::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
            out.hint("what was written so far can be analyzed")
        }
        _ => out,
    }
}

#[cfg(test)]
mod tests {
    use format_spec::record::{Count, Counts};

    use super::*;

    #[test]
    fn does_not_replace_a_file_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.etz");
        drop(Bundle::create(&path, false, ByteSize::mib(1), false).unwrap());
        let error = Bundle::create(&path, false, ByteSize::mib(1), false).unwrap_err();
        assert!(error.to_string().contains("--force"), "{error}");
        assert!(Bundle::create(&path, true, ByteSize::mib(1), false).is_ok());
    }

    #[test]
    fn names_get_pseudonyms_when_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.etz");
        let holds_name = |redact| {
            let mut bundle = Bundle::create(&path, true, ByteSize::mib(1), redact).unwrap();
            let count = Count {
                comm: b"acmed".into(),
                ..Count::default()
            };
            bundle.write_last(0, &Counts { rows: vec![count] }).unwrap();
            bundle.finish().unwrap();
            let file = fs::read(&path).unwrap();
            file.windows(5).any(|window| window == b"acmed")
        };
        assert!(holds_name(false) && !holds_name(true));
    }

    #[test]
    fn keeps_room_for_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.etz");
        let mut bundle = Bundle::create(&path, false, ByteSize(RESERVE), false).unwrap();
        assert!(!bundle.write(0, &Counts::default()).unwrap());
        assert!(bundle.write_last(0, &Counts::default()).unwrap());
        assert_eq!(bundle.refused(), 1);
        let len = bundle.finish().unwrap();
        assert_eq!(len, path.metadata().unwrap().len());
    }

    #[test]
    fn is_taken_away_when_it_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.etz");
        let bundle = Bundle::create(&path, false, ByteSize::mib(1), false).unwrap();
        assert!(bundle.discard() && !path.exists());
        let bundle = Bundle::create(Path::new("/dev/null"), true, ByteSize::mib(1), false).unwrap();
        assert!(!bundle.discard() && Path::new("/dev/null").exists());
    }

    #[test]
    fn says_what_is_wrong_with_the_folder() {
        let error = Bundle::create(Path::new("/no/such/x.etz"), false, ByteSize::mib(1), false);
        assert!(error.unwrap_err().to_string().contains("does not exist"));
    }
}
