//! One kind of failure with one origin, and all that was found about it.

use format_spec::{
    linux::mountinfo::Mount,
    record::{Failure, PathArgument},
};

use crate::{
    code::{self, Kernel},
    evidence::{
        CodeFacts, FileSystem, LimitUse, NamedFile, absolute, file_systems, mount_of_path,
        mounts_of, named_file,
    },
    failures::Group,
    limits,
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
    pub limits: Vec<LimitUse>,
    /// File systems as they were nearest to the failure.
    pub file_systems: Vec<FileSystem>,
    /// The mount that the call is about, when a path tells.
    pub mount: Option<Mount>,
    /// Type of the file system that the call is about.
    pub fs_type: Option<String>,
    /// The file that the call named.
    pub file: Option<NamedFile>,
    /// The rules that are asked: all that there are, unless it is to be shown what goes without.
    pub rules: &'a [Rule],
}

impl<'a> Subject<'a> {
    /// Collects the evidence of a kind of failure with one origin.
    #[must_use]
    pub fn new(
        bundle: &'a Bundle,
        kernel: &Kernel,
        group: &'a Group,
        origin: Option<&'a Origin>,
    ) -> Self {
        let sample = sample(bundle, group);
        let mounts = sample.map_or_else(Vec::new, |failure| mounts_of(bundle, failure));
        let mount = sample.and_then(|failure| {
            mount_of_descriptor(bundle, failure, &mounts)
                .or_else(|| mount_of_paths(bundle, failure, &mounts))
        });
        let by_origin = origin.and_then(|origin| fs_type_of(&origin.function));
        let fs_type = by_origin
            .map(str::to_owned)
            .or_else(|| mount.as_ref().map(|mount| mount.fs_type.clone()));
        let file_systems = file_systems(bundle, sample);
        let mount = mount.or_else(|| only_full(&file_systems, &mounts, fs_type.as_deref()?));
        Self {
            bundle,
            group,
            sample,
            origin,
            code: origin.map_or_else(CodeFacts::default, |origin| {
                code_facts(bundle, kernel, origin)
            }),
            limits: limits::table(bundle, sample),
            file_systems,
            mount,
            fs_type,
            file: sample.and_then(|failure| named_file(bundle, failure)),
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
            filesystem: self.fs_type.as_deref(),
            file: self.file.as_ref(),
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

    /// How much of `limit` the failing call asked for: the amount in its argument where that counts what the limit
    /// counts, else 1.
    #[must_use]
    pub fn asked(&self, limit: &LimitUse) -> u64 {
        let of = |(name, argument, unit): &(&str, usize, &str)| {
            let same = *name == self.group.syscall_name;
            let amount = *self.sample?.args.get(*argument)?;
            match (*unit, limit.unit.as_str()) {
                _ if !same => None,
                (unit, counted) if unit == counted => Some(amount),
                (BYTES, counted) if counted.starts_with("pages") => {
                    Some(amount.div_ceil(self.bundle.page_size_bytes().max(1)))
                }
                _ => None,
            }
        };
        AMOUNTS.iter().find_map(of).unwrap_or(1).max(1)
    }
}

const BYTES: &str = "bytes";

/// Syscalls with an argument that is an amount, which one, and what it counts, as limits say it.
const AMOUNTS: [(&str, usize, &str); 18] = [
    ("add_key", 3, BYTES),
    ("fallocate", 3, BYTES),
    ("ftruncate", 1, BYTES),
    ("io_setup", 0, "events of asynchronous I/O"),
    ("mlock", 1, BYTES),
    ("mlock2", 1, BYTES),
    ("mmap", 1, BYTES),
    ("mremap", 2, BYTES),
    ("msgsnd", 2, BYTES),
    ("pwrite64", 2, BYTES),
    ("semget", 1, "semaphores"),
    ("semget", 1, "semaphores in one set"),
    ("semop", 2, "semaphore operations"),
    ("semtimedop", 2, "semaphore operations"),
    ("sendto", 2, BYTES),
    ("shmget", 1, BYTES),
    ("truncate", 1, BYTES),
    ("write", 2, BYTES),
];

fn sample<'a>(bundle: &'a Bundle, group: &'a Group) -> Option<&'a Failure> {
    let failures: Vec<&Failure> = group.failures(bundle).collect();
    let with_facts = failures
        .iter()
        .rev()
        .find(|failure| !failure.facts.is_empty());
    with_facts.or(failures.last()).copied()
}

/// The mount of the one file system of that type that is full, where no path tells the mount.
fn only_full(file_systems: &[FileSystem], mounts: &[Mount], fs_type: &str) -> Option<Mount> {
    let of_type = |file_system: &&FileSystem| {
        mounts
            .iter()
            .rfind(|mount| mount.point == file_system.point && mount.fs_type == fs_type)
    };
    let full =
        |file_system: &&FileSystem| file_system.blocks.is_full() || file_system.inodes.is_full();
    let mut found = file_systems
        .iter()
        .filter(full)
        .filter_map(|one| of_type(&one));
    let first = found.next()?;
    found.next().is_none().then(|| first.clone())
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

/// The mount of the file behind the descriptor that the call was given, by the device that it is on.
fn mount_of_descriptor(bundle: &Bundle, failure: &Failure, mounts: &[Mount]) -> Option<Mount> {
    // A device number within the kernel: 12 bits of major, 20 of minor (`include/linux/kdev_t.h`).
    let device = bundle
        .fact(failure, "fd.device")
        .filter(|&device| device != 0)?;
    let device = format!("{}:{}", device >> 20, device & 0xf_ffff);
    mounts.iter().rfind(|mount| mount.device == device).cloned()
}

/// The mount that the last path argument is on: of the paths of mount(2) that is the target.
fn mount_of_paths(bundle: &Bundle, failure: &Failure, mounts: &[Mount]) -> Option<Mount> {
    let paths = failure.paths.iter().filter(|path| !path.bytes.is_empty());
    let of = |path: &PathArgument| {
        mount_of_path(mounts, &absolute(bundle, failure, &path.bytes)?).cloned()
    };
    paths.filter_map(of).next_back()
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
