//! Whether the second recording tried what failed in the first: failing calls alone are recorded, so that none says little.

use super::Recorded;
use crate::{failures::Group, names::syscall_name, text::plain, view::span};

/// What shows that it was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// A call of that program was traced, and succeeded.
    Succeeded,
    /// The same program made the same call, and it failed with another error.
    Again,
    /// Nothing but the time: it failed so steadily before that it would have come again.
    Steady,
    /// Nothing.
    NotKnown,
}

/// How many of the longest pauses between failures the second recording must be long, at least.
const PAUSES: f64 = 3.0;

/// Share of the first recording that the second one must be long, at least, 0 to 1: what was steady so long may well go on
/// so much longer.
const SHARE: f64 = 0.5;

/// What shows that `after` tried what `group` of `before` is about.
pub(super) fn tried(before: &Recorded<'_>, group: &Group, after: &Recorded<'_>) -> Tried {
    let syscall = syscall_name(before.bundle.architecture(), group.syscall);
    let architecture = after.bundle.architecture();
    let same_call = |number: u32| syscall_name(architecture, number) == syscall;
    let succeeded = after.diagnosis.calls.graphs.iter().any(|tree| {
        tree.syscall.is_some_and(same_call)
            && tree.result.is_some_and(|result| result >= 0)
            && is_of(after, tree.pid, &group.comm)
    });
    if succeeded {
        return Tried::Succeeded;
    }
    let again = after
        .diagnosis
        .failures
        .iter()
        .any(|other| same_call(other.syscall) && other.comm == group.comm);
    if again {
        Tried::Again
    } else if after.seconds >= long_enough(before, group) {
        Tried::Steady
    } else {
        Tried::NotKnown
    }
}

/// How long a recording must be, in seconds, for the failure to be missed in it when it does not come.
pub(super) fn long_enough(before: &Recorded<'_>, group: &Group) -> f64 {
    let (began_ns, ended_ns) = span(before.bundle);
    let samples = group.failures(before.bundle).map(|failure| failure.time_ns);
    let mut times: Vec<u64> = samples.chain([began_ns, ended_ns]).collect();
    times.extend([group.first_ns, group.last_ns]);
    times.sort_unstable();
    let pauses = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let longest_ns = pauses.max().unwrap_or(0);
    let longest = std::time::Duration::from_nanos(longest_ns).as_secs_f64();
    (longest * PAUSES).max(before.seconds * SHARE)
}

/// Whether the thread `pid` is of the program `comm`, as far as the recording knows it.
fn is_of(recorded: &Recorded<'_>, pid: u32, comm: &[u8]) -> bool {
    let bundle = recorded.bundle;
    let failed = bundle
        .failures
        .iter()
        .any(|failure| failure.pid == pid && failure.comm == comm);
    // `Name:` of /proc/PID/status is the thread's `comm`, with what is no plain character escaped (`fs/proc/array.c`).
    let named = || {
        let path = format!("/proc/{pid}/status");
        let mut texts = bundle.snapshots.all().iter();
        texts.any(|view| {
            let name = view.text(&path).and_then(|text| text.lines().next());
            name.and_then(|line| line.strip_prefix("Name:"))
                .is_some_and(|name| name.trim() == plain(comm))
        })
    };
    failed || named()
}
