//! Failures of one syscall with one errno by one program.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
};

use format_spec::record::Failure;

use super::Class;
use crate::{
    load::Bundle,
    names::{errno_name, syscall_name},
};

/// Failures of one kind.
#[derive(Debug, Clone)]
pub struct Group {
    /// Syscall number of the recorded architecture.
    pub syscall: u32,
    /// Its name.
    pub syscall_name: String,
    /// errno, 1 to 4095.
    pub errno: u16,
    /// Name of the thread that failed, untrusted bytes.
    pub comm: Vec<u8>,
    /// How often, exact; where the counts are missing, the samples that there are.
    pub count: u64,
    /// Process ids in the initial pid namespace.
    pub processes: BTreeSet<u32>,
    /// Thread ids of the samples.
    pub threads: HashSet<u32>,
    /// Failures that were recorded whole, by index into [`Bundle::failures`], in order of time.
    pub samples: Vec<usize>,
    /// Time of the first one, nanoseconds.
    pub first_ns: u64,
    /// Time of the last one, nanoseconds.
    pub last_ns: u64,
    /// How suspicious it is by itself.
    pub class: Class,
}

impl Group {
    /// The errno's name.
    #[must_use]
    pub fn errno_name(&self) -> String {
        errno_name(self.errno)
    }

    /// The failures that were recorded whole.
    pub fn failures<'a>(&'a self, bundle: &'a Bundle) -> impl Iterator<Item = &'a Failure> {
        self.samples
            .iter()
            .filter_map(|&index| bundle.failures.get(index))
    }

    /// Whether the kernel never entered the syscall: no `sys_enter` came before its failures. The recorder looks for
    /// that only now and then, so that those tell which it saw from the first such failure to the last.
    #[must_use]
    pub fn never_entered(&self, bundle: &Bundle) -> bool {
        let times = || {
            let failures = self.failures(bundle).filter(|failure| failure.not_entered);
            failures.map(|failure| failure.time_ns)
        };
        let (Some(first), Some(last)) = (times().min(), times().max()) else {
            return false;
        };
        let within = self
            .failures(bundle)
            .filter(|failure| (first..=last).contains(&failure.time_ns));
        2 * times().count() > within.count()
    }
}

