//! What the sentinels saw: a function that failed, and who had called it.

use std::collections::HashMap;

use crate::{kernel::Kernel, tracefs::Formats};

/// Most sightings that are remembered; the oldest go first.
const MAX_SIGHTINGS: usize = 64;

/// One failure of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sighting {
    /// The function, and its callers from the inside out: absolute addresses.
    path: Vec<u64>,
    /// The errno that it returned; `None` for predicates.
    errno: Option<u16>,
}

/// A way from a failing function up to where the syscall was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// The functions, from the inside out: absolute addresses.
    pub(crate) functions: Vec<u64>,
    /// Whether the first one is a predicate, that tells of the failure without an errno.
    pub(crate) is_predicate: bool,
}

/// The last failures that the sentinels saw.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    list: Vec<Sighting>,
}

impl Sightings {
    /// Reads a page, before its addresses are made relative. `errors` are the ids of the events whose value is an
    /// errno.
    pub(super) fn read(&mut self, page: &[u8], formats: &Formats, errors: &[u16], kernel: &Kernel) {
        let Some(sub) = formats.page.sub_buffer(page) else {
            return;
        };
        let start = |address| kernel.containing(address).map(|found| found.address);
        // The stack of a failure follows it, unless another task of the processor comes in between.
        let mut waiting: HashMap<i64, (u64, Option<u16>)> = HashMap::new();
        for event in sub.events() {
            let id = event.id();
            let Some((id, format)) = id.and_then(|id| Some((id, formats.by_id.get(&id)?))) else {
                continue;
            };
            let read = |name: &str| format.field(name)?.read(event.data);
            let Some(pid) = read("common_pid") else {
                continue;
            };
            // A probe at a return names the function, one within it the instruction.
            let function = read("__probe_func").or_else(|| read("__probe_ip"));
            if let (Some(function), Some(value)) = (function, read("ret")) {
                let errno = errors
                    .contains(&id)
                    .then(|| u16::try_from(-value).ok())
                    .flatten();
                waiting.insert(pid, (function.cast_unsigned(), errno));
            } else if let Some(field) = format.field("caller")
                && let Some((function, errno)) = waiting.remove(&pid)
            {
                let words = event.data.get(field.offset..).unwrap_or_default();
                let (words, _) = words.as_chunks::<8>();
                let callers = words.iter().map(|word| u64::from_le_bytes(*word));
                let path = [function].into_iter().chain(callers).filter_map(start);
                let mut path: Vec<u64> = path.collect();
                // The stack may begin with the function itself.
                path.dedup();
                self.add(Sighting { path, errno });
            }
        }
    }

    /// The way from the failing function furthest inside to the function `entry`, when a sentinel saw one below it.
    pub(super) fn way(&self, entry: u64, errno: u16) -> Option<Way> {
        let fits = |sighting: &&Sighting| sighting.errno.is_none_or(|found| found == errno);
        let ways = self.list.iter().rev().filter(fits).filter_map(|sighting| {
            let end = sighting
                .path
                .iter()
                .position(|&function| function == entry)?;
            Some(Way {
                functions: sighting.path[..=end].to_vec(),
                is_predicate: sighting.errno.is_none(),
            })
        });
        ways.max_by_key(|way| way.functions.len())
    }

    fn add(&mut self, sighting: Sighting) {
        if self.list.contains(&sighting) {
            return;
        }
        if self.list.len() == MAX_SIGHTINGS {
            self.list.remove(0);
        }
        self.list.push(sighting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_ends_at_the_entry() {
        let mut sightings = Sightings::default();
        let path = vec![4, 3, 2, 1, 90, 91];
        sightings.add(Sighting {
            path: path.clone(),
            errno: Some(28),
        });
        sightings.add(Sighting {
            path: path[1..].to_vec(),
            errno: Some(28),
        });
        let way = sightings.way(1, 28).unwrap();
        assert_eq!((way.functions, way.is_predicate), (vec![4, 3, 2, 1], false));
        assert_eq!(sightings.way(1, 12), None);
        assert_eq!(sightings.way(77, 28), None);
    }

    #[test]
    fn repeated_sightings_take_no_room() {
        let mut sightings = Sightings::default();
        for round in 0..200 {
            sightings.add(Sighting {
                path: vec![round % 100, 1],
                errno: None,
            });
        }
        assert_eq!(sightings.list.len(), MAX_SIGHTINGS);
        assert!(sightings.way(1, 11).unwrap().is_predicate);
    }
}
