//! How much a kind of failure is worth a look: the list is data (`normal.txt`), generated from the analyzer's tables of
//! normal failures and of salience.

use std::sync::LazyLock;

use format_spec::record::Failure;

use crate::names;

/// What it is worth, the errno and syscalls, three words a line; the first line that fits holds.
const LIST: &str = include_str!("normal.txt");

/// The errno and the path of exceptions from what is normal, in the same list.
static EXCEPTIONS: LazyLock<Vec<(u16, &str)>> = LazyLock::new(|| {
    let lines = LIST.lines();
    lines
        .filter_map(|line| {
            let (errno, path) = line.strip_prefix("exception ")?.split_once(' ')?;
            Some((names::errno_number(errno)?, path))
        })
        .collect()
});

/// Whether a failure of a normal kind may be an exception: what it named is then looked at. Which mount the path is on is
/// for the analyzer to tell.
pub(super) fn may_be_exception(failure: &Failure) -> bool {
    EXCEPTIONS.iter().any(|&(errno, wanted)| {
        errno == failure.errno && failure.paths.iter().any(|path| has(&path.bytes, wanted))
    })
}

/// Whether these components follow each other anywhere in `path`; `PID` is any number.
fn has(path: &[u8], wanted: &str) -> bool {
    let found: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
    let wanted: Vec<&str> = wanted.split('/').collect();
    let is = |found: &[u8], wanted: &str| match wanted {
        "PID" => !found.is_empty() && found.iter().all(u8::is_ascii_digit),
        name => found == name.as_bytes(),
    };
    found.windows(wanted.len()).any(|found| {
        let mut both = found.iter().zip(&wanted);
        both.all(|(found, wanted)| is(found, wanted))
    })
}

/// How suspicious a failure is; less is looked at sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// The caller named it.
    Asked,
    /// Something is used up: the errnos that mislead most.
    Limit,
    /// Someone said no.
    Refused,
    /// Anything else.
    Other,
    /// Normal as a rule: looked at when there is nothing else.
    Doubtful,
    /// Healthy programs live with it: not looked at.
    Normal,
}

impl Worth {
    /// What the list says of failures of `syscall` with `errno`.
    pub(super) fn of(syscall: &str, errno: &str) -> Self {
        let mut fitting = entries().filter(|entry| {
            ["*", errno].contains(&entry.errno)
                && (entry.syscalls == "*" || entry.syscalls.split(',').any(|one| one == syscall))
        });
        fitting.next().map_or(Self::Other, |entry| entry.worth)
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "normal" => Self::Normal,
            "doubtful" => Self::Doubtful,
            "limit" => Self::Limit,
            "other" => Self::Other,
            "refused" => Self::Refused,
            _ => return None,
        })
    }
}

struct Entry {
    worth: Worth,
    /// A name, or `*`.
    errno: &'static str,
    /// Names with commas between them, or `*`.
    syscalls: &'static str,
}

fn entries() -> impl Iterator<Item = Entry> {
    LIST.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(Entry {
                worth: Worth::named(words.next()?)?,
                errno: words.next()?,
                syscalls: words.next()?,
            })
        })
}

#[cfg(test)]
mod tests {
    use format_spec::record::PathArgument;

    use super::*;

    #[test]
    fn every_line_is_understood() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#')).count();
        assert!(lines > 10 && entries().count() + EXCEPTIONS.len() == lines);
        for entry in entries() {
            let known = entry.errno == "*" || names::errno_number(entry.errno).is_some();
            assert!(known, "{}", entry.errno);
        }
    }

    #[test]
    fn the_misleading_errnos_come_first() {
        assert!(Worth::of("mount", "ENOSPC") < Worth::of("openat", "EPERM"));
        assert!(Worth::of("clone", "EAGAIN") < Worth::of("renameat", "EXDEV"));
        assert!(Worth::of("openat", "EPERM") < Worth::of("ioctl", "EIO"));
        assert!(Worth::of("ioctl", "EIO") < Worth::of("sendto", "EAGAIN"));
    }

    #[test]
    fn a_wish_that_is_refused_is_less_than_other_refusals() {
        assert!(Worth::of("prlimit64", "EPERM") > Worth::of("mount", "EPERM"));
        assert_eq!(Worth::of("mlockall", "ENOMEM"), Worth::Limit);
    }

    #[test]
    fn normal_is_not_the_same_for_all() {
        assert_eq!(Worth::of("openat", "ENOENT"), Worth::Normal);
        assert_eq!(Worth::of("futex", "EINTR"), Worth::Normal);
        assert_eq!(Worth::of("mount", "ENOENT"), Worth::Doubtful);
        assert_eq!(Worth::of("read", "EAGAIN"), Worth::Normal);
        assert_eq!(Worth::of("sendto", "EAGAIN"), Worth::Doubtful);
    }

    #[test]
    fn what_may_be_hidden_is_looked_at() {
        let failing = |errno, path: &str| {
            let path = PathArgument {
                argument: 1,
                bytes: path.into(),
                truncated: false,
            };
            may_be_exception(&Failure {
                errno,
                paths: vec![path],
                ..Failure::default()
            })
        };
        assert!(failing(2, "/proc/7/status") && failing(2, "7/stat"));
        assert!(!failing(2, "/usr/lib/libc.so.6") && !failing(2, "/proc/self/stat"));
        assert!(!failing(20, "/proc/7/status"));
    }

    #[test]
    fn a_shell_that_looks_for_a_terminal_is_no_incident() {
        assert_eq!(Worth::of("openat", "ENXIO"), Worth::Doubtful);
        assert_eq!(Worth::of("ioctl", "ENXIO"), Worth::Other);
    }
}
