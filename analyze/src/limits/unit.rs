//! What a limit counts.

use serde::{Serialize, Serializer};

use crate::text;

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Pages of memory, and what they are for: `pages of pipes`.
    Pages(&'static str),
    /// What is counted one by one, in the plural: `mounts`; empty where it has no name.
    Each(&'static str),
}

impl Unit {
    /// What is counted, in the plural.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Pages(name) | Self::Each(name) => name,
        }
    }

    /// Whether one call asks for one, or for few: of bytes and pages it may ask for many.
    #[must_use]
    pub const fn is_counted_singly(self) -> bool {
        matches!(self, Self::Each(_))
    }

    /// A number of them, fit to be read: `12`, `3 MiB`.
    #[must_use]
    pub fn number(self, value: u64) -> String {
        match self {
            Self::Bytes => text::bytes(value),
            Self::Pages(_) | Self::Each(_) => value.to_string(),
        }
    }

    /// A number of them with what they are: `12 mounts`, `3 MiB`.
    #[must_use]
    pub fn amount(self, value: u64) -> String {
        match self {
            Self::Bytes | Self::Each("") => self.number(value),
            Self::Pages(name) | Self::Each(name) => format!("{value} {name}"),
        }
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shortened_and_the_rest_is_named() {
        assert_eq!(Unit::Bytes.amount(3 << 20), "3 MiB");
        assert_eq!(Unit::Each("mounts").amount(12), "12 mounts");
        assert_eq!(
            Unit::Pages("pages of pipes").amount(9999),
            "9999 pages of pipes"
        );
        assert_eq!(Unit::Each("").amount(12), "12");
    }
}
