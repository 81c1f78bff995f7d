//! The two sides of a comparison as sums, with nothing subtracted: `pending >= max - mounts` is `mounts + pending >= max`.

use std::sync::Arc;

use super::{
    super::step::Binary,
    expression::Expression,
    expression::{Relation, Relational},
};

/// Both sides.
pub(super) struct Linear {
    pub(super) by: Relational,
    /// What is added up on each side.
    pub(super) sides: [Vec<Arc<Expression>>; 2],
    /// And the number.
    pub(super) constants: [i128; 2],
}

/// Deepest sum that is taken apart.
const MAX_DEPTH: usize = 16;

impl Linear {
    pub(super) fn new(relation: &Relation) -> Self {
        let mut linear = Self {
            by: relation.by,
            sides: [Vec::new(), Vec::new()],
            constants: [0, 0],
        };
        for (number, side) in relation.sides.iter().enumerate() {
            linear.add(side, number, false, relation, 0);
        }
        // What was subtracted came to the front of the other side; numbers go where they are positive.
        for side in 0..2 {
            if linear.constants[side] < 0 && !is_negative(&relation.sides[side], relation) {
                linear.constants[1 - side] -= linear.constants[side];
                linear.constants[side] = 0;
            }
        }
        linear
    }

    fn add(
        &mut self,
        of: &Arc<Expression>,
        side: usize,
        subtracted: bool,
        relation: &Relation,
        depth: usize,
    ) {
        match &**of {
            Expression::Number(value) if !is_address(*value) => {
                let value = Self::signed(relation, *value, depth);
                let (side, value) = if subtracted {
                    (side, -value)
                } else {
                    (side, value)
                };
                self.constants[side] += value;
            }
            Expression::Binary(Binary::Add, a, b) if depth < MAX_DEPTH => {
                self.add(a, side, subtracted, relation, depth + 1);
                self.add(b, side, subtracted, relation, depth + 1);
            }
            Expression::Binary(Binary::Subtract, a, b) if depth < MAX_DEPTH => {
                self.add(a, side, subtracted, relation, depth + 1);
                self.add(b, side, !subtracted, relation, depth + 1);
            }
            _ if subtracted => {
                let other = &mut self.sides[1 - side];
                let at = other.len().saturating_sub(1);
                other.insert(at, of.clone());
            }
            _ => self.sides[side].push(of.clone()),
        }
    }

    /// The two sides changed over.
    pub(super) fn mirror(&mut self) {
        self.by = self.by.mirrored();
        self.sides.swap(0, 1);
        self.constants.swap(0, 1);
    }

    /// A number of the code: one that is added is negative when it looks so, one that is compared when the comparison
    /// is signed.
    fn signed(relation: &Relation, value: u64, depth: usize) -> i128 {
        if depth > 0 || relation.signed {
            return Self::negative(relation, value);
        }
        match relation.by {
            Relational::Equal | Relational::Different => Self::negative(relation, value),
            _ => i128::from(value),
        }
    }

    fn negative(relation: &Relation, value: u64) -> i128 {
        match u32::try_from(value) {
            Ok(low) if relation.narrow => low.cast_signed().into(),
            _ => value.cast_signed().into(),
        }
    }

    /// A recorded number as the comparison takes it.
    pub(super) fn widened(relation: &Relation, value: u64) -> i128 {
        let low = u32::try_from(value & 0xffff_ffff).unwrap_or_default();
        match (relation.signed, relation.narrow) {
            (true, true) => low.cast_signed().into(),
            (true, false) => value.cast_signed().into(),
            (false, true) => low.into(),
            (false, false) => value.into(),
        }
    }
}

/// Whether a number is an address of the kernel's image or of a module on x86-64
/// (`Documentation/arch/x86/x86_64/mm.rst`).
pub(super) fn is_address(value: u64) -> bool {
    (0xffff_ffff_8000_0000..0xffff_ffff_ff00_0000).contains(&value)
}

/// Whether a side is a negative number and nothing else.
fn is_negative(side: &Expression, relation: &Relation) -> bool {
    let value = side.number();
    value.is_some_and(|value| Linear::signed(relation, value, 0) < 0)
}
