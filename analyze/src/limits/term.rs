//! How a number is come by.

/// A number that can be read from a recording.
#[derive(Debug, Clone, Copy)]
pub(super) enum Term {
    /// A fact of the failing moment, of the level in question.
    Fact(&'static str),
    /// A word of a file, counted from 0: words are what stands between blanks and slashes.
    Word(&'static str, usize),
    /// The first number behind a name that begins a line of a file: `Committed_AS: 123 kB`.
    Named(&'static str, &'static str),
    /// The number behind a word, on the line of a file that begins with a name: `TCP: inuse 5 tw 2`.
    Labelled(&'static str, &'static str, &'static str),
    /// A sysctl, and which of its numbers, counted from 0.
    Sysctl(&'static str, usize),
    /// How many names or lines a path of the failing process has.
    Entries(&'static str),
    /// Rows of a file without its heading.
    Rows(&'static str),
    /// The soft limit of that name in the limits file of the failing process.
    Rlimit(&'static str),
    /// A word of the line of the failing user in /proc/key-users, counted from 0.
    KeyUser(usize),
    /// 1 when the failing user is `GLOBAL_ROOT_UID`, uid 0 of the initial user namespace, else 0.
    IsRoot,
    /// The first number of a file of a control group.
    Group(&'static str),
    /// The first number behind a name that begins a line of a file of a control group.
    GroupLine(&'static str, &'static str),
    /// How many levels the task's control group is below this one.
    Below,
    /// Where in its file the failing call wanted to begin.
    Position,
    /// A number that the kernel has built in.
    Constant(u64),
    /// A number times another.
    Times(&'static Self, u64),
    /// Pages as bytes.
    Pages(&'static Self),
    /// The first without the bits of the mask.
    Without(&'static Self, u64),
    /// The first less the second, at least 0.
    Less(&'static Self, &'static Self),
    /// The first number where the term is above the bound, else the second.
    Above {
        term: &'static Self,
        bound: u64,
        then: u64,
        otherwise: u64,
    },
    /// The sum of both.
    Plus(&'static Self, &'static Self),
    /// The number, or 0 when it is not known.
    OrZero(&'static Self),
    /// The first that is known.
    Either(&'static Self, &'static Self),
    /// The larger one; the other when one is not known.
    Larger(&'static Self, &'static Self),
}

#[cfg(test)]
impl Term {
    /// The facts that it is made of.
    pub(super) fn facts(&self) -> Vec<&'static str> {
        match *self {
            Self::Fact(name) => vec![name],
            Self::Times(term, _)
            | Self::Pages(term)
            | Self::Without(term, _)
            | Self::OrZero(term)
            | Self::Above { term, .. } => term.facts(),
            Self::Less(one, two)
            | Self::Plus(one, two)
            | Self::Either(one, two)
            | Self::Larger(one, two) => [one.facts(), two.facts()].concat(),
            _ => Vec::new(),
        }
    }
}

/// When a number was read. The later one of a sum counts for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Read {
    /// It is always the same.
    Always,
    /// At the failing moment.
    AtFailure,
    /// In a snapshot that shows the failing process: it holds what it held.
    Alive,
    /// In a snapshot that does not show the failing process: what it held may be released, or not yet taken.
    Gone,
}

/// A number with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: u64,
    pub(super) read: Read,
}

impl Number {
    pub(super) fn with(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            value: of(self.value, other.value),
            read: self.read.max(other.read),
        }
    }

    pub(super) fn map(self, of: impl Fn(u64) -> u64) -> Self {
        Self {
            value: of(self.value),
            ..self
        }
    }
}
