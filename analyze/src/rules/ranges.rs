//! Conditions on numbers, as rules write them.

use std::fmt;

use serde::Deserialize;

/// A condition on a number: what it is of, and its range. serde cannot refuse unknown fields of a flattened range, so
/// that each condition has the fields itself.
macro_rules! ranged {
    ($(#[$doc:meta])* $name:ident, $(#[$field_doc:meta])* $field:ident: $kind:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(#[$field_doc])*
            pub $field: $kind,
            equals: Option<i64>,
            at_least: Option<i64>,
            at_most: Option<i64>,
            bits_set: Option<u64>,
            bits_clear: Option<u64>,
        }

        impl $name {
            /// What the number must be.
            #[must_use]
            pub fn range(&self) -> Range {
                Range {
                    equals: self.equals,
                    at_least: self.at_least,
                    at_most: self.at_most,
                    bits_set: self.bits_set,
                    bits_clear: self.bits_clear,
                }
            }
        }
    };
}

ranged! {
    /// A syscall argument is within a range.
    ArgumentIs,
    /// Which argument, from 0.
    index: usize
}

ranged! {
    /// A fact of the failing task is within a range.
    FactIs,
    /// The fact's name.
    name: String
}

ranged! {
    /// The value of a sysctl is within a range.
    SysctlIs,
    /// Path under /proc/sys with dots.
    name: String
}

/// A flag of open(2) is set, whose number differs between architectures.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagIs {
    /// Which argument holds the flags, from 0; left out where a fact does.
    pub index: Option<usize>,
    /// The fact that holds them: `fd.flags`.
    pub fact: Option<String>,
    /// Name of the flag.
    pub set: String,
}

/// A syscall argument is as large as a fact of the failing task, or larger: a number that a limit refuses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeyondIs {
    /// Which argument, from 0: an unsigned int.
    pub index: usize,
    /// The fact's name.
    pub fact: String,
}

/// A name that the call was given is one of some: the type of a file system, the name of an attribute.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextIs {
    /// Which argument, from 0.
    pub index: u8,
    /// Any of these.
    pub any: Vec<String>,
}

impl FactIs {
    /// In words.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.name, self.range())
    }
}

impl BeyondIs {
    /// In words.
    pub(super) fn text(&self) -> String {
        format!("argument {} is not below {}", self.index, self.fact)
    }
}

impl TextIs {
    /// In words.
    pub(super) fn text(&self) -> String {
        format!("argument {} is {}", self.index, self.any.join(" or "))
    }
}

/// What a number must be; what is left out always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// Exactly this.
    pub equals: Option<i64>,
    /// This or more.
    pub at_least: Option<i64>,
    /// This or less.
    pub at_most: Option<i64>,
    /// All these bits are set.
    pub bits_set: Option<u64>,
    /// None of these bits is set.
    pub bits_clear: Option<u64>,
}

impl Range {
    /// Whether `value` is in the range.
    #[must_use]
    pub fn holds(&self, value: i64) -> bool {
        let bits = value.cast_unsigned();
        self.equals.is_none_or(|equals| value == equals)
            && self.at_least.is_none_or(|least| value >= least)
            && self.at_most.is_none_or(|most| value <= most)
            && self.bits_set.is_none_or(|set| bits & set == set)
            && self.bits_clear.is_none_or(|clear| bits & clear == 0)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.equals.map(|value| format!("is {value}")),
            self.at_least.map(|value| format!("is {value} or more")),
            self.at_most.map(|value| format!("is {value} or less")),
            self.bits_set
                .map(|value| format!("has the bits {value:#x}")),
            self.bits_clear
                .map(|value| format!("lacks the bits {value:#x}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_combine() {
        let range = Range {
            at_least: Some(2),
            bits_clear: Some(1),
            ..Range::default()
        };
        assert!(range.holds(2) && range.holds(4));
        assert!(!range.holds(3) && !range.holds(0));
        assert_eq!(range.to_string(), "is 2 or more and lacks the bits 0x1");
        assert!(Range::default().holds(-1));
        let flags = Range {
            bits_set: Some(0x1000_0000),
            ..Range::default()
        };
        assert!(flags.holds(0x1002_0000) && !flags.holds(0x2_0000));
    }
}
