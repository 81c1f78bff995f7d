//! What is compared, with the number that was recorded of it.

use super::origins::last_step;
use super::{FIRST_ERROR, Term, Words};
use crate::code::check::expression::Expression;
use std::sync::Arc;

impl<'a, 'b> Words<'a, 'b> {
    /// A part of a comparison with its number.
    pub(super) fn term(&mut self, term: &Arc<Expression>) -> (String, Option<u64>) {
        let (name, value) = self.named(term);
        let words = match value {
            Some(value) if term.number().is_none() => format!("{} ({name})", amount(value)),
            _ => name,
        };
        (words, value)
    }

    /// The name of a part, and its number beside it.
    pub(super) fn named(&mut self, term: &Arc<Expression>) -> (String, Option<u64>) {
        let name = self.name(term, self.least);
        let (value, name) = match self.value(term) {
            Some((value, Some(better))) => (Some(value), better),
            Some((value, None)) => (Some(value), name),
            None => (None, name),
        };
        let name = match &**term {
            Expression::Argument(argument) => self.with_origin(*argument, name),
            _ => name,
        };
        if term.number().is_none() {
            let own = Term {
                name: name.clone(),
                value,
            };
            if !self.terms.contains(&own) {
                self.terms.push(own);
            }
        }
        (name, value)
    }

    /// The number that was recorded of a value, and a better name where the record has one.
    pub(super) fn value(&mut self, of: &Expression) -> Option<(u64, Option<String>)> {
        match of {
            Expression::Number(value) => Some((*value, None)),
            Expression::Variable { address, size } => {
                let value = self.recorded.variable(self.kernel, *address, *size)?;
                Some((value, None))
            }
            Expression::Field { base, offset, size } => {
                if let Some(number) = self.syscall_argument(base, *offset) {
                    return Some((self.recorded.argument(number)?, None));
                }
                let structure = self.structure(base)?;
                let field = self.kernel.types.field(&structure, *offset, *size)?;
                let name = field.name.clone();
                let way = self.way(of);
                let (value, path) = self.recorded.field(&structure, &name, way.as_deref())?;
                let named = way.is_none().then(|| last_step(path).to_owned());
                Some((value, named))
            }
            Expression::Argument(argument) => Some((self.given(*argument)?.value?, None)),
            Expression::Result {
                target: Some(target),
                ..
            } if self.is_asked => {
                let name = self.kernel.function_name(*target)?;
                Some((self.recorded.returned(name)?.cast_unsigned(), None))
            }
            Expression::Binary(by, a, b) => {
                let (a, b) = (self.value(a)?.0, self.value(b)?.0);
                let folded = Expression::binary(
                    *by,
                    Arc::new(Expression::Number(a)),
                    Arc::new(Expression::Number(b)),
                );
                Some((folded.number()?, None))
            }
            Expression::Shifted(of, by) => Some((self.value(of)?.0 >> by, None)),
            _ => None,
        }
    }
}

/// A number as people read it.
pub(super) fn amount(value: u64) -> String {
    match value {
        u64::MAX => "unlimited".into(),
        _ if value > FIRST_ERROR => value.cast_signed().to_string(),
        _ => value.to_string(),
    }
}

pub(super) fn number(value: i128, hexadecimal: bool) -> String {
    match hexadecimal {
        true => format!("{value:#x}"),
        false => value.to_string(),
    }
}
