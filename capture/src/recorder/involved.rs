//! Which processes, control groups and mount namespaces had failures worth a look.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use format_spec::{linux::arguments::Start, record::Failure};

use crate::sources::{
    snapshot::{Folder, Involved, NamedPath, UsedPort},
    syscalls::{Facts, paths},
};

/// Most failures that are remembered: first the first ones, then the last ones.
const FIRST: usize = 32;
const LAST: usize = 32;

/// `AF_INET` and `AF_INET6` (`include/linux/socket.h`).
const INET: [u64; 2] = [2, 10];

/// `EBUSY` and `EADDRINUSE`.
const BUSY: u16 = 16;
const IN_USE: u16 = 98;

/// Most ports that are remembered.
const MAX_PORTS: usize = 16;

/// Most paths that are remembered, and most of one kind of failure.
const MAX_PATHS: usize = 48;
const PATHS_OF_A_KIND: usize = 6;

#[derive(Debug)]
struct Place {
    tgid: u32,
    parent: Option<u32>,
    cgroup: u64,
    mount_namespace: Option<u64>,
    net_namespace: Option<u64>,
}

/// The first and the last failures.
#[derive(Debug, Default)]
pub(super) struct Recent {
    first: Vec<Place>,
    last: VecDeque<Place>,
    seen: BTreeSet<u32>,
    paths: BTreeSet<NamedPath>,
    ports: BTreeSet<UsedPort>,
    /// By syscall and errno.
    paths_of_kind: BTreeMap<(u32, u16), usize>,
}

impl Recent {
    /// Remembers where a failure came from; each process once.
    pub(super) fn note(&mut self, failure: &Failure, facts: &Facts) {
        let place = Place {
            tgid: failure.tgid,
            parent: fact(failure, facts, "parent.tgid").and_then(|pid| u32::try_from(pid).ok()),
            cgroup: failure.cgroup,
            mount_namespace: fact(failure, facts, "ns.mnt"),
            net_namespace: fact(failure, facts, "ns.net"),
        };
        self.note_paths(failure, facts, &place);
        self.note_port(failure, facts, &place);
        if !self.seen.insert(failure.tgid) {
            return;
        }
        if self.first.len() < FIRST {
            self.first.push(place);
            return;
        }
        self.last.push_back(place);
        if self.last.len() > LAST
            && let Some(old) = self.last.pop_front()
        {
            self.seen.remove(&old.tgid);
        }
    }

    /// Remembers the port that is in use already.
    fn note_port(&mut self, failure: &Failure, facts: &Facts, place: &Place) {
        let family = fact(failure, facts, "address.family");
        let port = fact(failure, facts, "address.port").and_then(|port| u16::try_from(port).ok());
        let is_inet = family.is_some_and(|family| INET.contains(&family));
        if let (Some(port @ 1..), true, IN_USE) = (port.map(u16::from_be), is_inet, failure.errno)
            && self.ports.len() < MAX_PORTS
        {
            self.ports.insert(UsedPort {
                tgids: [place.tgid].into_iter().chain(place.parent).collect(),
                net_namespace: place.net_namespace,
                port,
            });
        }
    }

    fn note_paths(&mut self, failure: &Failure, facts: &Facts, place: &Place) {
        let kind = (failure.syscall, failure.errno);
        let id = |name| fact(failure, facts, name);
        for (start, path) in paths(failure) {
            let folder = match start {
                Start::Root => None,
                Start::WorkingFolder => Some((None, "fs.cwd_mount", "fs.cwd_inode")),
                Start::Descriptor { number, recorded } if recorded => {
                    Some((Some(number), "fd.mount", "fd.inode"))
                }
                Start::Descriptor { .. } => continue,
            };
            let folder = folder.map(|(descriptor, mount, inode)| Folder {
                descriptor,
                mount: id(mount),
                inode: id(inode),
            });
            let of_kind = self.paths_of_kind.entry(kind).or_default();
            if *of_kind >= PATHS_OF_A_KIND || self.paths.len() >= MAX_PATHS {
                return;
            }
            let known = self.paths.iter().any(|named| {
                named.path == path
                    && named.folder == folder
                    && named.mount_namespace == place.mount_namespace
            });
            if !known {
                *of_kind += 1;
                self.paths.insert(NamedPath {
                    tgids: [place.tgid].into_iter().chain(place.parent).collect(),
                    mount_namespace: place.mount_namespace,
                    folder,
                    busy: failure.errno == BUSY,
                    path: path.to_vec(),
                });
            }
        }
    }

    /// All of them.
    pub(super) fn involved(&self) -> Involved {
        let mut involved = Involved {
            paths: self.paths.clone(),
            ports: self.ports.clone(),
            ..Involved::default()
        };
        for place in self.first.iter().chain(&self.last) {
            involved.tgids.insert(place.tgid);
            involved.tgids.extend(place.parent.filter(|&pid| pid > 0));
            involved.cgroups.insert(place.cgroup);
            involved.mount_namespaces.extend(place.mount_namespace);
        }
        involved
    }
}

/// A fact of a failure, by name.
pub(super) fn fact(failure: &Failure, facts: &Facts, name: &str) -> Option<u64> {
    let id = facts.id(name)?;
    let found = failure.facts.iter().find(|(known, _)| *known == id);
    found.map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_and_the_last() {
        let mut recent = Recent::default();
        for tgid in 1..=200 {
            let failure = Failure {
                tgid,
                cgroup: 7,
                ..Failure::default()
            };
            recent.note(&failure, &Facts::default());
            recent.note(&failure, &Facts::default());
        }
        let tgids = recent.involved().tgids;
        assert_eq!(tgids.len(), FIRST + LAST);
        assert!(tgids.contains(&1) && tgids.contains(&200) && !tgids.contains(&100));
        assert_eq!(recent.involved().cgroups, [7].into());
        assert!(recent.seen.len() <= FIRST + LAST);
    }
}
