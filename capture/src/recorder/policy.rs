//! Which failures are worth a closer look, and in what order.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use format_spec::record::Failure;

use super::normal::{is_doubtful, is_normal};
use crate::{names, sources::syscalls::Focus};

/// How suspicious a failure is; less is looked at sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// The caller named it.
    Asked,
    /// Something is used up: the errnos that mislead most.
    Exhausted,
    /// Memory, or a limit that says EAGAIN.
    Resource,
    /// Something is not allowed, or out of reach.
    Denied,
    /// Something is held by someone else.
    Busy,
    /// Anything else.
    Other,
    /// Normal as a rule: looked at when there is nothing else.
    Doubtful,
    /// Normal: not looked at.
    Normal,
}

/// errnos by what they tell of.
const EXHAUSTED: &[&str] = &[
    "EDQUOT",
    "EFBIG",
    "EMFILE",
    "EMLINK",
    "ENFILE",
    "ENOBUFS",
    "ENOLCK",
    "ENOSPC",
    "ETOOMANYREFS",
    "EUSERS",
];
const RESOURCE: &[&str] = &["E2BIG", "EAGAIN", "ENOMEM", "EOVERFLOW"];
const DENIED: &[&str] = &[
    "EACCES",
    "EADDRNOTAVAIL",
    "EHOSTUNREACH",
    "EKEYREJECTED",
    "ENETUNREACH",
    "ENOKEY",
    "EPERM",
    "EROFS",
];
const BUSY: &[&str] = &["EADDRINUSE", "EBUSY", "EDEADLK", "ETXTBSY"];

/// How suspicious a failure of this kind is.
pub(super) fn worth(syscall: &str, errno: &str) -> Worth {
    if is_normal(syscall, errno) {
        return Worth::Normal;
    }
    if is_doubtful(syscall, errno) {
        return Worth::Doubtful;
    }
    let lists = [
        (EXHAUSTED, Worth::Exhausted),
        (RESOURCE, Worth::Resource),
        (DENIED, Worth::Denied),
        (BUSY, Worth::Busy),
    ];
    let found = lists.iter().find(|(list, _)| list.contains(&errno));
    found.map_or(Worth::Other, |(_, worth)| *worth)
}

/// A kind of failure: syscall number and errno.
pub(super) type Kind = (u32, u16);

/// How often one kind is zoomed on at most: once, and again if that saw nothing.
const MAX_ZOOMS: u32 = 3;

/// How long before a failure is expected a zoom on it may begin, and how long after it still may: a zoom is short, so
/// what fails seldom is met by its own beat.
const LEAD: Duration = Duration::from_secs(1);

/// How long doubtful kinds wait for better ones.
const DOUBT: Duration = Duration::from_secs(3);

#[derive(Debug)]
struct Seen {
    worth: Worth,
    first: Instant,
    last: Instant,
    /// Time between the last two failures.
    beat: Option<Duration>,
    zooms: u32,
    /// Failures at the end of the last zoom.
    failures: u64,
    answered: bool,
}

impl Seen {
    /// Whether the next failure may come soon.
    fn is_expected(&self, now: Instant) -> bool {
        let beat = self.beat.filter(|beat| *beat > LEAD);
        beat.is_none_or(|beat| {
            let next = self.last + beat;
            now + LEAD >= next && now <= next + LEAD
        })
    }
}

/// The kinds of failures seen so far.
#[derive(Debug)]
pub(super) struct Policy {
    focus: Focus,
    seen: BTreeMap<Kind, Seen>,
}

impl Policy {
    pub(super) fn new(focus: Focus) -> Self {
        Self {
            focus,
            seen: BTreeMap::new(),
        }
    }

    /// Notes a failure. Returns how much it is worth, and whether it is the first of its kind.
    pub(super) fn note(&mut self, failure: &Failure) -> (Worth, bool) {
        let kind = (failure.syscall, failure.errno);
        let mut first = false;
        let now = Instant::now();
        let seen = self.seen.entry(kind).or_insert_with(|| {
            first = true;
            let worth = if !self.focus.covers(kind.0, kind.1) {
                Worth::Normal
            } else if self.focus.is_explicit(kind.0, kind.1) {
                Worth::Asked
            } else {
                worth(&names::syscall_name(kind.0), &names::errno_name(kind.1))
            };
            Seen {
                worth,
                first: now,
                last: now,
                beat: None,
                zooms: 0,
                failures: 0,
                answered: false,
            }
        });
        if !first {
            seen.beat = Some(now.duration_since(seen.last));
            seen.last = now;
        }
        (seen.worth, first)
    }

