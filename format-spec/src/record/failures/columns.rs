//! The columns of version 2.

/// How many there are.
pub(super) const COUNT: usize = 20;

/// The columns by name, to be written or read.
pub(super) struct Columns<'c, C> {
    /// Times, as differences.
    pub(super) time: &'c mut C,
    /// Threads by number.
    pub(super) thread: &'c mut C,
    /// Thread ids, of each thread once.
    pub(super) pid: &'c mut C,
    /// What changed since the row before of the same thread: bits of [`changed`].
    pub(super) changes: &'c mut C,
    pub(super) tgid: &'c mut C,
    pub(super) uid: &'c mut C,
    pub(super) cgroup: &'c mut C,
    /// Thread names by number, and the names.
    pub(super) comm: &'c mut C,
    pub(super) comms: &'c mut C,
    /// Lists of fact ids.
    pub(super) fact_ids: &'c mut C,
    /// How many facts changed, how many were passed over before each, and by how much it did.
    pub(super) facts: [&'c mut C; 3],
    /// Kinds by number, and what each is.
    pub(super) kind: &'c mut C,
    pub(super) kinds: &'c mut C,
    /// Which arguments changed, their values by number, and by how much new values did.
    pub(super) arguments: [&'c mut C; 3],
    /// Paths by number, and the paths.
    pub(super) path: &'c mut C,
    pub(super) paths: &'c mut C,
}

impl<'c, C> Columns<'c, C> {
    /// Names the columns, which are in the order of the payload.
    pub(super) fn new(columns: &'c mut [C; COUNT]) -> Self {
        let [time, thread, pid, changes, tgid, uid, cgroup, rest @ ..] = columns;
        let [
            comm,
            comms,
            fact_ids,
            fact_count,
            fact_gap,
            fact_value,
            rest @ ..,
        ] = rest;
        let [kind, kinds, differing, argument, value, path, paths] = rest;
        Self {
            time,
            thread,
            pid,
            changes,
            tgid,
            uid,
            cgroup,
            comm,
            comms,
            fact_ids,
            facts: [fact_count, fact_gap, fact_value],
            kind,
            kinds,
            arguments: [differing, argument, value],
            path,
            paths,
        }
    }
}

/// Bits of the column that says what changed since the row before of the same thread.
pub(super) mod changed {
    pub(in crate::record::failures) const TGID: u64 = 1;
    pub(in crate::record::failures) const UID: u64 = 1 << 1;
    pub(in crate::record::failures) const CGROUP: u64 = 1 << 2;
    pub(in crate::record::failures) const COMM: u64 = 1 << 3;
    pub(in crate::record::failures) const FACT_IDS: u64 = 1 << 4;
    pub(in crate::record::failures) const ALL: u64 = (1 << 5) - 1;
}
