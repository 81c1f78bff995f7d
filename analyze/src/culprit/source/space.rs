//! Candidates of file systems that really are full.

use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::FileSystem,
    names::errno::ENOSPC,
    text,
};

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

/// What a full file system that the call is about weighs, and one that it may be about.
const USAGE: i32 = 40;
const USAGE_ELSEWHERE: i32 = 20;

/// Candidates of the file system that the failing call is about; where that is not known, of those of the type whose
/// code returned the error, with a weight that blames none of them.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    if case.group.errno != ENOSPC {
        return Vec::new();
    }
    let Some(place) = case.place.as_ref() else {
        return elsewhere(case);
    };
    let own = case.file_system().filter(|found| found.has_space());
    let mut found: Vec<Candidate> = own.into_iter().flat_map(|own| full(own, USAGE)).collect();
    for candidate in &mut found {
        candidate.says(Kind::State, 30, place.text());
    }
    found
}

/// Full file systems of the type whose code returned the error.
fn elsewhere(case: &Case<'_>) -> Vec<Candidate> {
    let fs_type = case.fs_type().filter(|_| case.origin.is_some());
    let magic = MAGIC.iter().find(|(name, _)| Some(*name) == fs_type);
    let Some((_, magic)) = magic else {
        return Vec::new();
    };
    let of_type = case.file_systems().iter();
    let of_type = of_type.filter(|found| found.has_space() && found.magic == *magic);
    let mut found: Vec<Candidate> = of_type
        .flat_map(|found| full(found, USAGE_ELSEWHERE))
        .collect();
    for candidate in &mut found {
        let text = "which file system the call is about was not recorded";
        candidate.denies(Kind::State, 1, text);
    }
    found
}

/// What of the file system is used up.
fn full(file_system: &FileSystem, weight: i32) -> Vec<Candidate> {
    let blocks = file_system.blocks.is_full().then(|| {
        if file_system.magic == EXT && file_system.blocks.has_reserve_only() {
            let left = format!("0 of {} left but root's reserve", total(file_system));
            return ("fs:reserved-blocks", "space for users", left);
        }
        let left = format!("0 of {} left", total(file_system));
        ("fs:blocks", "space", left)
    });
    let inodes = file_system.inodes.is_full().then(|| {
        let left = format!("0 of {} inodes left", file_system.inodes.total);
        ("fs:inodes", "inodes", left)
    });
    let of = |(id, what, left): (&str, &str, String)| {
        let point = text::plain(&file_system.point);
        let summary = format!("the file system at {point} has no {what} left");
        let mut candidate = Candidate::new(id, summary);
        candidate.says(Kind::Usage, weight, format!("{left} at {point}"));
        candidate.remedy = vec![format!("free {what} at {point}, or make it larger")];
        candidate
    };
    [blocks, inodes].into_iter().flatten().map(of).collect()
}

fn total(file_system: &FileSystem) -> String {
    text::bytes(
        file_system
            .blocks
            .total
            .saturating_mul(file_system.blocks.unit_bytes),
    )
}
