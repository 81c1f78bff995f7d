//! What a register held, as an expression over what the function was given, loaded and was told.

use std::rc::Rc;

use super::{
    super::{step::Binary, terms::Location},
    formula::Formula,
};

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
        base: Rc<Expression>,
        offset: i64,
        size: u8,
    },
    /// What is so far behind where the base points, at an index that is not followed.
    Element { base: Rc<Expression>, offset: i64 },
    /// What the call at that address returned.
    Result { at: u64, target: Option<u64> },
    /// Arithmetic.
    Binary(Binary, Rc<Expression>, Rc<Expression>),
    /// A number shifted right by so many bits, unsigned.
    Shifted(Rc<Expression>, u8),
    /// The first when the formula holds, else the second.
    Choice(Rc<Formula>, Rc<Expression>, Rc<Expression>),
    /// A number that a loop counts up from there.
    Counted(Rc<Expression>),
    /// One of these: it depends on the way.
    OneOf(Vec<Rc<Expression>>),
    /// What it was when a loop came by that block before: only while an expression is being found.
    Again(usize, Location),
    /// Not followed.
    Unknown,
}

/// Deepest expression that is kept; deeper ones are unknown.
const MAX_DEPTH: usize = 12;

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
    pub(super) fn bounded(self) -> Rc<Self> {
        Rc::new(if self.depth() > MAX_DEPTH {
            Self::Unknown
        } else {
            self
        })
    }

    /// Arithmetic, with numbers put together.
    pub(super) fn binary(by: Binary, a: Rc<Self>, b: Rc<Self>) -> Rc<Self> {
        let same = match (by, a.number(), b.number()) {
            (_, Some(x), Some(y)) => return Rc::new(number(by, x, y)),
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
        if let (Binary::Add, Self::AddressOf(address), Some(by)) = (by, &*a, b.number()) {
            return Rc::new(Self::AddressOf(address.wrapping_add(by)));
        }
        // (x + 1) + 2 is x + 3.
        if let (Binary::Add, Self::Binary(Binary::Add, inner, first), Some(second)) =
            (by, &*a, b.number())
            && let Some(first) = first.number()
        {
            let by = Rc::new(Self::Number(first.wrapping_add(second)));
            return Self::binary(Binary::Add, inner.clone(), by);
        }
        Self::Binary(by, a, b).bounded()
    }

    /// What lies `offset` bytes behind where `base` points.
    pub(super) fn field(base: &Rc<Self>, offset: i64, size: u8) -> Rc<Self> {
        match &**base {
            Self::AddressOf(address) => Rc::new(Self::Variable {
                address: address.wrapping_add_signed(offset),
                size,
            }),
            Self::Binary(Binary::Add, inner, by) if by.number().is_some() => {
                let by = by.number().unwrap_or(0);
                let offset = offset.wrapping_add_unsigned(by);
                Self::field(inner, offset, size)
            }
            Self::Unknown => Rc::new(Self::Unknown),
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
