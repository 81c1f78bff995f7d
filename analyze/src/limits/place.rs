//! Where the numbers of one level of a scope are read.

use crate::load::SnapshotView;

/// One level of a scope.
#[derive(Debug, Clone)]
pub(super) struct Level<'a> {
    /// In words.
    pub(super) words: String,
    /// Where its numbers are read.
    pub(super) place: Place<'a>,
}

/// Where the numbers of a level are read.
#[derive(Debug, Clone)]
pub(super) enum Place<'a> {
    /// The task's own.
    Own,
    /// So many above the task's own, 1 for the next one.
    Above(usize),
    /// A control group.
    Group {
        view: &'a SnapshotView,
        /// Its folder in that view.
        folder: String,
        /// How many levels the group of the task is below it.
        below: u64,
    },
}

/// The name of a fact at a level: `pid_ns.max` is `pid_ns.parent.max` one above, and so on.
pub(super) fn name_at(name: &str, place: &Place<'_>) -> String {
    match (place, name.split_once('.')) {
        (Place::Above(up), Some((structure, field))) => {
            format!("{structure}.{}{field}", "parent.".repeat(*up))
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_namespaces_above_have_their_names() {
        let at = |place| name_at("pid_ns.max", &place);
        assert_eq!(at(Place::Own), "pid_ns.max");
        assert_eq!(at(Place::Above(2)), "pid_ns.parent.parent.max");
    }
}
