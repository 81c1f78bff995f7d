//! Values as C writes them.

use super::numbers::number;
use super::{MAX_WAYS, SHORT, Words};
use crate::code::check::expression::Expression;
use crate::code::check::expression::{Formula, Relation, Relational};
use crate::code::check::linear::is_address;
use crate::code::known_calls::limit_ids;
use crate::code::step::Binary;
use crate::code::summary::is_usage;
use crate::code::x86_64;
use crate::names::base_name;
use std::sync::Arc;

/// Deepest nesting that is written out.
const MAX_DEPTH: usize = 6;

/// Arguments of a call that are written out.
const MAX_ARGUMENTS: usize = 6;

/// What stands for whatever is called by a pointer.
const BY_POINTER: &str = "a function called by pointer";

impl<'a, 'b> Words<'a, 'b> {
    /// A value as C writes it.
    pub(super) fn name(&mut self, of: &Expression, depth: usize) -> String {
        if depth > MAX_DEPTH {
            return "…".into();
        }
        match of {
            // Code that is not moved about has addresses as they are (`CONFIG_RELOCATABLE`).
            Expression::Number(value) if is_address(*value) => "an address in the kernel".into(),
            Expression::Number(value @ 0xffff_f001..=0xffff_ffff) => {
                (i128::from(*value) - (1 << 32)).to_string()
            }
            Expression::Number(value) => number(i128::from(value.cast_signed()), false),
            Expression::Argument(argument) => match self.parameter(*argument) {
                Some(parameter) if !parameter.name.is_empty() => parameter.name.clone(),
                _ => format!("arg{argument}"),
            },
            Expression::Current => "current".into(),
            Expression::Variable { address, size } => {
                let paths = self.kernel.sysctls(*address);
                let limits = paths.into_iter().filter(|path| !is_usage(path));
                let ids = limits.map(|path| format!("sysctl:{path}"));
                self.limits.extend(ids);
                self.variable(*address, *size)
            }
            Expression::AddressOf(address) => format!("&{}", self.symbol(*address)),
            Expression::Frame(_) => "a local variable".into(),
            Expression::PerCpu { place, .. } if self.kernel.is_current(*place) => "current".into(),
            Expression::PerCpu { place, .. } => self.symbol(*place),
            Expression::Field { base, offset, size } => {
                if let Some(number) = self.syscall_argument(base, *offset) {
                    return format!("argument {number}");
                }
                self.field(base, *offset, *size, depth)
            }
            Expression::Element { base, .. } => format!("{}[…]", self.name(base, depth + 1)),
            Expression::Result { at, target } => self.call(*at, *target, depth),
            Expression::Binary(by, a, b) => self.binary(*by, a, b, depth),
            Expression::Shifted(of, by) => format!("({} >> {by})", self.name(of, depth + 1)),
            Expression::Choice(when, a, b) => self.choice(when, a, b, depth),
            Expression::Counted(_) => "a count".into(),
            Expression::OneOf(ways) => {
                // In full, else with calls by name alone, else counted.
                for depth in [depth + 1, (depth + 1).max(SHORT)] {
                    let names: Vec<String> = ways.iter().map(|way| self.name(way, depth)).collect();
                    let names = format!("({})", names.join(" or "));
                    if names.len() <= MAX_WAYS {
                        return names;
                    }
                }
                format!("one of {} values", ways.len())
            }
            Expression::Again(..) | Expression::Unknown => "a value".into(),
        }
    }

    pub(super) fn field(
        &mut self,
        base: &Arc<Expression>,
        offset: i64,
        size: u8,
        depth: usize,
    ) -> String {
        let structure = self.structure(base);
        let field = structure
            .as_deref()
            .and_then(|structure| self.kernel.types.field(structure, offset, size))
            .map(|field| field.name.clone());
        let has_name = match &**base {
            Expression::Argument(argument) => self.parameter(*argument).is_some(),
            Expression::Field { .. } | Expression::Current | Expression::PerCpu { .. } => true,
            Expression::Result { .. } => true,
            _ => false,
        };
        if let Some(structure) = &structure {
            let ids = self.kernel.layouts.ids(structure, offset, size);
            self.limits.extend(ids.iter().cloned());
        }
        match (structure, field) {
            (Some(structure), Some(field)) if !has_name => format!("{structure}.{field}"),
            (_, Some(field)) => format!("{}->{field}", self.name(base, depth + 1)),
            _ if offset == 0 => format!("*{}", self.name(base, depth + 1)),
            _ => format!("*({} + {offset})", self.name(base, depth + 1)),
        }
    }

