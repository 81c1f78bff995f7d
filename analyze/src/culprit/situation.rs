//! One kind of failure, and all that the recording says of it wherever it began.

use format_spec::{
    linux::mountinfo::Mount,
    record::{Failure, PathArgument},
};

use crate::{
    evidence::{
        FileSystem, LimitUse, NamedFile, absolute, file_systems, mount_of_path, mounts_of,
        named_file,
    },
    failures::Group,
    limits,
    load::Bundle,
};

/// What a kind of failure met: found once, however many origins it has.
#[derive(Debug)]
pub struct Situation<'a> {
    /// The recording.
    pub bundle: &'a Bundle,
    /// What failed.
    pub group: &'a Group,
    /// The failure that stands for all of the group: the last one that was recorded with facts.
    pub sample: Option<&'a Failure>,
    /// Limits in the scope of the failing task, with their use.
    pub limits: Vec<LimitUse>,
    /// File systems as they were nearest to the failure.
    pub file_systems: Vec<FileSystem>,
    /// Mounts as the failing process saw them.
    pub mounts: Vec<Mount>,
    /// The file that the call named.
    pub file: Option<NamedFile>,
}

impl<'a> Situation<'a> {
    /// Collects the evidence.
    #[must_use]
    pub fn new(bundle: &'a Bundle, group: &'a Group) -> Self {
        let sample = sample(bundle, group);
        Self {
            bundle,
            group,
            sample,
            limits: limits::table(bundle, sample),
            file_systems: file_systems(bundle, sample),
            mounts: sample.map_or_else(Vec::new, |failure| mounts_of(bundle, failure)),
            file: sample.and_then(|failure| named_file(bundle, failure)),
        }
    }

    /// The mount that the call is about, when its descriptor or a path tells.
    #[must_use]
    pub fn mount(&self) -> Option<&Mount> {
        let failure = self.sample?;
        mount_of_descriptor(self.bundle, failure, &self.mounts)
            .or_else(|| mount_of_paths(self.bundle, failure, &self.mounts))
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

/// The mount of the file behind the descriptor that the call was given, by the device that it is on.
fn mount_of_descriptor<'a>(
    bundle: &Bundle,
    failure: &Failure,
    mounts: &'a [Mount],
) -> Option<&'a Mount> {
    // A device number within the kernel: 12 bits of major, 20 of minor (`include/linux/kdev_t.h`).
    let device = bundle
        .fact(failure, "fd.device")
        .filter(|&device| device != 0)?;
    let device = format!("{}:{}", device >> 20, device & 0xf_ffff);
    mounts.iter().rfind(|mount| mount.device == device)
}

/// The mount that the last path argument is on: of the paths of mount(2) that is the target.
fn mount_of_paths<'a>(
    bundle: &Bundle,
    failure: &Failure,
    mounts: &'a [Mount],
) -> Option<&'a Mount> {
    let paths = failure.paths.iter().filter(|path| !path.bytes.is_empty());
    let of = |path: &PathArgument| mount_of_path(mounts, &absolute(bundle, failure, &path.bytes)?);
    paths.filter_map(of).next_back()
}
