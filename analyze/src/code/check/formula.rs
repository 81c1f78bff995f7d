//! What a branch tests: comparisons, and several of them joined.

use std::sync::Arc;

use super::{
    super::step::{Binary, Comparison, Condition},
    expression::{Expression, Formula, Relation, Relational},
};

impl Relational {
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Equal => Self::Different,
            Self::Different => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// The same with the two sides changed over.
    pub(super) fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    /// As C writes it.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Different => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether it holds.
    pub(super) fn holds<T: Ord>(self, a: T, b: T) -> bool {
        match self {
            Self::Equal => a == b,
            Self::Different => a != b,
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
        }
    }
}

impl Relation {
    /// The comparison of either's value with the one that both compare with, when they are alike but for that.
    pub(super) fn either(&self, other: &Self) -> Option<Self> {
        let alike = self.by == other.by && self.signed == other.signed;
        let ([a, with], [b, same]) = (&self.sides, &other.sides);
        if !alike || with != same || with.number().is_some() || **with == Expression::Unknown {
            return None;
        }
        let sides = [Expression::one_of(a, b), with.clone()];
        Some(Self {
            sides,
            ..self.clone()
        })
    }
}

impl Formula {
    /// The last comparison of it, which decides.
    pub(super) fn last(&self) -> Option<&Relation> {
        match self {
            Self::Relation(relation) => Some(relation),
            Self::All(parts) => parts.last()?.last(),
            Self::Any(_) | Self::Unknown => None,
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Relation(relation) => Self::Relation(Relation {
                by: relation.by.negated(),
                ..relation
            }),
            Self::All(parts) => Self::Any(parts.into_iter().map(Self::negated).collect()),
            Self::Any(parts) => Self::All(parts.into_iter().map(Self::negated).collect()),
            Self::Unknown => Self::Unknown,
        }
    }

    /// Whether a value is 0; of a choice between two numbers it is what decides it.
    pub(super) fn zero(value: Arc<Expression>, narrow: bool) -> Self {
        if let Expression::Choice(when, a, b) = &*value {
            match (a.number(), b.number()) {
                (Some(0), Some(other)) if other != 0 => return Formula::clone(when),
                (Some(other), Some(0)) if other != 0 => return Formula::clone(when).negated(),
                _ => {}
            }
        }
        Self::compared(
            Relational::Equal,
            value,
            Arc::new(Expression::Number(0)),
            false,
            narrow,
        )
    }

    fn compared(
        by: Relational,
        a: Arc<Expression>,
        b: Arc<Expression>,
        signed: bool,
        narrow: bool,
    ) -> Self {
        if *a == Expression::Unknown && *b == Expression::Unknown {
            return Self::Unknown;
        }
        Self::Relation(Relation {
            by,
            sides: [a, b],
            signed,
            narrow,
        })
    }

