//! The counts: the last whole record of them, and what changed afterwards.

use std::collections::{BTreeMap, btree_map::Entry};

use format_spec::{
    bounds::MAX_ROWS,
    record::{Count, CountUpdates, Counts},
};

type Key = (u32, u16, u32, Vec<u8>, u64);

/// Rows by what tells them apart. No more than one record may have.
#[derive(Debug, Default)]
pub(crate) struct CountRows(BTreeMap<Key, Count>);

impl CountRows {
    /// All rows anew. Those of one key are added up: there should be but one.
    pub(crate) fn replace(&mut self, counts: Counts) {
        self.0.clear();
        for row in counts.rows {
            match self.0.entry(key(&row)) {
                Entry::Vacant(place) => {
                    place.insert(row);
                }
                Entry::Occupied(mut found) => {
                    let sum = found.get_mut();
                    sum.count = sum.count.saturating_add(row.count);
                    sum.first_ns = sum.first_ns.min(row.first_ns);
                    sum.last_ns = sum.last_ns.max(row.last_ns);
                }
            }
        }
    }

    /// Takes rows that changed: one with a count of 0 is no more.
    pub(crate) fn update(&mut self, updates: CountUpdates) {
        for row in updates.rows {
            let key = key(&row);
            if row.count == 0 {
                self.0.remove(&key);
            } else if self.0.len() < MAX_ROWS || self.0.contains_key(&key) {
                self.0.insert(key, row);
            }
        }
    }

    /// The rows, in the order of their first failures.
    pub(crate) fn into_rows(self) -> Vec<Count> {
        let mut rows: Vec<Count> = self.0.into_values().collect();
        rows.sort_by_key(|row| row.first_ns);
        rows
    }
}

fn key(row: &Count) -> Key {
    let (syscall, errno, tgid, comm, cgroup) = row.key();
    (syscall, errno, tgid, comm.to_vec(), cgroup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_row_takes_the_place_of_its_key() {
        let row = |tgid, count| Count {
            syscall: 40,
            errno: 28,
            tgid,
            comm: b"mount".into(),
            cgroup: 7,
            count,
            ..Count::default()
        };
        let mut rows = CountRows::default();
        rows.update(CountUpdates {
            rows: vec![row(1, 3), row(2, 4)],
        });
        rows.update(CountUpdates {
            rows: vec![row(2, 5), row(1, 0), row(0, 3)],
        });
        let counts = |rows: CountRows| -> Vec<_> {
            let rows = rows.into_rows().into_iter();
            rows.map(|row| (row.tgid, row.count)).collect()
        };
        assert_eq!(counts(rows), [(0, 3), (2, 5)]);
        let mut rows = CountRows::default();
        rows.update(CountUpdates {
            rows: vec![row(1, 3)],
        });
        rows.replace(Counts {
            rows: vec![row(2, 9)],
        });
        assert_eq!(counts(rows), [(2, 9)]);
    }
}
