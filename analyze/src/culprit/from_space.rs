//! Candidates of file systems that really are full.

use super::{Candidate, Kind, Subject};
use crate::{evidence::FileSystem, text};

/// errnos that a full file system gives.
const ENOSPC: u16 = 28;

/// ext2 to ext4, which keep blocks for the superuser.
const EXT: u64 = 0xef53;

/// Types by their numbers (`include/uapi/linux/magic.h`).
const MAGIC: [(&str, u64); 9] = [
    ("tmpfs", 0x0102_1994),
    ("ext4", EXT),
    ("xfs", 0x5846_5342),
    ("btrfs", 0x9123_683e),
    ("f2fs", 0xf2f5_2010),
    ("overlay", 0x794c_7630),
    ("vfat", 0x4d44),
    ("hugetlbfs", 0x9584_58f6),
    ("fuse", 0x6573_5546),
];

/// Candidates for file systems that are full and that the failing call is about.
pub(super) fn candidates(subject: &Subject<'_>) -> Vec<Candidate> {
    if subject.group.errno != ENOSPC {
        return Vec::new();
    }
    let full = subject
        .file_systems
        .iter()
        .filter(|file_system| file_system.has_space());
    full.flat_map(|file_system| {
        let concern = concern(subject, file_system);
        let blocks = file_system.blocks.is_full().then(|| {
            if file_system.magic == EXT && file_system.blocks.has_reserve_only() {
                let left = format!("0 of {} left but root's reserve", total(file_system));
                return ("fs:reserved-blocks", "space for users", left);
            }
            let left = format!("0 of {} left", total(file_system));
            ("fs:blocks", "space", left)
        });
        let inodes = file_system.inodes.is_full().then(|| {
            (
                "fs:inodes",
                "inodes",
                format!("0 of {} inodes left", file_system.inodes.total),
            )
        });
        let of = move |(id, what, left): (&str, &str, String)| {
            let (kind, weight, text) = concern.clone()?;
            let point = text::plain(&file_system.point);
            let mut candidate =
                Candidate::new(id, format!("the file system at {point} has no {what} left"));
            candidate.says(Kind::Usage, 40, format!("{left} at {point}"));
            candidate.says(kind, weight, text);
            candidate.remedy = vec![format!("free {what} at {point}, or make it larger")];
            Some(candidate)
        };
        [blocks, inodes]
            .into_iter()
            .flatten()
            .filter_map(of)
            .collect::<Vec<_>>()
    })
    .collect()
}

/// Why the failing call is about that file system; `None` when nothing says so.
fn concern(subject: &Subject<'_>, file_system: &FileSystem) -> Option<(Kind, i32, String)> {
    let by_origin = subject.origin.and_then(|origin| {
        let fs_type = subject.fs_type?;
        let (_, magic) = MAGIC.iter().find(|(name, _)| *name == fs_type)?;
        let text = format!("{} of {fs_type} returned the error", origin.function);
        (*magic == file_system.magic).then_some((Kind::Origin, 30, text))
    });
    let by_path = subject.mount.and_then(|mount| {
        let text = format!(
            "the path of the failing call is on {}",
            text::plain(&mount.point)
        );
        (mount.point == file_system.point).then_some((Kind::State, 30, text))
    });
    by_path.or(by_origin)
}

fn total(file_system: &FileSystem) -> String {
    text::bytes(
        file_system
            .blocks
            .total
            .saturating_mul(file_system.blocks.unit_bytes),
    )
}