    /// Whether some part of a value in it fits.
    pub(super) fn any(&self, fits: &impl Fn(&Expression) -> bool) -> bool {
        match self {
            Self::Relation(relation) => relation.sides.iter().any(|side| side.any(fits)),
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.any(fits)),
            Self::Unknown => false,
        }
    }

    /// That `condition` holds on the flags that `by` set from two values.
    pub(super) fn of_flags(
        condition: Condition,
        by: Comparison,
        [a, b]: [Arc<Expression>; 2],
        narrow: bool,
    ) -> Self {
        let zero = || Arc::new(Expression::Number(0));
        let relation = relational(condition);
        match by {
            Comparison::Subtract => match (condition, relation) {
                (_, Some((relation, signed))) => {
                    if b.number() == Some(0) {
                        return Self::against_zero(relation, a, signed, narrow);
                    }
                    Self::compared(relation, a, b, signed, narrow)
                }
                (Condition::Negative | Condition::NotNegative, None) => {
                    let less = Expression::binary(Binary::Subtract, a, b);
                    Self::sign(condition, less, narrow)
                }
                _ => Self::Unknown,
            },
            // The carry of a sum is that of the comparison with the other value's negative.
            Comparison::Add => match (relation, b.number()) {
                (Some((relation, signed)), Some(value)) => {
                    let value = Arc::new(Expression::Number(negative(value, narrow)));
                    Self::compared(relation, a, value, signed, narrow)
                }
                (Some((relation @ (Relational::Equal | Relational::Different), _)), None) => {
                    let sum = Expression::binary(Binary::Add, a, b);
                    Self::against_zero(relation, sum, false, narrow)
                }
                (None, _) => Self::sign(condition, Expression::binary(Binary::Add, a, b), narrow),
                _ => Self::Unknown,
            },
            Comparison::And | Comparison::Result => {
                let value = match by {
                    Comparison::And => Expression::binary(Binary::And, a, b),
                    _ => a,
                };
                match relation {
                    Some((relation, true)) => Self::compared(relation, value, zero(), true, narrow),
                    Some((relation @ (Relational::Equal | Relational::Different), _)) => {
                        Self::against_zero(relation, value, false, narrow)
                    }
                    // There is no carry: "above" is "not 0".
                    Some((Relational::Greater, false)) => Self::zero(value, narrow).negated(),
                    Some((Relational::LessOrEqual, false)) => Self::zero(value, narrow),
                    Some(_) => Self::Unknown,
                    None => Self::sign(condition, value, narrow),
                }
            }
            Comparison::Other => Self::Unknown,
        }
    }

    fn against_zero(by: Relational, value: Arc<Expression>, signed: bool, narrow: bool) -> Self {
        match by {
            Relational::Equal => Self::zero(value, narrow),
            Relational::Different => Self::zero(value, narrow).negated(),
            _ => Self::compared(by, value, Arc::new(Expression::Number(0)), signed, narrow),
        }
    }

    fn sign(condition: Condition, value: Arc<Expression>, narrow: bool) -> Self {
        let by = match condition {
            Condition::Negative => Relational::Less,
            Condition::NotNegative => Relational::GreaterOrEqual,
            _ => return Self::Unknown,
        };
        Self::compared(by, value, Arc::new(Expression::Number(0)), true, narrow)
    }

    /// Whether a bit of a value is set; the highest one is its sign.
    pub(super) fn bit(value: Arc<Expression>, bit: u8) -> Self {
        match bit {
            31 => Self::sign(Condition::Negative, value, true),
            63 => Self::sign(Condition::Negative, value, false),
            _ => {
                let mask = Arc::new(Expression::Number(1 << (bit & 63)));
                let masked = Expression::binary(Binary::And, value, mask);
                Self::zero(masked, false).negated()
            }
        }
    }
}

/// The comparison that a condition is on the flags of a difference, and whether it is signed.
fn relational(condition: Condition) -> Option<(Relational, bool)> {
    Some(match condition {
        Condition::Equal => (Relational::Equal, false),
        Condition::Different => (Relational::Different, false),
        Condition::Below => (Relational::Less, false),
        Condition::AtLeast => (Relational::GreaterOrEqual, false),
        Condition::Above => (Relational::Greater, false),
        Condition::AtMost => (Relational::LessOrEqual, false),
        Condition::Less => (Relational::Less, true),
        Condition::GreaterOrEqual => (Relational::GreaterOrEqual, true),
        Condition::Greater => (Relational::Greater, true),
        Condition::LessOrEqual => (Relational::LessOrEqual, true),
        Condition::Negative | Condition::NotNegative | Condition::Other => return None,
    })
}

fn negative(value: u64, narrow: bool) -> u64 {
    let negative = value.wrapping_neg();
    if narrow {
        negative & 0xffff_ffff
    } else {
        negative
    }
}

/// Whether `condition` holds on flags that are given as a number (`ccmp`): negative, zero, carry, overflow from bit 3
/// down.
pub(super) fn holds_on(condition: Condition, flags: u8) -> Option<bool> {
    let [n, z, c, v] = [8, 4, 2, 1].map(|bit| flags & bit != 0);
    Some(match condition {
        Condition::Equal => z,
        Condition::Different => !z,
        Condition::AtLeast => c,
        Condition::Below => !c,
        Condition::Above => c && !z,
        Condition::AtMost => !c || z,
        Condition::GreaterOrEqual => n == v,
        Condition::Less => n != v,
        Condition::Greater => !z && n == v,
        Condition::LessOrEqual => z || n != v,
        Condition::Negative => n,
        Condition::NotNegative => !n,
        Condition::Other => return None,
    })
}
