//! Gathers entries within bounds and sends them off in parts.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::ffi::OsStrExt,
    path::Path,
    time::{Duration, Instant},
};

use format_spec::record::{Content, Entry};

use super::bounded;

/// Most bytes of one file, unless the caller says otherwise.
const FILE_BYTES: usize = 64 << 10;

/// Most bytes of one snapshot, before compression.
const SNAPSHOT_BYTES: usize = 24 << 20;

/// Most entries of one snapshot.
const SNAPSHOT_ENTRIES: usize = 20_000;

/// Bytes of entries after which a part is sent off.
const PART_BYTES: usize = 256 << 10;

/// Longest time without a word to who waits for the snapshot.
const BEAT: Duration = Duration::from_millis(100);

/// Most paths that are remembered from snapshot to snapshot.
const MAX_SEEN: usize = 2 * SNAPSHOT_ENTRIES;

/// A digest of what each path held last.
pub(super) type Seen = HashMap<Vec<u8>, u64>;

/// Takes entries, none as a sign of life. Returns whether more are wanted.
pub(super) type Emit<'a> = dyn FnMut(Vec<Entry>) -> bool + 'a;

/// A snapshot in the making.
pub(super) struct Collector<'a> {
    seen: &'a mut Seen,
    emit: &'a mut Emit<'a>,
    deadline: Instant,
    /// When something was emitted last.
    emitted: Instant,
    /// Whether nobody wants any more.
    unwanted: bool,
    part: Vec<Entry>,
    part_bytes: usize,
    bytes: usize,
    entries: usize,
    left_out: BTreeMap<String, u64>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(seen: &'a mut Seen, time: Duration, emit: &'a mut Emit<'a>) -> Self {
        Self {
            seen,
            emit,
            deadline: Instant::now() + time,
            emitted: Instant::now(),
            unwanted: false,
            part: Vec::new(),
            part_bytes: 0,
            bytes: 0,
            entries: 0,
            left_out: BTreeMap::new(),
        }
    }

    /// Whether a bound is reached: then collecting more is of no use.
    pub(super) fn is_full(&mut self) -> bool {
        let now = Instant::now();
        self.beat(now);
        self.unwanted
            || self.bytes >= SNAPSHOT_BYTES
            || self.entries >= SNAPSHOT_ENTRIES
            || now >= self.deadline
    }

    /// Tells now and then that it goes on.
    fn beat(&mut self, now: Instant) {
        if now.duration_since(self.emitted) >= BEAT {
            self.emitted = now;
            self.unwanted |= !(self.emit)(Vec::new());
        }
    }

    /// Notes that something was left out.
    pub(super) fn leave_out(&mut self, what: impl Into<String>) {
        *self.left_out.entry(what.into()).or_default() += 1;
    }

    /// Takes a file. Files that are not there are passed over, as kernels differ.
    pub(super) fn file(&mut self, path: impl AsRef<Path>) {
        self.file_of(path, FILE_BYTES);
    }

    /// Takes at most `most` bytes of a file.
    pub(super) fn file_of(&mut self, path: impl AsRef<Path>, most: usize) {
        let path = path.as_ref();
        if self.is_full() {
            return self.leave_out("files beyond the bounds of a snapshot");
        }
        match bounded::read(path, most) {
            Ok((bytes, truncated)) => self.put(path, Content::File { bytes, truncated }),
            Err(error) => self.put_error(path, &error),
        }
    }

    /// Takes a sysctl. One that may not be read is passed over: it is there to be written.
    pub(super) fn sysctl(&mut self, path: &Path) {
        if self.is_full() {
            return self.leave_out("files beyond the bounds of a snapshot");
        }
        match bounded::read_sysctl(path) {
            Ok((bytes, truncated)) => self.put(path, Content::File { bytes, truncated }),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => self.put_error(path, &error),
        }
    }

    /// Takes the target of a symbolic link.
    pub(super) fn link(&mut self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        match fs::read_link(path) {
            Ok(target) => self.put(path, Content::Link(target.as_os_str().as_bytes().to_vec())),
            Err(error) => self.put_error(path, &error),
        }
    }

    /// Takes a number of names, for example of a directory.
    pub(super) fn entry_count(&mut self, path: impl AsRef<Path>, count: usize) {
        self.put(path.as_ref(), Content::EntryCount(count as u64));
    }

    /// Takes a table that was worked out, see the [module](super).
    pub(super) fn table(&mut self, path: &str, text: String) {
        let content = Content::File {
            bytes: text.into_bytes(),
            truncated: false,
        };
        self.put(Path::new(path), content);
    }

    /// Takes what was found at a path.
    pub(super) fn put(&mut self, path: &Path, content: Content) {
        let path = path.as_os_str().as_bytes().to_vec();
        let digest = digest(&content);
        let content = match self.seen.get(&path) {
            Some(&before) if before == digest => Content::Unchanged,
            _ => content,
        };
        if self.seen.len() < MAX_SEEN || self.seen.contains_key(&path) {
            self.seen.insert(path.clone(), digest);
        }
        let len = path.len() + len(&content);
        self.bytes += len;
        self.part_bytes += len;
        self.entries += 1;
        self.part.push(Entry { path, content });
        if self.part_bytes >= PART_BYTES {
            self.send();
        }
    }

    /// Sends the last part. Returns how many things were left out.
    pub(super) fn finish(mut self) -> u64 {
        let left_out = std::mem::take(&mut self.left_out);
        if !left_out.is_empty() {
            let rows = left_out
                .iter()
                .map(|(what, count)| format!("{count} {what}\n"));
            self.table(
                "etz:left-out",
                format!("count what\n{}", rows.collect::<String>()),
            );
        }
        self.send();
        left_out.values().sum()
    }

    fn put_error(&mut self, path: &Path, error: &io::Error) {
        if error.kind() != io::ErrorKind::NotFound {
            let errno = error
                .raw_os_error()
                .and_then(|errno| u16::try_from(errno).ok());
            self.put(path, Content::Error(errno.unwrap_or(0)));
        }
    }

    fn send(&mut self) {
        if !self.part.is_empty() {
            self.unwanted |= !(self.emit)(std::mem::take(&mut self.part));
            self.emitted = Instant::now();
        }
        self.part_bytes = 0;
    }
}

