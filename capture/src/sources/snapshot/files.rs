//! Which files snapshots take: those that the analyzer reads, or a rule tells to look at. The list is generated from these
//! users, so that nothing else is read: some files of /proc walk the kernel's lists with interrupts off, or take locks that
//! others wait for.

/// Where and path, two words a line.
const LIST: &str = include_str!("files.txt");

/// Whose files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The host's, by absolute path.
    Host,
    /// A process's, below its folder.
    Process,
    /// Those of a process in another network namespace, below its folder.
    Network,
    /// A control group's, by name; `*` stands for anything.
    Cgroup,
}

/// The files to take there.
pub(super) fn of(place: Place) -> impl Iterator<Item = &'static str> {
    all().filter_map(move |(of, path)| (of == place).then_some(path))
}

/// Whether a file of a control group is to be taken.
pub(super) fn is_of_cgroup(name: &str) -> bool {
    of(Place::Cgroup).any(|pattern| match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name
            .strip_prefix(head)
            .is_some_and(|rest| rest.ends_with(tail)),
    })
}

fn all() -> impl Iterator<Item = (Place, &'static str)> {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let (place, path) = line.split_once(' ')?;
        let place = match place {
            "host" => Place::Host,
            "process" => Place::Process,
            "network" => Place::Network,
            "cgroup" => Place::Cgroup,
            _ => return None,
        };
        Some((place, path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(lines.count(), all().count());
        assert!(of(Place::Host).all(|path| path.starts_with('/')));
        assert!(of(Place::Process).any(|path| path == "limits"));
    }

    #[test]
    fn files_of_control_groups_may_be_patterns() {
        assert!(is_of_cgroup("pids.max") && is_of_cgroup("hugetlb.2MB.max"));
        assert!(!is_of_cgroup("memory.stat") && !is_of_cgroup("hugetlb.2MB.current"));
    }

    #[test]
    fn what_stops_interrupts_for_long_is_not_read() {
        for path in ["/proc/slabinfo", "/proc/pagetypeinfo", "/proc/zoneinfo"] {
            assert!(of(Place::Host).all(|taken| taken != path));
        }
    }
}
