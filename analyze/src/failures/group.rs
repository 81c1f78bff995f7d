//! Failures of one syscall with one errno by one program.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
};

use format_spec::record::{Count, Failure};

use super::{
    Class,
    counted::{Counted, is_restart, shares},
};
use crate::{
    load::Bundle,
    names::{errno_name, syscall_name},
};

/// Failures that the recorder found not to be entered this far apart are of two times that it looked, nanoseconds: between
/// those it rests for longer.
const REST_NS: u64 = 6_000_000_000;

/// The name of a program of which nothing is known.
const UNKNOWN: &[u8] = b"?";

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
    /// How often: exact, unless it is an estimate; where the counts are missing, the samples that there are.
    pub count: u64,
    /// Whether some failures of this syscall and errno were of processes that are not told apart, and a share of them is
    /// in the count.
    pub is_estimate: bool,
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
    /// that only now and then: of each time that it did, the failures from the first such one to the last tell.
    #[must_use]
    pub fn never_entered(&self, bundle: &Bundle) -> bool {
        let flagged = |failure: &&Failure| failure.not_entered;
        let mut times: Vec<u64> = self
            .failures(bundle)
            .filter(flagged)
            .map(|failure| failure.time_ns)
            .collect();
        times.sort_unstable();
        let watched: Vec<&[u64]> = times
            .chunk_by(|before, next| next - before <= REST_NS)
            .collect();
        let was_watched = |failure: &&Failure| {
            let mut watched = watched.iter();
            watched.any(|times| (times[0]..=times[times.len() - 1]).contains(&failure.time_ns))
        };
        2 * times.len() > self.failures(bundle).filter(was_watched).count()
    }
}

/// All kinds of failures, the suspicious before the normal, and the frequent before the rare.
#[must_use]
pub fn groups(bundle: &Bundle) -> Vec<Group> {
    let mut groups: HashMap<(u32, u16, Vec<u8>), Group> = HashMap::new();
    let counted = Counted::new(bundle);
    let named = |count: &&Count| count.processes != 0 && !is_restart(count.errno);
    for count in bundle.counts.iter().filter(named) {
        let group = groups
            .entry((count.syscall, count.errno, count.comm.clone()))
            .or_insert_with(|| new(bundle, count.syscall, count.errno, &count.comm));
        group.count = group.count.saturating_add(count.count);
        if count.tgid != 0 {
            group.processes.insert(count.tgid);
        }
        group.seen(count.first_ns);
        group.seen(count.last_ns);
    }
    let mut uncounted: HashMap<(u32, u16, Vec<u8>), u64> = HashMap::new();
    for (index, failure) in bundle.failures.iter().enumerate() {
        let Failure {
            syscall,
            errno,
            tgid,
            ..
        } = *failure;
        let name = counted.name(failure);
        let comm = name.unwrap_or(&failure.comm).to_vec();
        let group = groups
            .entry((syscall, errno, comm.clone()))
            .or_insert_with(|| new(bundle, syscall, errno, &comm));
        if name.is_none() && counted.has_apart(syscall, errno) {
            *uncounted.entry((syscall, errno, comm)).or_default() += 1;
        } else if name.is_none() {
            group.count = group.count.saturating_add(1);
        }
        group.samples.push(index);
        group.processes.insert(tgid);
        group.threads.insert(failure.pid);
        group.seen(failure.time_ns);
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for ((syscall, errno), count) in counted.apart() {
        share_out(bundle, &mut groups, (syscall, errno, count), &uncounted);
    }
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

/// Gives failures of processes that are not told apart to the programs of which some were recorded whole that no process
/// counts; else to those that are known to fail so; else to one without a name.
fn share_out(
    bundle: &Bundle,
    groups: &mut Vec<Group>,
    (syscall, errno, count): (u32, u16, u64),
    uncounted: &HashMap<(u32, u16, Vec<u8>), u64>,
) {
    let is_own = |group: &Group| (group.syscall, group.errno) == (syscall, errno);
    if !groups.iter().any(is_own) {
        groups.push(new(bundle, syscall, errno, UNKNOWN));
    }
    let own = || groups.iter().filter(|group| is_own(group));
    let seen = |group: &Group| {
        let key = (syscall, errno, group.comm.clone());
        uncounted.get(&key).copied().unwrap_or(0)
    };
    let mut weights: Vec<u64> = own().map(seen).collect();
    if weights.iter().all(|&weight| weight == 0) {
        weights = own().map(|group| group.count.max(1)).collect();
    }
    let shares = shares(count, &weights);
    let own = groups.iter_mut().filter(|group| is_own(group));
    for (group, share) in own.zip(shares).filter(|(_, share)| *share > 0) {
        group.count = group.count.saturating_add(share);
        group.is_estimate = true;
    }
}

fn new(bundle: &Bundle, syscall: u32, errno: u16, comm: &[u8]) -> Group {
    let syscall_name = syscall_name(bundle.architecture(), syscall);
    Group {
        syscall,
        syscall_name,
        errno,
        comm: comm.to_vec(),
        count: 0,
        is_estimate: false,
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
    fn processes_that_have_ended_are_counted_by_their_name() {
        let mut recording = Recording::new();
        recording.fail(40, 28, "mount", 30);
        let row = recording.counts.last_mut().unwrap();
        (row.tgid, row.count, row.processes) = (0, 900, 300);
        let groups = groups(&recording.load());
        let group = &groups[0];
        assert_eq!(
            (groups.len(), group.count, group.is_estimate),
            (1, 900, false)
        );
        // That of the sample.
        assert_eq!(group.processes, BTreeSet::from([100]));
    }

    #[test]
    fn what_is_not_told_apart_is_shared_out_and_marked() {
        let mut recording = Recording::new();
        recording.fail(40, 28, "mount", 30);
        for (comm, tgid) in [("docker", 101), ("docker", 102), ("runc", 103)] {
            recording.fail(40, 28, comm, 40).tgid = tgid;
            recording.counts.pop();
        }
        let mut apart = recording.counts[0].clone();
        (apart.tgid, apart.comm, apart.count, apart.processes) = (0, Vec::new(), 999, 0);
        recording.counts.push(apart.clone());
        // Neither a failure nor of anybody.
        apart.errno = 512;
        recording.counts.push(apart.clone());
        (apart.syscall, apart.errno) = (41, 28);
        recording.counts.push(apart);
        let groups = groups(&recording.load());
        let of = |comm: &[u8]| {
            let group = groups.iter().find(|group| group.comm == comm).unwrap();
            (group.count, group.is_estimate)
        };
        assert_eq!(of(b"mount"), (1, false));
        assert_eq!((of(b"docker"), of(b"runc")), ((666, true), (333, true)));
        assert_eq!(of(b"?"), (999, true));
        assert_eq!(groups.len(), 4);
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