    /// The kind to zoom on next, if there is one; `total` tells how often a kind failed so far.
    pub(super) fn next(&self, now: Instant, total: impl Fn(Kind) -> u64) -> Option<Kind> {
        let waiting = self.seen.iter().filter(|(kind, seen)| {
            let due = match seen.worth {
                Worth::Normal => false,
                Worth::Doubtful => now.duration_since(seen.first) >= DOUBT,
                _ => true,
            };
            // A kind whose first zoom saw nothing waits until it fails again.
            let again = seen.zooms == 0
                || (!seen.answered
                    && seen.zooms < MAX_ZOOMS
                    && total(**kind) > seen.failures
                    && seen.is_expected(now));
            due && again
        });
        waiting
            .min_by_key(|(_, seen)| (seen.worth, seen.zooms, seen.first))
            .map(|(kind, _)| *kind)
    }

    /// Whether `other` should take the place of a zoom on `kind` that has seen nothing yet.
    pub(super) fn is_better(&self, other: Kind, kind: Kind) -> bool {
        let worth = |kind| {
            self.seen
                .get(&kind)
                .map_or(Worth::Normal, |seen| seen.worth)
        };
        worth(other) < worth(kind)
    }

    /// Notes that a zoom on `kind` is over, whether it saw failures, and how often the kind has failed by now.
    pub(super) fn zoomed(&mut self, kind: Kind, answered: bool, failures: u64) {
        if let Some(seen) = self.seen.get_mut(&kind) {
            seen.zooms += 1;
            seen.answered |= answered;
            seen.failures = failures;
        }
    }

    /// How many kinds were seen.
    pub(super) fn kinds(&self) -> usize {
        self.seen.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(syscall: &str, errno: &str) -> Failure {
        Failure {
            syscall: names::syscall_number(syscall).unwrap(),
            errno: names::errno_number(errno).unwrap(),
            ..Failure::default()
        }
    }

    fn kind(syscall: &str, errno: &str) -> Kind {
        let failure = failure(syscall, errno);
        (failure.syscall, failure.errno)
    }

    #[test]
    fn the_misleading_errnos_come_first() {
        assert!(worth("mount", "ENOSPC") < worth("clone", "EAGAIN"));
        assert!(worth("clone", "EAGAIN") < worth("openat", "EPERM"));
        assert!(worth("openat", "EPERM") < worth("umount2", "EBUSY"));
        assert!(worth("umount2", "EBUSY") < worth("ioctl", "EIO"));
        assert!(worth("ioctl", "EIO") < worth("sendto", "EAGAIN"));
        assert_eq!(worth("openat", "ENOENT"), Worth::Normal);
    }

    #[test]
    fn the_most_suspicious_is_next_and_each_only_once() {
        let mut policy = Policy::new(Focus::default());
        let now = Instant::now();
        for (syscall, errno) in [
            ("openat", "ENOENT"),
            ("openat", "EACCES"),
            ("mount", "ENOSPC"),
        ] {
            assert!(policy.note(&failure(syscall, errno)).1);
        }
        assert!(!policy.note(&failure("mount", "ENOSPC")).1);
        assert_eq!(policy.next(now, |_| 1), Some(kind("mount", "ENOSPC")));
        policy.zoomed(kind("mount", "ENOSPC"), true, 5);
        assert_eq!(policy.next(now, |_| 9), Some(kind("openat", "EACCES")));
        policy.zoomed(kind("openat", "EACCES"), false, 5);
        assert_eq!(policy.next(now, |_| 5), None);
        assert_eq!(policy.next(now, |_| 6), Some(kind("openat", "EACCES")));
        policy.zoomed(kind("openat", "EACCES"), false, 6);
        policy.zoomed(kind("openat", "EACCES"), false, 7);
        assert_eq!(policy.next(now, |_| 8), None);
    }

    #[test]
    fn what_fails_seldom_is_met_by_its_beat() {
        let now = Instant::now();
        let mut seen = Seen {
            worth: Worth::Exhausted,
            first: now,
            last: now,
            beat: Some(Duration::from_secs(10)),
            zooms: 1,
            failures: 2,
            answered: false,
        };
        let expected = |seen: &Seen, seconds| seen.is_expected(now + Duration::from_secs(seconds));
        let times = [1, 8, 9, 11, 12];
        assert_eq!(
            times.map(|s| expected(&seen, s)),
            [false, false, true, true, false]
        );
        seen.beat = Some(Duration::from_millis(20));
        assert!(expected(&seen, 5));
    }

    #[test]
    fn doubtful_ones_wait() {
        let mut policy = Policy::new(Focus::default());
        policy.note(&failure("sendto", "EAGAIN"));
        let now = Instant::now();
        assert_eq!(policy.next(now, |_| 1), None);
        assert!(policy.next(now + DOUBT, |_| 1).is_some());
    }

    #[test]
    fn what_is_asked_for_is_never_normal() {
        let errnos = vec![names::errno_number("ENOENT").unwrap()];
        let mut policy = Policy::new(Focus {
            errnos,
            ..Focus::default()
        });
        assert_eq!(policy.note(&failure("openat", "ENOENT")).0, Worth::Asked);
        assert_eq!(policy.note(&failure("mount", "ENOSPC")).0, Worth::Normal);
        assert!(policy.is_better(kind("openat", "ENOENT"), kind("mount", "ENOSPC")));
    }
}
