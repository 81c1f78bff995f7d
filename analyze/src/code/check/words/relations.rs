//! Comparisons in words.

use super::numbers::number;
use super::{FIRST_ERROR, SHORT, Words};
use crate::code::check::expression::Expression;
use crate::code::check::expression::{Formula, Relation, Relational};
use crate::code::check::linear::Linear;
use crate::code::step::Binary;
use format_spec::record::ReturnType;
use std::sync::Arc;

/// Longest text of a comparison before it is made shorter, in bytes.
const MAX_RELATION: usize = 110;

/// Longest text of a condition in front of the one that decides, in bytes.
const MAX_GUARD: usize = 120;

impl<'a, 'b> Words<'a, 'b> {
    /// A comparison, with calls by name alone where it is too long otherwise.
    pub(super) fn in_short(&mut self, relation: &Relation) -> (String, Option<bool>) {
        let mark = self.terms.len();
        let full = self.relation(relation);
        if full.0.len() <= MAX_RELATION {
            return full;
        }
        self.terms.truncate(mark);
        self.least = SHORT;
        let short = self.relation(relation);
        self.least = 0;
        short
    }

    pub(super) fn parts(&mut self, parts: &[Formula], with: &str) -> (String, Vec<Option<bool>>) {
        let several = parts.len() > 1;
        let written: Vec<(String, Option<bool>)> = parts
            .iter()
            .enumerate()
            .map(|(number, part)| {
                let (words, holds) = self.formula(part);
                let is_guard = number + 1 < parts.len() && words.len() > MAX_GUARD;
                let words = if is_guard { "…".into() } else { words };
                let other = match part {
                    Formula::All(inner) | Formula::Any(inner) => several && inner.len() > 1,
                    _ => false,
                };
                (if other { format!("({words})") } else { words }, holds)
            })
            .collect();
        let (words, holds): (Vec<String>, Vec<Option<bool>>) = written.into_iter().unzip();
        (words.join(with), holds)
    }

    pub(super) fn relation(&mut self, relation: &Relation) -> (String, Option<bool>) {
        let [a, b] = &relation.sides;
        if let Some(words) = self.truth(relation) {
            return words;
        }
        let mut linear = Linear::new(relation);
        let limits = [0, 1].map(|side| self.are_limits(&linear.sides[side]));
        let is_bare = linear.sides.each_ref().map(Vec::is_empty);
        if limits == [true, false] && !is_bare[1] || is_bare == [true, false] {
            linear.mirror();
        }
        let is_bits =
            |side: &Arc<Expression>| matches!(&**side, Expression::Binary(Binary::And, ..));
        let hexadecimal = is_bits(a) || is_bits(b);
        let mut side = |terms: &[Arc<Expression>], constant: i128| {
            let mut sum = Some(constant);
            let mut parts = Vec::new();
            for term in terms {
                let (text, value) = self.term(term);
                let value = value.map(|value| Linear::widened(relation, value));
                sum = sum.zip(value).map(|(sum, value)| sum + value);
                parts.push(text);
            }
            if constant != 0 || parts.is_empty() {
                parts.push(number(constant, hexadecimal));
            }
            (parts.join(" + "), sum)
        };
        let (left, a) = side(&linear.sides[0], linear.constants[0]);
        let (right, b) = side(&linear.sides[1], linear.constants[1]);
        let holds = a.zip(b).map(|(a, b)| linear.by.holds(a, b));
        (format!("{left} {} {right}", linear.by.sign()), holds)
    }

    /// Whether all parts of a side are variables of the image or limits of a task.
    pub(super) fn are_limits(&mut self, side: &[Arc<Expression>]) -> bool {
        !side.is_empty()
            && side.iter().all(|term| match &**term {
                Expression::Variable { .. } => true,
                Expression::Field { base, offset, size } => {
                    let structure = self.structure(base);
                    let layouts = &self.kernel.layouts;
                    structure.is_some_and(|own| !layouts.ids(&own, *offset, *size).is_empty())
                }
                _ => false,
            })
    }

    /// A comparison that asks whether something is so, and compares no amounts.
    pub(super) fn truth(&mut self, relation: &Relation) -> Option<(String, Option<bool>)> {
        let [a, b] = &relation.sides;
        if let (Some(FIRST_ERROR | 0xffff_ffff_ffff_f001), false) = (b.number(), relation.narrow) {
            let is_error = match relation.by {
                Relational::Greater | Relational::GreaterOrEqual => true,
                Relational::Less | Relational::LessOrEqual => false,
                _ => return None,
            };
            let words = format!("IS_ERR({})", self.name(a, 0));
            return Some((if is_error { words } else { format!("!{words}") }, None));
        }
        let is = match relation.by {
            Relational::Different => true,
            Relational::Equal => false,
            _ => return None,
        };
        if b.number() != Some(0) {
            return None;
        }
        let masked = match &**a {
            Expression::Binary(Binary::And, of, mask) => mask.number().map(|mask| (of, mask)),
            _ => None,
        };
        // What is so or not is said without its number: that says no more.
        let (words, value) = match masked {
            // What a function of type bool returned: its lowest byte.
            Some((of, 0xff | 1)) if is_result(of) => self.named(of),
            Some((of, mask)) => {
                let (words, value) = self.term(of);
                (
                    format!("{words} & {mask:#x}"),
                    value.map(|value| value & mask),
                )
            }
            None if self.is_truth(a) => self.named(a),
            None => return None,
        };
        let holds = value.map(|value| (value != 0) == is);
        let words = match (is, masked.is_some() && words.contains(" & ")) {
            (true, _) => words,
            (false, true) => format!("!({words})"),
            (false, false) => format!("!{words}"),
        };
        Some((words, holds))
    }

    /// Whether a value says yes or no, or is a pointer.
    pub(super) fn is_truth(&mut self, value: &Expression) -> bool {
        match value {
            Expression::Result {
                target: Some(target),
                ..
            } => matches!(
                self.kernel.returns(*target),
                ReturnType::Bool | ReturnType::Pointer
            ),
            Expression::Field { size: 8, .. } => self.structure(value).is_some(),
            Expression::Field { size: 1, .. } => true,
            _ => false,
        }
    }
}

fn is_result(of: &Expression) -> bool {
    matches!(of, Expression::Result { .. })
}
