//! One kind of failure, and all that the recording says of it wherever it began.

use format_spec::{linux::mountinfo::Mount, record::Failure};

use crate::{
    evidence::{
        FileSystem, LimitUse, NamedFile, Place, file_system_of, file_systems, mounts_of,
        named_file, place,
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
    /// The mount and the file system that the call is about; `None` when that is not known, or it is about no file.
    pub place: Option<Place>,
    /// The space of that file system.
    pub file_system: Option<FileSystem>,
    /// The file that the call named.
    pub file: Option<NamedFile>,
}

impl<'a> Situation<'a> {
    /// Collects the evidence.
    #[must_use]
    pub fn new(bundle: &'a Bundle, group: &'a Group) -> Self {
        let sample = sample(bundle, group);
        let mounts = sample.map_or_else(Vec::new, |failure| mounts_of(bundle, failure));
        let place = sample.and_then(|failure| place(bundle, failure, &mounts));
        let file_system = place
            .as_ref()
            .and_then(|place| file_system_of(bundle, sample?, &place.device));
        Self {
            bundle,
            group,
            sample,
            limits: limits::table(bundle, sample),
            file_systems: file_systems(bundle, sample),
            mounts,
            place,
            file_system,
            file: sample.and_then(|failure| named_file(bundle, failure)),
        }
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
