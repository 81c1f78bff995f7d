//! One kind of failure, and all that the recording says of it: what rules and the ranking ask.

use std::cell::OnceCell;

use format_spec::{linux::mountinfo::Mount, record::Failure};

use crate::{
    code::Kernel,
    evidence::{
        CodeFacts, FileSystem, NamedFile, Place, file_system_of, file_systems, mounts_of,
        named_file, place,
    },
    failures::Group,
    limits::{self, LimitUse},
    load::Bundle,
    origin::Origin,
    why::{self, Why},
};

/// A kind of failure with at most one of its origins. What was found of the failure itself is kept from origin to
/// origin; what takes long is found when it is first asked for.
#[derive(Debug)]
pub struct Case<'a> {
    /// The recording.
    pub bundle: &'a Bundle,
    /// What failed.
    pub group: &'a Group,
    /// The failure that stands for all of the group.
    pub sample: Option<&'a Failure>,
    /// Mounts as the failing process saw them; none where that is not known.
    pub mounts: Vec<Mount>,
    /// The mount and the file system that the call is about; `None` when that is not known, or it is about no file.
    pub place: Option<Place>,
    /// The file that the call named.
    pub file: Option<NamedFile>,
    /// Where the error began.
    pub origin: Option<&'a Origin>,
    /// Why it returned it.
    pub why: Option<Why>,
    /// What the origin's code shows.
    pub code: CodeFacts,
    pub(crate) limits: OnceCell<Vec<LimitUse>>,
    file_systems: OnceCell<Vec<FileSystem>>,
    file_system: OnceCell<Option<FileSystem>>,
}

impl<'a> Case<'a> {
    /// The failures of `group`, for which the last one that was recorded with facts stands. Without an origin.
    #[must_use]
    pub fn new(bundle: &'a Bundle, group: &'a Group) -> Self {
        Self::of(bundle, group, sample(bundle, group))
    }

    /// The failures of `group`, for which `sample` stands. Without an origin.
    #[must_use]
    pub fn of(bundle: &'a Bundle, group: &'a Group, sample: Option<&'a Failure>) -> Self {
        let mounts = sample.map_or_else(Vec::new, |failure| mounts_of(bundle, failure));
        let place = sample.and_then(|failure| place(bundle, failure, &mounts));
        Self {
            bundle,
            group,
            sample,
            mounts,
            place,
            file: sample.and_then(|failure| named_file(bundle, failure)),
            origin: None,
            why: None,
            code: CodeFacts::default(),
            limits: OnceCell::new(),
            file_systems: OnceCell::new(),
            file_system: OnceCell::new(),
        }
    }

    /// The same failures, begun at `origin`.
    #[must_use]
    pub fn begun_at(self, kernel: &Kernel, origin: &'a Origin) -> Self {
        let why = Why::of(self.bundle, kernel, origin, self.sample);
        Self {
            origin: Some(origin),
            code: why::facts(kernel, origin, &why),
            why: Some(why),
            ..self
        }
    }

    /// A fact of the failing task.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<u64> {
        self.bundle.fact(self.sample?, name)
    }

    /// The mount that the call is about.
    #[must_use]
    pub fn mount(&self) -> Option<&Mount> {
        self.place.as_ref()?.mount.as_ref()
    }

    /// Type of the file system that the call is about: by the code that returned the error, else by the mount.
    #[must_use]
    pub fn fs_type(&self) -> Option<&str> {
        let by_origin = self.origin.and_then(|origin| fs_type_of(&origin.function));
        by_origin.or_else(|| Some(&*self.mount()?.fs_type))
    }

    /// File systems as they were nearest to the failure.
    #[must_use]
    pub fn file_systems(&self) -> &[FileSystem] {
        self.file_systems
            .get_or_init(|| file_systems(self.bundle, self.sample))
    }

    /// The space of the file system that the call is about.
    #[must_use]
    pub fn file_system(&self) -> Option<&FileSystem> {
        let found = || file_system_of(self.bundle, self.sample?, &self.place.as_ref()?.device);
        self.file_system.get_or_init(found).as_ref()
    }

    /// Limits in the scope of the failing task, with their use.
    #[must_use]
    pub fn limits(&self) -> &[LimitUse] {
        self.limits
            .get_or_init(|| limits::table(self.bundle, self.sample))
    }

    /// The use of the limit `id` by the failing task; where several scopes hold, the fullest.
    #[must_use]
    pub fn limit(&self, id: &str) -> Option<&LimitUse> {
        let same = self.limits().iter().filter(|limit| limit.id == id);
        same.max_by_key(|limit| (limit.nearness(), limit.at_failure))
    }
}

fn sample<'a>(bundle: &'a Bundle, group: &'a Group) -> Option<&'a Failure> {
    let failures: Vec<&Failure> = group.failures(bundle).collect();
    let with_facts = failures
        .iter()
        .rev()
        .find(|failure| !failure.facts.is_empty());
    with_facts.or(failures.last()).copied()
}

/// File systems by the beginnings of their functions' names: ext4 serves ext2 and ext3 too.
const PREFIXES: [(&str, &str); 14] = [
    ("bcachefs_", "bcachefs"),
    ("btrfs_", "btrfs"),
    ("exfat_", "exfat"),
    ("ext4_", "ext4"),
    ("f2fs_", "f2fs"),
    ("fat_", "vfat"),
    ("fuse_", "fuse"),
    ("minix_", "minix"),
    ("nfs_", "nfs"),
    ("ovl_", "overlay"),
    ("shmem_", "tmpfs"),
    ("vfat_", "vfat"),
    ("xfs_", "xfs"),
    ("hugetlbfs_", "hugetlbfs"),
];

/// The type of the file system whose code `function` belongs to.
fn fs_type_of(function: &str) -> Option<&'static str> {
    let function = function.trim_start_matches('_');
    PREFIXES
        .iter()
        .find(|(prefix, _)| function.starts_with(prefix))
        .map(|(_, fs_type)| *fs_type)
}
