//! Which functions have sentinels, and how each of them is watched.

use format_spec::record::ReturnType;

use crate::{
    kernel::{Kernel, KernelSymbol},
    names,
    tracefs::ProbeLine,
};

/// Function, way of watching and errnos, three words a line.
const LIST: &str = include_str!("sentinels.txt");

/// How a function is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    /// At its return.
    Return,
    /// Where it makes an errno: it is hot.
    Site,
    /// Where it makes an errno, else at its return.
    Either,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The function.
    pub(super) function: &'static str,
    /// How it is watched.
    pub(super) watch: Watch,
    /// What limits make it fail with.
    pub(super) errnos: Vec<u16>,
}

/// What the return of a failing function looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// A negative errno.
    Error,
    /// An ERR_PTR, or NULL.
    Pointer,
    /// False.
    False,
}

impl Failure {
    /// All kinds: each has a group of probes of its own.
    pub(super) const ALL: [Self; 3] = [Self::Error, Self::Pointer, Self::False];

    /// The word in the group's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Pointer => "pointer",
            Self::False => "false",
        }
    }

    /// The event filter of the group: one for all its events.
    pub(super) fn filter(self) -> &'static str {
        match self {
            Self::Error => "ret < 0 && ret > -4096",
            Self::Pointer => "ret <= 0 && ret > -4096",
            Self::False => "ret == 0",
        }
    }

    /// What a function of that type returns when it fails, and the type of the probe's value; `None` when its value
    /// tells of no failure.
    pub(super) fn of(returns: ReturnType) -> Option<(Self, &'static str)> {
        match returns {
            ReturnType::Signed(64) => Some((Self::Error, "s64")),
            ReturnType::Signed(32) | ReturnType::Unknown => Some((Self::Error, "s32")),
            ReturnType::Pointer => Some((Self::Pointer, "s64")),
            ReturnType::Bool => Some((Self::False, "u8")),
            _ => None,
        }
    }
}

/// The return probe for a function, and the group that it belongs to.
pub(super) fn return_probe(
    kernel: &Kernel,
    found: &KernelSymbol<'_>,
    event: String,
) -> Option<(Failure, ProbeLine)> {
    let (failure, value) = Failure::of(kernel.return_type(found))?;
    let place = kernel.probe_place(found)?;
    Some((
        failure,
        ProbeLine {
            event,
            place,
            value,
        },
    ))
}

/// The functions, in the order of their names.
pub(super) fn list() -> impl Iterator<Item = Entry> {
    LIST.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (function, watch, errnos) = (words.next()?, words.next()?, words.next()?);
        Some(Entry {
            function,
            watch: match watch {
                "return" => Watch::Return,
                "site" => Watch::Site,
                "either" => Watch::Either,
                _ => return None,
            },
            errnos: errnos.split(',').filter_map(names::errno_number).collect(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        let lines: Vec<_> = LIST.lines().filter(|line| !line.starts_with('#')).collect();
        let entries: Vec<_> = list().collect();
        assert_eq!(lines.len(), entries.len());
        assert!(entries.iter().all(|entry| !entry.errnos.is_empty()));
        assert!(entries.is_sorted_by(|one, next| one.function < next.function));
    }

    #[test]
    fn a_failure_is_told_by_the_type() {
        let of = |returns| Failure::of(returns).map(|(failure, _)| failure);
        assert_eq!(of(ReturnType::Signed(32)), Some(Failure::Error));
        assert_eq!(of(ReturnType::Pointer), Some(Failure::Pointer));
        assert_eq!(of(ReturnType::Bool), Some(Failure::False));
        assert_eq!(of(ReturnType::Void), None);
    }
}