/// All kinds of failures, the suspicious before the normal, and the frequent before the rare.
#[must_use]
pub fn groups(bundle: &Bundle) -> Vec<Group> {
    let mut groups: HashMap<(u32, u16, Vec<u8>), Group> = HashMap::new();
    for count in &bundle.counts {
        let group = groups
            .entry((count.syscall, count.errno, count.comm.clone()))
            .or_insert_with(|| new(bundle, count.syscall, count.errno, &count.comm));
        group.count = group.count.saturating_add(count.count);
        group.processes.insert(count.tgid);
        group.seen(count.first_ns);
        group.seen(count.last_ns);
    }
    let by_process: HashMap<(u32, u16, u32), Vec<u8>> = bundle
        .counts
        .iter()
        .map(|count| ((count.syscall, count.errno, count.tgid), count.comm.clone()))
        .collect();
    for (index, failure) in bundle.failures.iter().enumerate() {
        let Failure {
            syscall,
            errno,
            tgid,
            ..
        } = *failure;
        // Counts carry the name of the process's first failing thread: its other threads go with it.
        let counted = by_process.get(&(syscall, errno, tgid));
        let comm = counted.unwrap_or(&failure.comm);
        let group = groups
            .entry((syscall, errno, comm.clone()))
            .or_insert_with(|| new(bundle, syscall, errno, comm));
        if counted.is_none() {
            group.count = group.count.saturating_add(1);
        }
        group.samples.push(index);
        group.processes.insert(tgid);
        group.threads.insert(failure.pid);
        group.seen(failure.time_ns);
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in &mut groups {
        let arguments: Vec<[u64; 6]> = group.failures(bundle).map(|one| one.args).collect();
        group.class = Class::of(&group.syscall_name, group.errno, &arguments);
    }
    let apart: Vec<Group> = groups
        .iter_mut()
        .filter_map(|group| group.take_exceptions(bundle))
        .collect();
    groups.extend(apart);
    groups.sort_by(|a, b| a.order().cmp(&b.order()).then_with(|| a.comm.cmp(&b.comm)));
    groups
}

fn new(bundle: &Bundle, syscall: u32, errno: u16, comm: &[u8]) -> Group {
    let syscall_name = syscall_name(bundle.architecture(), syscall);
    Group {
        syscall,
        syscall_name,
        errno,
        comm: comm.to_vec(),
        count: 0,
        processes: BTreeSet::new(),
        threads: HashSet::new(),
        samples: Vec::new(),
        first_ns: u64::MAX,
        last_ns: 0,
        class: Class::Suspicious,
    }
}

impl Group {
    /// Of a normal kind, what is an exception, as a kind of its own: it is something else that failed. As many of all
    /// failures are taken to be so as were recorded whole.
    fn take_exceptions(&mut self, bundle: &Bundle) -> Option<Self> {
        if self.class != Class::Normal {
            return None;
        }
        let samples = Class::exceptions(bundle, self);
        if samples.is_empty() {
            return None;
        }
        if samples.len() == self.samples.len() {
            self.class = Class::Doubtful;
            return None;
        }
        let mut apart = Self {
            class: Class::Doubtful,
            count: samples.len().try_into().unwrap_or(u64::MAX),
            processes: BTreeSet::new(),
            threads: HashSet::new(),
            first_ns: u64::MAX,
            last_ns: 0,
            samples,
            ..self.clone()
        };
        self.samples.retain(|index| !apart.samples.contains(index));
        self.count = self.count.saturating_sub(apart.count);
        for index in apart.samples.clone() {
            let Some(failure) = bundle.failures.get(index) else {
                continue;
            };
            apart.processes.insert(failure.tgid);
            apart.threads.insert(failure.pid);
            apart.seen(failure.time_ns);
        }
        Some(apart)
    }

    fn seen(&mut self, time_ns: u64) {
        self.first_ns = self.first_ns.min(time_ns);
        self.last_ns = self.last_ns.max(time_ns);
    }

    /// The suspicious before the normal, the frequent before the rare.
    fn order(&self) -> (Class, Reverse<u64>, u32, u16) {
        (self.class, Reverse(self.count), self.syscall, self.errno)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    #[test]
    fn the_suspicious_come_first_and_programs_are_told_apart() {
        let mut recording = Recording::new();
        for time_ns in 1..=9 {
            recording.fail(56, 2, "sh", time_ns);
        }
        recording.fail(40, 28, "dockerd", 20).tgid = 99;
        recording.counts.last_mut().unwrap().tgid = 99;
        recording.fail(40, 28, "mount", 30);
        recording.fail(40, 28, "mount", 40).tgid = 101;
        recording.counts.last_mut().unwrap().tgid = 101;
        let bundle = recording.load();
        let groups = groups(&bundle);
        let rows: Vec<_> = groups
            .iter()
            .map(|group| {
                (
                    group.syscall_name.as_str(),
                    group.comm.as_slice(),
                    group.count,
                    group.samples.len(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("mount", &b"mount"[..], 2, 2),
                ("mount", b"dockerd", 1, 1),
                ("openat", b"sh", 9, 9),
            ]
        );
        assert_eq!(groups[0].processes, BTreeSet::from([100, 101]));
        assert_eq!((groups[0].first_ns, groups[0].last_ns), (30, 40));
        assert_eq!(groups[2].class, Class::Normal);
    }

    #[test]
    fn samples_stand_in_for_missing_counts() {
        let mut recording = Recording::new();
        recording.fail(40, 28, "mount", 30);
        recording.fail(40, 28, "mount", 40);
        recording.counts.clear();
        let groups = groups(&recording.load());
        assert_eq!((groups.len(), groups[0].count), (1, 2));
    }
}
