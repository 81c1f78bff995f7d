//! What is known of the content of a register at one point of a function.

use std::sync::Arc;

/// Most numbers that a register may hold before it is just unknown.
const MAX_CONSTANTS: usize = 16;

/// Most sources that are followed through one register.
const MAX_ORIGINS: usize = 48;

/// Longest chain of loads that is remembered.
const MAX_CHAIN: usize = 6;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// One of these numbers, or, if so, anything else.
    Number { constants: Vec<u64>, other: bool },
    /// An address relative to the kernel image.
    Address(u64),
    /// So far from the stack pointer at the function's entry.
    Frame(i64),
    /// What a chain of loads gave, and so many bytes further on.
    Pointer(Arc<Chain>, i64),
}

/// Loads one after the other: each from where the one before pointed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chain {
    /// Where it starts.
    pub root: Root,
    /// Offsets of the loads, in bytes, the last one being that of the value itself.
    pub offsets: Vec<i64>,
}

/// Where a chain of loads starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// The current task's `task_struct`.
    Current,
    /// An argument of the function, counted from 0.
    Argument(u8),
    /// A variable, by its address relative to the kernel image.
    Variable(u64),
    /// The result of the call at that address.
    Result(u64),
    /// A variable of the processor's own, by its place.
    PerCpu(u64),
    /// Not known.
    Unknown,
}

/// A value and the loads and calls that it was computed from, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) value: Value,
    pub(super) origins: Vec<u16>,
}

impl Value {
    /// Anything.
    pub(super) const UNKNOWN: Self = Self::Number {
        constants: Vec::new(),
        other: true,
    };

    pub(super) fn constant(value: u64) -> Self {
        Self::Number {
            constants: vec![value],
            other: false,
        }
    }

    pub(super) fn pointer(root: Root) -> Self {
        Self::Pointer(
            Arc::new(Chain {
                root,
                offsets: Vec::new(),
            }),
            0,
        )
    }

    /// The number, when it can be but one.
    pub(super) fn single(&self) -> Option<u64> {
        match self {
            Self::Number {
                constants,
                other: false,
            } if constants.len() == 1 => Some(constants[0]),
            _ => None,
        }
    }

    /// The numbers that it may be, and whether it may be anything else.
    pub(super) fn numbers(&self) -> (&[u64], bool) {
        match self {
            Self::Number { constants, other } => (constants, *other),
            _ => (&[], true),
        }
    }

    /// The numbers changed one by one; anything else is unknown.
    pub(super) fn map(&self, change: impl Fn(u64) -> u64) -> Self {
        match self {
            Self::Number { constants, other } => {
                let mut constants: Vec<u64> =
                    constants.iter().map(|&value| change(value)).collect();
                constants.sort_unstable();
                constants.dedup();
                Self::Number {
                    constants,
                    other: *other,
                }
            }
            _ => Self::UNKNOWN,
        }
    }

    /// Moved on by `by` bytes.
    pub(super) fn plus(&self, by: u64) -> Self {
        match self {
            Self::Number { .. } => self.map(|value| value.wrapping_add(by)),
            Self::Address(address) => Self::Address(address.wrapping_add(by)),
            Self::Frame(offset) => Self::Frame(offset.wrapping_add_unsigned(by)),
            Self::Pointer(chain, offset) => {
                Self::Pointer(Arc::clone(chain), offset.wrapping_add_unsigned(by))
            }
        }
    }

    /// This or `other`.
    pub(super) fn join(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        let ((a, a_other), (b, b_other)) = (self.numbers(), other.numbers());
        let mut constants = [a, b].concat();
        constants.sort_unstable();
        constants.dedup();
        let too_many = constants.len() > MAX_CONSTANTS;
        if too_many {
            constants.clear();
        }
        Self::Number {
            constants,
            other: a_other || b_other || too_many,
        }
    }
}

impl Chain {
    /// The chain with one more load.
    pub(super) fn then(&self, offset: i64) -> Self {
        let mut chain = self.clone();
        chain.offsets.push(offset);
        if chain.offsets.len() > MAX_CHAIN {
            chain.offsets.remove(0);
            chain.root = Root::Unknown;
        }
        chain
    }
}

impl Cell {
    /// Anything, from nowhere.
    pub(super) const UNKNOWN: Self = Self {
        value: Value::UNKNOWN,
        origins: Vec::new(),
    };

    pub(super) fn of(value: Value) -> Self {
        Self {
            value,
            origins: Vec::new(),
        }
    }

    pub(super) fn join(&self, other: &Self) -> Self {
        Self {
            value: self.value.join(&other.value),
            origins: united(&self.origins, &other.origins),
        }
    }
}

/// All of both, by rising number, at most [`MAX_ORIGINS`].
pub(super) fn united(a: &[u16], b: &[u16]) -> Vec<u16> {
    if b.is_empty() || a == b {
        return a.to_vec();
    }
    let mut all = [a, b].concat();
    all.sort_unstable();
    all.dedup();
    all.truncate(MAX_ORIGINS);
    all
}
