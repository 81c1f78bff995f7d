//! Failures of processes that are gone, by syscall, errno, name and control group.

use std::collections::BTreeMap;

use format_spec::record::Count;

use super::marks::Key;

/// Most rows: what is beyond is counted by (syscall, errno) alone.
const MAX_ROWS: usize = 8_192;

/// The failures of processes that are gone.
#[derive(Debug, Default)]
pub(super) struct Gone {
    rows: BTreeMap<(u32, u16, Vec<u8>, u64), Count>,
    others: BTreeMap<(u32, u16), u64>,
}

impl Gone {
    /// The row that takes the one of a process.
    pub(super) fn key(&self, row: &Count) -> Key {
        let own = (row.syscall, row.errno, row.comm.clone(), row.cgroup);
        let has_row = self.rows.len() < MAX_ROWS || self.rows.contains_key(&own);
        let (syscall, errno, comm, cgroup) = own;
        match has_row {
            true => (syscall, errno, 0, comm, cgroup),
            false => (syscall, errno, 0, Vec::new(), 0),
        }
    }

    /// Takes the row of a process.
    pub(super) fn take(&mut self, row: Count) {
        let has_room = self.rows.len() < MAX_ROWS;
        let key = (row.syscall, row.errno, row.comm.clone(), row.cgroup);
        if let Some(sum) = self.rows.get_mut(&key) {
            sum.count += row.count;
            sum.processes = sum.processes.saturating_add(1);
            sum.first_ns = sum.first_ns.min(row.first_ns);
            sum.last_ns = sum.last_ns.max(row.last_ns);
        } else if has_room {
            self.rows.insert(key, Count { tgid: 0, ..row });
        } else {
            *self.others.entry((row.syscall, row.errno)).or_default() += row.count;
        }
    }

    /// One row for each syscall, errno, name and control group.
    pub(super) fn rows(&self) -> impl Iterator<Item = Count> {
        self.rows.values().cloned()
    }

    /// What found no room, by (syscall, errno).
    pub(super) fn others(&self) -> BTreeMap<(u32, u16), u64> {
        self.others.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tgid: u32, comm: &str, count: u64) -> Count {
        Count {
            syscall: 40,
            errno: 28,
            tgid,
            comm: comm.into(),
            count,
            first_ns: u64::from(tgid),
            last_ns: u64::from(tgid) + 5,
            cgroup: 7,
            processes: 1,
        }
    }

    #[test]
    fn processes_of_one_name_and_group_are_one_row() {
        let mut gone = Gone::default();
        for row in [row(9, "mount", 3), row(8, "mount", 4), row(7, "docker", 1)] {
            gone.take(row);
        }
        let rows: Vec<_> = gone.rows().collect();
        assert_eq!(rows.len(), 2);
        let mount = rows.iter().find(|row| row.comm == b"mount").unwrap();
        assert_eq!((mount.tgid, mount.count, mount.processes), (0, 7, 2));
        assert_eq!((mount.first_ns, mount.last_ns), (8, 14));
    }

    #[test]
    fn nothing_is_lost_when_there_are_too_many_names() {
        let mut gone = Gone::default();
        let all = 2 * MAX_ROWS as u64;
        for number in 0..all {
            gone.take(row(1, &format!("w{number}"), 2));
        }
        let told: u64 = gone.rows().map(|row| row.count).sum();
        assert_eq!(gone.rows().count(), MAX_ROWS);
        assert_eq!(told + gone.others()[&(40, 28)], 2 * all);
    }
}
