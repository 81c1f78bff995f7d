//! The file of a bundle that is not whole yet, and what killed recorders have left of theirs.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use format_spec::{
    Reader,
    record::{CountUpdates, Failures, FtracePages, Record},
};
use rustix::fs::{FlockOperation, flock};

/// What a name ends with while its bundle is written.
const PARTIAL: &str = ".partial";

/// Most bundles of recorders that were killed, and of those that run, under one name.
const MOST_PARTIAL: u32 = 100;

/// Longest file that is looked at to see whether it holds a failure.
const LOOKED_AT: u64 = 16 << 20;

/// First bytes of a bundle (SPEC.md, 2.1).
const MAGIC: &[u8] = b"\x89ETZ\r\n\x1a\n";

/// Creates the file that will be `whole`. What a killed recorder has left under such a name stays, unless it holds no
/// failure.
pub(super) fn create(whole: &Path) -> io::Result<(File, PathBuf)> {
    for number in 1..=MOST_PARTIAL {
        let mut path = whole.as_os_str().to_owned();
        path.push(PARTIAL);
        if number > 1 {
            path.push(format!("-{number}"));
        }
        let path = PathBuf::from(path);
        let new = || {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600).open(&path)
        };
        let file = match new() {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if !holds_nothing(&path) || fs::remove_file(&path).is_err() {
                    continue;
                }
                new()
            }
            file => file,
        }?;
        // Tells other recorders that it is being written; some file systems cannot.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        return Ok((file, path));
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// A file that is a bundle nobody writes, and its first bytes.
struct Bundle {
    bytes: Vec<u8>,
    len: u64,
}

impl Bundle {
    /// Reads up to `most` bytes; `None` of what is no file, or is being written.
    fn read(path: &Path, most: u64) -> Option<Self> {
        use io::Read;
        use rustix::fs::OFlags;
        let mut options = OpenOptions::new();
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = options.read(true).custom_flags(flags).open(path).ok()?;
        let found = file.metadata().ok().filter(fs::Metadata::is_file)?;
        flock(&file, FlockOperation::NonBlockingLockShared).ok()?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes).ok()?;
        Some(Self {
            bytes,
            len: found.len(),
        })
    }
}

/// Whether a file is a bundle without failures that nobody writes: of a recorder that waited for its trigger, or was
/// killed as it began.
fn holds_nothing(path: &Path) -> bool {
    let Some(bundle) = Bundle::read(path, LOOKED_AT) else {
        return false;
    };
    if bundle.len > LOOKED_AT
        || !MAGIC.starts_with(&bundle.bytes[..MAGIC.len().min(bundle.bytes.len())])
    {
        return false;
    }
    Reader::new(&bundle.bytes).is_ok_and(|reader| {
        let holds = [Failures::TYPE, CountUpdates::TYPE, FtracePages::TYPE];
        let mut frames = reader.frames().iter();
        !frames.any(|frame| holds.contains(&frame.header.frame_type))
    })
}

/// Whether a file is a bundle that nobody writes.
pub(super) fn is_bundle(path: &Path) -> bool {
    let bundle = Bundle::read(path, MAGIC.len() as u64);
    bundle.is_some_and(|bundle| bundle.bytes.starts_with(MAGIC))
}

/// Whether a name goes on so behind that of a bundle: `.partial`, `.partial-2`.
pub(super) fn is_partial(rest: &str) -> bool {
    let number = rest.strip_prefix(PARTIAL);
    number.is_some_and(|number| {
        let digits = number.strip_prefix('-');
        number.is_empty() || digits.is_some_and(|digits| digits.parse::<u32>().is_ok())
    })
}
