//! One kind of failure with one origin, and all that was found about it.

use format_spec::{linux::mountinfo::Mount, record::Failure};

use super::Situation;
use crate::{
    code::{self, Kernel},
    evidence::{CodeFacts, FileSystem, LimitUse, NamedFile, Place},
    failures::Group,
    limits::demand,
    load::Bundle,
    origin::Origin,
    rules::{Case, Rule, book},
};

/// What the ranking looks at.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The recording.
    pub bundle: &'a Bundle,
    /// What failed.
    pub group: &'a Group,
    /// The failure that stands for all of the group: the last one that was recorded with facts.
    pub sample: Option<&'a Failure>,
    /// Where the error began.
    pub origin: Option<&'a Origin>,
    /// What the origin's code shows.
    pub code: CodeFacts,
    /// Limits in the scope of the failing task, with their use.
    pub limits: &'a [LimitUse],
    /// File systems as they were nearest to the failure.
    pub file_systems: &'a [FileSystem],
    /// Mounts as the failing process saw them.
    pub mounts: &'a [Mount],
    /// The mount and the file system that the call is about, when that is known.
    pub place: Option<&'a Place>,
    /// The mount of it.
    pub mount: Option<&'a Mount>,
    /// The space of it.
    pub file_system: Option<&'a FileSystem>,
    /// Type of the file system that the call is about.
    pub fs_type: Option<&'a str>,
    /// The file that the call named.
    pub file: Option<&'a NamedFile>,
    /// The rules that are asked: all that there are, unless it is to be shown what goes without.
    pub rules: &'a [Rule],
}

impl<'a> Subject<'a> {
    /// Adds what one origin shows to what is known of the failure.
    #[must_use]
    pub fn new(known: &'a Situation<'a>, kernel: &Kernel, origin: Option<&'a Origin>) -> Self {
        let by_origin = origin.and_then(|origin| fs_type_of(&origin.function));
        let mount = known.place.as_ref().and_then(|place| place.mount.as_ref());
        let fs_type = by_origin.or(mount.map(|mount| mount.fs_type.as_str()));
        Self {
            bundle: known.bundle,
            group: known.group,
            sample: known.sample,
            origin,
            code: origin.map_or_else(CodeFacts::default, |origin| {
                code_facts(known.bundle, kernel, origin)
            }),
            limits: &known.limits,
            file_systems: &known.file_systems,
            mounts: &known.mounts,
            place: known.place.as_ref(),
            mount,
            file_system: known.file_system.as_ref(),
            fs_type,
            file: known.file.as_ref(),
            rules: book(),
        }
    }

    /// The part that rules ask about.
    #[must_use]
    pub fn case(&self) -> Case<'_> {
        Case {
            bundle: self.bundle,
            group: self.group,
            sample: self.sample,
            origin: self.origin,
            code: &self.code,
            filesystem: self.fs_type,
            file: self.file,
            mount: self.mount,
            mounts: self.mounts,
        }
    }

    /// A fact of the failing task.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<u64> {
        self.bundle.fact(self.sample?, name)
    }

    /// The use of the limit `id` by the failing task; where several scopes hold, the fullest.
    #[must_use]
    pub fn limit(&self, id: &str) -> Option<&LimitUse> {
        let same = self.limits.iter().filter(|limit| limit.id == id);
        same.max_by_key(|limit| (limit.nearness(self.asked(limit)), limit.at_failure))
    }

    /// How much of `limit` the failing call asked for; 0 when that limit cannot be what refused it.
    #[must_use]
    pub fn asked(&self, limit: &LimitUse) -> u64 {
        self.sample
            .map_or(1, |failure| demand(self.bundle, failure, limit))
    }
}

/// What the code of the origin shows, or of the function below it whose errno it replaced.
fn code_facts(bundle: &Bundle, kernel: &Kernel, origin: &Origin) -> CodeFacts {
    let of = |function: &str, errno: u16| {
        let mut named = bundle
            .symbols
            .named(function)
            .filter(|symbol| symbol.name == function);
        let address = named.next()?.address;
        Some(code::summary(kernel, address, errno)).filter(|facts| *facts != CodeFacts::default())
    };
    let inner = origin
        .translated
        .as_ref()
        .and_then(|inner| of(inner.path.last()?, inner.errno));
    of(&origin.function, origin.errno)
        .or(inner)
        .unwrap_or_default()
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
