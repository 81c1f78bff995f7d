//! What a register held, as an expression over what the function was given, loaded and was told.

use std::sync::Arc;

use super::super::{step::Binary, terms::Location};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::code) enum Expression {
    /// A number.
    Number(u64),
    /// An argument of the function, counted from 0.
    Argument(u8),
    /// The current task's `task_struct`.
    Current,
    /// What a variable of the image holds.
    Variable { address: u64, size: u8 },
    /// Where something in the image is.
    AddressOf(u64),
    /// A place in the stack frame, as far from the stack pointer at the entry.
    Frame(i64),
    /// What a variable of the processor's own holds.
    PerCpu { place: u64, size: u8 },
    /// What is so far behind where the base points.
    Field {
        base: Arc<Expression>,
        offset: i64,
        size: u8,
    },
    /// What is so far behind where the base points, at an index that is not followed.
    Element { base: Arc<Expression>, offset: i64 },
    /// What the call at that address returned.
    Result { at: u64, target: Option<u64> },
    /// Arithmetic.
    Binary(Binary, Arc<Expression>, Arc<Expression>),
    /// A number shifted right by so many bits, unsigned.
    Shifted(Arc<Expression>, u8),
    /// The first when the formula holds, else the second.
    Choice(Arc<Formula>, Arc<Expression>, Arc<Expression>),
    /// A number that a loop counts up from there.
    Counted(Arc<Expression>),
    /// One of these: it depends on the way.
    OneOf(Vec<Arc<Expression>>),
    /// What it was when a loop came by that block before: only while an expression is being found.
    Again(usize, Location),
    /// Not followed.
    Unknown,
}

/// Most values that one place is said to have.
const MAX_WAYS: usize = 4;

/// Deepest expression that is kept; deeper ones are unknown.
const MAX_DEPTH: usize = 12;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::code) enum Formula {
    /// One comparison.
    Relation(Relation),
    /// All of them hold.
    All(Vec<Formula>),
    /// One of them holds.
    Any(Vec<Formula>),
    /// Not followed.
    Unknown,
}

