//! How much a kind of failure stands out, by the table `rules/incident/salience.toml`.

use std::{cmp::Reverse, collections::HashMap};

use super::{
    command::Command,
    ends::{End, Ends},
    search::Searches,
    table::{Signal, TABLE, Table},
};
use crate::{
    failures::{Class, Group},
    graph::{CallTree, Calls},
    load::Bundle,
};

/// Failures from which on it can be told whether they are steady.
const STEADY: u64 = 3;

/// How much one kind of failure stands out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Salience {
    /// Before which other kinds it stands, whatever their points.
    pub standing: Standing,
    /// The points of all that holds.
    pub points: i32,
    /// Points from which on it stands out by itself.
    least: i32,
    /// Whether programs live with the error as a rule, and this one went on, as far as ends were recorded.
    pub went_on: bool,
    /// What adds points, or takes some, in words: the heaviest first.
    pub reasons: Vec<String>,
}

/// What decides before all points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A failure of the recorded command, or of a descendant of it.
    Command,
    /// One that healthy programs live with, but on what the words of the recorded command name, which then failed.
    CommandEnd,
    /// Any other.
    #[default]
    Host,
    /// Healthy programs live with it.
    Normal,
}

impl Salience {
    /// Whether it may be the incident though nothing is known of its cause.
    #[must_use]
    pub fn stands_out(&self) -> bool {
        match self.standing {
            Standing::Command | Standing::Host => self.points >= self.least,
            Standing::CommandEnd => true,
            Standing::Normal => false,
        }
    }

    /// What stands out more comes first.
    pub(crate) fn order(&self) -> (Standing, Reverse<i32>) {
        (self.standing, Reverse(self.points))
    }

    fn add(&mut self, signal: &Signal) {
        self.add_times(signal, 1);
    }

    fn add_times(&mut self, signal: &Signal, times: u32) {
        let points = signal
            .points
            .saturating_mul(i32::try_from(times).unwrap_or(i32::MAX));
        let points = points.min(signal.most.unwrap_or(i32::MAX));
        if points != 0 {
            self.points += points;
            self.reasons.push(format!("{} ({points:+})", signal.why));
        }
    }
}

/// What the recording tells of all kinds.
#[derive(Debug)]
pub(super) struct Signals<'a> {
    bundle: &'a Bundle,
    searches: Searches,
    ends: Ends<'a>,
    command: Command<'a>,
    /// When threads and syscalls were last traced to succeed, nanoseconds.
    succeeded: HashMap<(u32, u32), u64>,
    /// How long the recording took, nanoseconds; `None` when its end is missing.
    length_ns: Option<u64>,
}

impl<'a> Signals<'a> {
    pub(super) fn new(bundle: &'a Bundle, calls: &Calls, groups: &[Group]) -> Self {
        let mut succeeded: HashMap<(u32, u32), u64> = HashMap::new();
        let works = |tree: &&CallTree| tree.result.is_some_and(|result| result >= 0);
        for tree in calls.graphs.iter().filter(works) {
            if let Some(syscall) = tree.syscall {
                let last_ns = succeeded.entry((tree.pid, syscall)).or_default();
                *last_ns = tree.ended_ns.max(*last_ns);
            }
        }
        let (searches, ends) = (Searches::of(bundle), Ends::of(bundle, groups));
        let start_ns = bundle
            .manifest
            .as_ref()
            .map(|manifest| manifest.clocks.monotonic_ns);
        let end_ns = bundle.closing.as_ref().map(|closing| closing.ended_ns);
        Self {
            bundle,
            command: Command::of(bundle, &ends),
            searches,
            ends,
            succeeded,
            length_ns: start_ns
                .zip(end_ns)
                .map(|(start_ns, end_ns)| end_ns.saturating_sub(start_ns)),
        }
    }

    /// How much the kind stands out.
    pub(super) fn salience(&self, group: &Group) -> Salience {
        let Some(table) = TABLE.as_ref() else {
            return Salience::default();
        };
        let mut salience = Salience {
            standing: self.standing(group),
            ..Salience::default()
        };
        salience.add(&what(table, group));
        let Table { call, kind, .. } = table;
        for list in [&call.looks, &call.wishes] {
            if list.has_syscall(&group.syscall_name) {
                salience.add(&list.signal());
            }
        }
        let end = self.ends.of_group(group);
        let is_doubtful = group.class == Class::Doubtful;
        salience.least = match is_doubtful {
            true => table.least_doubtful,
            false => table.least,
        };
        if is_doubtful {
            salience.add(&kind.doubtful);
        }
        if self.searches.are_most_of(&group.samples) {
            salience.add(&kind.searched);
        }
        // What is used up worked until it was, and what fails after it may fail for it.
        if !table.errno.used_up.has_errno(&group.errno_name()) {
            if self.succeeds(group) {
                salience.add(&kind.succeeds);
            }
            if self.ends.are_after_others(group) {
                salience.add(&kind.survived);
            }
        }
        salience.went_on = is_doubtful && self.ends.are_known() && end.is_none();
        match end {
            Some(End::Badly) => salience.add(&kind.ended_badly),
            Some(End::Well) => salience.add(&kind.ended_well),
            None => {}
        }
        salience.add_times(&kind.repeated, group.count.max(1).ilog2());
        if self.is_steady(group) {
            salience.add(&kind.steady);
        }
        salience
    }

    fn standing(&self, group: &Group) -> Standing {
        match group.class {
            Class::Normal | Class::Doubtful if self.command.is_ended_by(group) => {
                Standing::CommandEnd
            }
            Class::Normal => Standing::Normal,
            _ if self.command.has_failed(group) => Standing::Command,
            _ => Standing::Host,
        }
    }

    /// Whether a thread of the kind went on to make the same call, and it worked.
    fn succeeds(&self, group: &Group) -> bool {
        let mut failures = group.failures(self.bundle);
        failures.any(|failure| {
            let last_ns = self.succeeded.get(&(failure.pid, group.syscall));
            last_ns.is_some_and(|&last_ns| last_ns > failure.time_ns)
        })
    }

    fn is_steady(&self, group: &Group) -> bool {
        let span_ns = group.last_ns.saturating_sub(group.first_ns);
        let half = |length_ns: u64| span_ns >= length_ns / 2;
        group.count >= STEADY && self.length_ns.is_some_and(half)
    }
}

fn what(table: &Table, group: &Group) -> Signal {
    let name = group.errno_name();
    let lists = [&table.errno.used_up, &table.errno.refused];
    let list = lists.into_iter().find(|list| list.has_errno(&name));
    list.map_or_else(|| table.errno.other.clone(), |list| list.signal())
}
