//! Processes that live in the namespaces of one that failed and is gone.
//!
//! A host has tens of thousands of processes, and a namespace may be gone with its last one: looking through all of them
//! would tell that late. Looked at are those in the control groups of the failing processes, which are in their
//! containers, then others within bounds; each once in a snapshot, whatever is looked for.

use std::{
    collections::HashMap,
    path::Path,
    time::{Duration, Instant},
};

use super::{bounded, collector::Collector, pids};

/// Most processes of one control group.
const OF_A_GROUP: usize = 64;

/// Most other processes, and the longest time for them: 4,000 take 30 ms where nothing is emulated.
const OTHERS: usize = 4000;
const TIME: Duration = Duration::from_millis(300);

/// Most processes of one namespace that are remembered.
const OF_A_NAMESPACE: usize = 64;

/// Processes by their namespaces, found as they are needed.
pub(super) struct Peers {
    mount: HashMap<u64, Vec<u32>>,
    net: HashMap<u64, Vec<u32>>,
    near: Vec<u32>,
    others: Box<dyn Iterator<Item = u32>>,
    looked_at: usize,
    time: Duration,
    given_up: bool,
}

/// A kind of namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    /// Of mounts.
    Mount,
    /// Of the network.
    Net,
}

impl Peers {
    /// Nobody was looked at yet; `pids` come first, then the members of the groups with these folders.
    pub(super) fn new<'a>(pids: &[u32], groups: impl Iterator<Item = &'a Path>) -> Self {
        let mut near: Vec<u32> = pids.to_vec();
        for group in groups {
            let text = bounded::text(&group.join("cgroup.procs"));
            let members = text.lines().filter_map(|line| line.parse::<u32>().ok());
            near.extend(members.take(OF_A_GROUP));
        }
        // Taken from the end.
        near.reverse();
        Self {
            mount: HashMap::new(),
            net: HashMap::new(),
            near,
            others: Box::new(pids::all_pids()),
            looked_at: 0,
            time: TIME,
            given_up: false,
        }
    }

    /// A living process in that namespace.
    pub(super) fn one_in(&mut self, kind: Namespace, inode: u64) -> Option<u32> {
        loop {
            if let Some(found) = self.known(kind, inode).first() {
                return Some(*found);
            }
            if !self.look_further() {
                return None;
            }
        }
    }

    /// Living processes in that namespace, of those that are looked at.
    pub(super) fn all_in(&mut self, kind: Namespace, inode: u64) -> &[u32] {
        while self.look_further() {}
        self.known(kind, inode)
    }

    /// Tells how many there may be beside those that were looked at.
    pub(super) fn tell(self, collector: &mut Collector<'_>) {
        if self.given_up {
            collector.leave_out(
                "searches for a process of a namespace, which ended before all were looked at",
            );
        }
    }

    fn known(&self, kind: Namespace, inode: u64) -> &[u32] {
        let all = match kind {
            Namespace::Mount => &self.mount,
            Namespace::Net => &self.net,
        };
        all.get(&inode).map_or(&[], Vec::as_slice)
    }

    /// Looks at one more process. Returns whether there was one.
    fn look_further(&mut self) -> bool {
        let started = Instant::now();
        let pid = match self.near.pop() {
            Some(pid) => pid,
            None if self.given_up => return false,
            None if self.looked_at >= OTHERS || self.time.is_zero() => {
                self.given_up = true;
                return false;
            }
            None => {
                self.looked_at += 1;
                match self.others.next() {
                    Some(pid) => pid,
                    None => return false,
                }
            }
        };
        let namespaces = [
            (&mut self.mount, pids::mount_namespace(pid)),
            (&mut self.net, pids::net_namespace(pid)),
        ];
        for (known, inode) in namespaces {
            if let Some(inode) = inode {
                let pids = known.entry(inode).or_default();
                if pids.len() < OF_A_NAMESPACE && !pids.contains(&pid) {
                    pids.push(pid);
                }
            }
        }
        self.time = self.time.saturating_sub(started.elapsed());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(pids: &[u32]) -> Peers {
        Peers::new(pids, std::iter::empty())
    }

    #[test]
    fn those_that_are_named_come_first() {
        let own = std::process::id();
        let inode = pids::mount_namespace(own).unwrap();
        let mut peers = peers(&[u32::MAX, own]);
        assert_eq!(peers.one_in(Namespace::Mount, inode), Some(own));
        assert_eq!(peers.looked_at, 0);
    }

    #[test]
    fn a_namespace_that_is_gone_is_searched_once_and_within_bounds() {
        let mut peers = peers(&[]);
        peers.others = Box::new(1_000_000..2_000_000);
        assert_eq!(peers.one_in(Namespace::Mount, 1), None);
        let looked_at = peers.looked_at;
        assert!(looked_at <= OTHERS && peers.given_up);
        assert_eq!(peers.one_in(Namespace::Net, 1), None);
        assert_eq!(peers.looked_at, looked_at);
    }

    #[test]
    fn members_of_a_group_are_near() {
        let folder = tempfile::tempdir().unwrap();
        let own = std::process::id();
        std::fs::write(folder.path().join("cgroup.procs"), format!("{own}\n")).unwrap();
        let mut peers = Peers::new(&[], [folder.path()].into_iter());
        let inode = pids::net_namespace(own).unwrap();
        assert_eq!(peers.one_in(Namespace::Net, inode), Some(own));
        assert!(peers.all_in(Namespace::Net, inode).contains(&own));
    }
}