    pub(super) fn binary(
        &mut self,
        by: Binary,
        a: &Arc<Expression>,
        b: &Arc<Expression>,
        depth: usize,
    ) -> String {
        let sign = match by {
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::And => "&",
            Binary::Or => "|",
            Binary::Xor => "^",
            Binary::Multiply => "*",
            Binary::Divide => "/",
        };
        let is_bits = matches!(by, Binary::And | Binary::Or | Binary::Xor);
        let mut side = |side: &Expression| match side.number() {
            Some(value) if is_bits => format!("{value:#x}"),
            _ => self.name(side, depth + 1),
        };
        let (a, b) = (side(a), side(b));
        format!("({a} {sign} {b})")
    }

    pub(super) fn choice(
        &mut self,
        when: &Formula,
        a: &Arc<Expression>,
        b: &Arc<Expression>,
        depth: usize,
    ) -> String {
        if let Formula::Relation(Relation { by, sides, .. }) = when
            && (sides == &[a.clone(), b.clone()] || sides == &[b.clone(), a.clone()])
        {
            let less = matches!(by, Relational::Less | Relational::LessOrEqual);
            let own = if (sides[0] == *a) == less {
                "min"
            } else {
                "max"
            };
            let (a, b) = (self.name(a, depth + 1), self.name(b, depth + 1));
            return format!("{own}({a}, {b})");
        }
        let (a, b) = (self.name(a, depth + 1), self.name(b, depth + 1));
        format!("({a} or {b})")
    }

    pub(super) fn call(&mut self, at: u64, target: Option<u64>, depth: usize) -> String {
        let Some(target) = target else {
            return BY_POINTER.into();
        };
        let Some(name) = self.kernel.function_name(target) else {
            return format!("a function at {target:#x}");
        };
        // What the stub jumps to is in a register.
        if x86_64::is_indirect_thunk(name) {
            return BY_POINTER.into();
        }
        let name = base_name(name).to_owned();
        let constants = self.trace.arguments(at, MAX_ARGUMENTS).unwrap_or_default();
        let constants = constants.iter().map(|argument| argument.number());
        self.limits
            .extend(limit_ids(&name, &constants.collect::<Vec<_>>()));
        if depth >= SHORT {
            return format!("{name}(…)");
        }
        let takes = self.kernel.types.prototype(target);
        if let Some(prototype) = takes.filter(|own| own.parameters.len() <= MAX_ARGUMENTS) {
            let count = prototype.parameters.len();
            let arguments = self.trace.arguments(at, count).unwrap_or_default();
            let shown: Vec<String> = arguments
                .iter()
                .map(|argument| self.name(argument, depth + 1))
                .collect();
            return format!("{name}({})", shown.join(", "));
        }
        let arguments = self.trace.arguments(at, MAX_ARGUMENTS).unwrap_or_default();
        // How many it takes is not known: those behind the last number are left out.
        let last = arguments
            .iter()
            .rposition(|argument| argument.number().is_some());
        let shown: Vec<String> = arguments
            .iter()
            .take(last.map_or(0, |last| last + 1))
            .map(|argument| self.name(argument, depth + 1))
            .collect();
        match shown.is_empty() {
            true => format!("{name}(…)"),
            false => format!("{name}({}, …)", shown.join(", ")),
        }
    }

    pub(super) fn variable(&self, address: u64, size: u8) -> String {
        let named = self.kernel.variable_name(address);
        if let Some(name) = named.as_ref().filter(|name| name.offset == 0) {
            return name.symbol.clone();
        }
        let sysctl = self.kernel.sysctl_values(address, size).into_iter().next();
        match (sysctl, named) {
            (Some((path, 0)), _) => path,
            (Some((path, number)), _) => format!("{path}[{number}]"),
            (None, _) => self.symbol(address),
        }
    }

    pub(super) fn symbol(&self, address: u64) -> String {
        match self.kernel.variable_name(address) {
            Some(name) if name.offset == 0 => name.symbol,
            Some(name) => format!("{}+{:#x}", name.symbol, name.offset),
            None => match self.kernel.function_name(address) {
                Some(function) => function.to_owned(),
                None => format!("a variable at {address:#x}"),
            },
        }
    }
}
