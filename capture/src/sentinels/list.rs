//! Which functions have sentinels, and what their failure looks like.

use format_spec::record::ReturnType;

use crate::{
    kernel::{Kernel, KernelSymbol},
    tracefs::ProbeLine,
};

/// Function and kind of failure, one pair a line.
const LIST: &str = include_str!("sentinels.txt");

/// What a sentinel takes for a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failure {
    /// A negative errno, or an ERR_PTR.
    Error,
    /// NULL.
    Null,
    /// 0.
    False,
}

impl Failure {
    /// All kinds: each has a group of probes of its own.
    pub(super) const ALL: [Self; 3] = [Self::Error, Self::Null, Self::False];

    fn parse(word: &str) -> Option<Self> {
        match word {
            "error" => Some(Self::Error),
            "null" => Some(Self::Null),
            "false" => Some(Self::False),
            _ => None,
        }
    }

    /// The word in the list and in the group's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Null => "null",
            Self::False => "false",
        }
    }

    /// The event filter of the group: one for all its events.
    pub(super) fn filter(self) -> &'static str {
        match self {
            Self::Error => "ret < 0 && ret > -4096",
            Self::Null | Self::False => "ret == 0",
        }
    }

    /// The probe for a function; `None` when it returns nothing that could tell of this failure.
    pub(super) fn line(
        self,
        kernel: &Kernel,
        found: &KernelSymbol<'_>,
        event: String,
    ) -> Option<ProbeLine> {
        let value = match (self, kernel.return_type(found)) {
            (Self::Error, ReturnType::Pointer | ReturnType::Signed(64)) => "s64",
            (Self::Error, ReturnType::Signed(32) | ReturnType::Unknown) => "s32",
            (Self::Null, ReturnType::Pointer) => "x64",
            (Self::False, ReturnType::Bool) => "u8",
            (Self::False, ReturnType::Signed(32)) => "s32",
            _ => return None,
        };
        Some(ProbeLine {
            event,
            place: kernel.probe_place(found)?,
            value,
        })
    }
}

/// The functions, in the order of their names.
pub(super) fn list() -> impl Iterator<Item = (&'static str, Failure)> {
    LIST.lines().filter_map(|line| {
        let (function, failure) = line.split_once(' ')?;
        Some((function, Failure::parse(failure)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_function_and_a_failure() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        let names: Vec<_> = list().map(|(function, _)| function).collect();
        assert_eq!(lines.count(), names.len());
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted, names, "sorted, each once");
    }
}
