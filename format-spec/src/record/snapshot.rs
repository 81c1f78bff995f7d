//! What procfs, sysfs and statfs said at one moment.

use bincode::{Decode, Encode};

/// A part of a snapshot: one moment may be spread over several frames, all with the same `number`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Snapshot {
    /// Counts the snapshots of this bundle from 0.
    pub number: u32,
    /// Why it was taken.
    pub phase: Phase,
    /// When this part was begun.
    pub started_ns: u64,
    /// When this part was complete.
    pub ended_ns: u64,
    /// What was read, in the order of reading.
    pub entries: Vec<Entry>,
}

impl super::Plain for Snapshot {
    const TYPE: u16 = 6;

    fn elements(&self) -> usize {
        let names = |entry: &Entry| match &entry.content {
            Content::Directory(names) => names.len(),
            _ => 0,
        };
        self.entries.len() + self.entries.iter().map(names).sum::<usize>()
    }
}

/// Why a snapshot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum Phase {
    /// At the start of the recording.
    Start,
    /// At an error that was worth zooming on.
    Failure,
    /// At the end of the recording.
    End,
}

/// One path and what was there.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Entry {
    /// Absolute path as bytes, for example `/proc/sys/fs/mount-max` or `/proc/812/mountinfo`.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::bytes"))]
    pub path: Vec<u8>,
    /// What was there.
    pub content: Content,
}

/// What was at a path.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum Content {
    /// A file's bytes.
    File {
        /// The bytes.
        #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::bytes"))]
        bytes: Vec<u8>,
        /// Whether the recorder stopped at its bound before the end.
        truncated: bool,
    },
    /// A symbolic link's target.
    Link(#[cfg_attr(feature = "json", serde(serialize_with = "crate::json::bytes"))] Vec<u8>),
    /// The names in a directory.
    Directory(
        #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::byte_strings"))]
        Vec<Vec<u8>>,
    ),
    /// How many names a directory has; `None` for names that were not listed one by one.
    EntryCount(u64),
    /// statfs(2) of the file system mounted there.
    StatFs {
        /// File system type number (`f_type`).
        fs_type: u64,
        /// Size of a block, in bytes (`f_frsize`, else `f_bsize`).
        block_size_bytes: u64,
        /// All blocks.
        blocks: u64,
        /// Free blocks.
        blocks_free: u64,
        /// Free blocks for an unprivileged user.
        blocks_available: u64,
        /// All inodes; 0 where the file system has no such limit.
        inodes: u64,
        /// Free inodes.
        inodes_free: u64,
        /// Mount flags (`f_flags`, ST_* of statvfs).
        flags: u64,
    },
    /// The same as in the snapshot before.
    Unchanged,
    /// It could not be read: the errno.
    Error(u16),
}