fn len(content: &Content) -> usize {
    match content {
        Content::File { bytes, .. } | Content::Link(bytes) => bytes.len(),
        Content::Directory(names) => names.iter().map(Vec::len).sum(),
        _ => 64,
    }
}

fn digest(content: &Content) -> u64 {
    let mut hasher = DefaultHasher::new();
    match content {
        Content::File { bytes, truncated } => (0, bytes, truncated).hash(&mut hasher),
        Content::Link(target) => (1, target).hash(&mut hasher),
        Content::Directory(names) => (2, names).hash(&mut hasher),
        Content::EntryCount(count) => (3, count).hash(&mut hasher),
        Content::StatFs {
            fs_type,
            block_size_bytes,
            blocks,
            blocks_free,
            blocks_available,
            inodes,
            inodes_free,
            flags,
        } => (
            4,
            fs_type,
            block_size_bytes,
            blocks,
            (blocks_free, blocks_available, inodes, inodes_free, flags),
        )
            .hash(&mut hasher),
        Content::Unchanged => 5.hash(&mut hasher),
        Content::Error(errno) => (6, errno).hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(seen: &mut Seen, with: impl FnOnce(&mut Collector<'_>)) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut emit = |part: Vec<Entry>| {
            entries.extend(part);
            true
        };
        let mut collector = Collector::new(seen, Duration::from_secs(60), &mut emit);
        with(&mut collector);
        collector.finish();
        entries
    }

    #[test]
    fn what_stays_is_stored_once() {
        let mut seen = Seen::new();
        let table = |text: &str| {
            let text = text.to_owned();
            move |collector: &mut Collector<'_>| collector.table("etz:x", text)
        };
        let first = collect(&mut seen, table("a"));
        assert!(matches!(&first[0].content, Content::File { bytes, .. } if bytes == b"a"));
        assert_eq!(
            collect(&mut seen, table("a"))[0].content,
            Content::Unchanged
        );
        let last = collect(&mut seen, table("b"));
        assert!(matches!(&last[0].content, Content::File { bytes, .. } if bytes == b"b"));
    }

    #[test]
    fn bounds_hold_and_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big");
        fs::write(&path, vec![b'x'; FILE_BYTES]).unwrap();
        let files = SNAPSHOT_BYTES / FILE_BYTES + 3;
        let entries = collect(&mut Seen::new(), |collector| {
            for _ in 0..files {
                collector.seen.clear();
                collector.file(&path);
            }
        });
        let bytes: usize = entries.iter().map(|entry| len(&entry.content)).sum();
        assert!(bytes <= SNAPSHOT_BYTES + FILE_BYTES, "{bytes}");
        assert_eq!(entries.last().unwrap().path, b"etz:left-out");
    }

    #[test]
    fn a_missing_file_is_no_entry() {
        let none = collect(&mut Seen::new(), |collector| {
            collector.file("/no/such/file")
        });
        assert!(none.is_empty());
    }
}