/// A comparison of two values.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::code) struct Relation {
    pub(super) by: Relational,
    pub(super) sides: [Arc<Expression>; 2],
    pub(super) signed: bool,
    /// Whether the lower 32 bits alone are compared.
    pub(super) narrow: bool,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::code) enum Relational {
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Expression {
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether some part of it fits.
    pub(super) fn any(&self, fits: &impl Fn(&Self) -> bool) -> bool {
        fits(self)
            || match self {
                Self::Field { base, .. } | Self::Element { base, .. } => base.any(fits),
                Self::Binary(_, a, b) => a.any(fits) || b.any(fits),
                Self::Shifted(of, _) | Self::Counted(of) => of.any(fits),
                Self::OneOf(ways) => ways.iter().any(|way| way.any(fits)),
                Self::Choice(when, a, b) => when.any(fits) || a.any(fits) || b.any(fits),
                _ => false,
            }
    }

    fn depth(&self) -> usize {
        1 + match self {
            Self::Field { base, .. } | Self::Element { base, .. } => base.depth(),
            Self::Binary(_, a, b) | Self::Choice(_, a, b) => a.depth().max(b.depth()),
            Self::Shifted(of, _) | Self::Counted(of) => of.depth(),
            Self::OneOf(ways) => ways.iter().map(|way| way.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The expression, or unknown when it is too deep.
    pub(super) fn bounded(self) -> Arc<Self> {
        Arc::new(if self.depth() > MAX_DEPTH {
            Self::Unknown
        } else {
            self
        })
    }

    /// Either of both.
    pub(super) fn one_of(a: &Arc<Self>, b: &Arc<Self>) -> Arc<Self> {
        let mut ways: Vec<Arc<Self>> = Vec::new();
        for side in [a, b] {
            match &**side {
                Self::OneOf(inner) => ways.extend(inner.iter().cloned()),
                _ => ways.push(side.clone()),
            }
        }
        Self::of_ways(ways)
    }

    /// One of several, each once.
    pub(super) fn of_ways(ways: Vec<Arc<Self>>) -> Arc<Self> {
        let mut once: Vec<Arc<Self>> = Vec::new();
        for way in ways {
            if !once.contains(&way) {
                once.push(way);
            }
        }
        // It is no other number for having been counted once more.
        if let Some(counted) = once.iter().find(|way| matches!(***way, Self::Counted(_))) {
            return counted.clone();
        }
        match once.len() {
            1 => once.remove(0),
            2..=MAX_WAYS => Self::OneOf(once).bounded(),
            _ => Arc::new(Self::Unknown),
        }
    }

    /// Arithmetic, with numbers put together.
    pub(super) fn binary(by: Binary, a: Arc<Self>, b: Arc<Self>) -> Arc<Self> {
        let same = match (by, a.number(), b.number()) {
            (_, Some(x), Some(y)) => return Arc::new(number(by, x, y)),
            (Binary::Add | Binary::Or | Binary::Xor, Some(0), _) => Some(b.clone()),
            (Binary::Add | Binary::Subtract | Binary::Or | Binary::Xor, _, Some(0))
            | (Binary::Multiply | Binary::Divide, _, Some(1))
            | (Binary::And, _, Some(0xffff_ffff | u64::MAX)) => Some(a.clone()),
            (Binary::And | Binary::Or, ..) if a == b => Some(a.clone()),
            _ => None,
        };
        if let Some(same) = same {
            return same;
        }
        // (x & 0xff) & 1 is x & 1.
        if let (Binary::And, Self::Binary(Binary::And, inner, first), Some(second)) =
            (by, &*a, b.number())
            && let Some(first) = first.number()
        {
            let by = Arc::new(Self::Number(first & second));
            return Self::binary(Binary::And, inner.clone(), by);
        }
        if let (Binary::Add, Self::Counted(_), Some(_)) = (by, &*a, b.number()) {
            return a;
        }
        if let (Binary::Add, Self::OneOf(ways), Some(_)) = (by, &*a, b.number()) {
            let more = ways
                .iter()
                .map(|way| Self::binary(by, way.clone(), b.clone()));
            return Self::of_ways(more.collect());
        }
        if let (Binary::Add, Self::AddressOf(address), Some(by)) = (by, &*a, b.number()) {
            return Arc::new(Self::AddressOf(address.wrapping_add(by)));
        }
        // (x + 1) + 2 is x + 3.
        if let (Binary::Add, Self::Binary(Binary::Add, inner, first), Some(second)) =
            (by, &*a, b.number())
            && let Some(first) = first.number()
        {
            let by = Arc::new(Self::Number(first.wrapping_add(second)));
            return Self::binary(Binary::Add, inner.clone(), by);
        }
        Self::Binary(by, a, b).bounded()
    }

    /// What lies `offset` bytes behind where `base` points.
    pub(super) fn field(base: &Arc<Self>, offset: i64, size: u8) -> Arc<Self> {
        match &**base {
            Self::AddressOf(address) => Arc::new(Self::Variable {
                address: address.wrapping_add_signed(offset),
                size,
            }),
            Self::Binary(Binary::Add, inner, by) if by.number().is_some() => {
                let by = by.number().unwrap_or(0);
                let offset = offset.wrapping_add_unsigned(by);
                Self::field(inner, offset, size)
            }
            Self::Unknown => Arc::new(Self::Unknown),
            // A pointer whose lowest bits say something else (`struct fd`, `include/linux/file.h`).
            Self::Binary(Binary::And, inner, mask)
                if mask.number().is_some_and(|mask| !mask < 16) =>
            {
                Self::field(inner, offset, size)
            }
            _ => Self::Field {
                base: base.clone(),
                offset,
                size,
            }
            .bounded(),
        }
    }
}

fn number(by: Binary, a: u64, b: u64) -> Expression {
    Expression::Number(match by {
        Binary::Add => a.wrapping_add(b),
        Binary::Subtract => a.wrapping_sub(b),
        Binary::And => a & b,
        Binary::Or => a | b,
        Binary::Xor => a ^ b,
        Binary::Multiply => a.wrapping_mul(b),
        Binary::Divide => match a.checked_div(b) {
            Some(value) => value,
            None => return Expression::Unknown,
        },
    })
}
