//! Results of a function, and where they are decided.

use std::collections::BTreeSet;

/// Largest errno (`MAX_ERRNO`, `include/linux/err.h`).
const MAX_ERRNO: i64 = 4095;

/// A result of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// This number; an errno is negative.
    Number(i64),
    /// Anything else.
    Other,
}

/// Where a decision is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// At the branch that ends this block; the first side is the one that it jumps to.
    Branch(usize),
    /// In this block, by the choice of one of two registers at this step and effect; the first side is the one whose
    /// condition holds.
    Choice {
        block: usize,
        step: usize,
        effect: usize,
    },
}

/// Results by way of a decision.
#[derive(Debug, Clone)]
pub(super) struct Decision {
    /// Where it is made.
    pub(super) at: At,
    /// Loads and calls that it depends on, by number.
    pub(super) origins: Vec<u16>,
    /// The results on its two sides.
    pub(super) sides: [BTreeSet<Outcome>; 2],
    /// Results that only one side reaches within `NEAR` more branches, by branches that settle them.
    pub(super) guards: BTreeSet<i64>,
}

impl Decision {
    /// Numbers that one side always returns and the other does not.
    pub(super) fn settles(&self) -> impl Iterator<Item = i64> {
        self.side_numbers().into_iter().flatten()
    }

    /// For each side, the number that it always returns and the other does not.
    pub(super) fn side_numbers(&self) -> [Option<i64>; 2] {
        let [a, b] = &self.sides;
        [a, b].map(|side| match side.first() {
            Some(&Outcome::Number(number)) if side.len() == 1 && a != b => Some(number),
            _ => None,
        })
    }

    /// Numbers that only one of the sides may return.
    pub(super) fn separates(&self) -> impl Iterator<Item = i64> {
        let [a, b] = &self.sides;
        a.symmetric_difference(b)
            .filter_map(|outcome| match outcome {
                Outcome::Number(number) => Some(*number),
                Outcome::Other => None,
            })
    }
}

impl Outcome {
    /// The errno of a result, 1 to 4095.
    pub(super) fn errno(self) -> Option<u16> {
        match self {
            Self::Number(number) if (-MAX_ERRNO..0).contains(&number) => {
                u16::try_from(-number).ok()
            }
            _ => None,
        }
    }
}

/// A result as a signed number: the upper half of an `int` is not defined, so -28 may read 0xffffffe4.
pub(super) fn returned(value: u64) -> i64 {
    let narrow = u32::try_from(value).map(|value| i64::from(value.cast_signed()));
    match narrow {
        Ok(narrow) if (-MAX_ERRNO..0).contains(&narrow) => narrow,
        _ => value.cast_signed(),
    }
}
