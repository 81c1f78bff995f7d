//! A check in words: C, with the recorded numbers put in.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    super::{
        analysis::Analysis,
        flow::Event,
        kernel::Kernel,
        known_calls::limit_ids,
        state::Target,
        step::{Binary, Effect, Exit, Source},
        summary::is_usage,
        value::{Chain, Root},
        x86_64,
    },
    expression::Expression,
    formula::{Formula, Relation, Relational},
    linear::{Linear, is_address},
    trace::Trace,
    values::Recorded,
};
use crate::names::{base_name, syscall_of_entry};
use format_spec::record::{Architecture, Parameter, ReturnType};

/// Deepest nesting that is written out.
const MAX_DEPTH: usize = 6;

/// Nesting from which on a call is written without its arguments.
const SHORT: usize = 2;

/// Arguments of a call that are written out.
const MAX_ARGUMENTS: usize = 6;

/// Least number of fields by which a structure is told.
const LEAST_READS: usize = 2;

/// Longest text of a comparison before it is made shorter, in bytes.
const MAX_RELATION: usize = 110;

/// Longest text of a condition in front of the one that decides, in bytes.
const MAX_GUARD: usize = 120;

/// Longest text of values that depend on the way, in bytes.
const MAX_WAYS: usize = 90;

/// What stands for whatever is called by a pointer.
const BY_POINTER: &str = "a function called by pointer";

/// Smallest error as a pointer (`MAX_ERRNO`, `include/linux/err.h`).
const FIRST_ERROR: u64 = 0xffff_ffff_ffff_f000;

/// A part of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What it is, as C writes it.
    pub name: String,
    /// The number that was recorded of it.
    pub value: Option<u64>,
}

/// What an argument was, as the function that called has it.
#[derive(Debug, Clone)]
struct Argument {
    name: String,
    value: Option<u64>,
    /// The structure that it points to.
    to: Option<String>,
}

/// What writes the checks of one function.
pub(super) struct Words<'a, 'b> {
    pub(super) kernel: &'a Kernel,
    pub(super) trace: &'b mut Trace<'a>,
    pub(super) recorded: &'b Recorded<'b>,
    /// Address of the function.
    pub(super) function: u64,
    /// The parts of comparisons that were written, in order.
    pub(super) terms: Vec<Term>,
    /// Culprit ids of the limits that were written.
    pub(super) limits: BTreeSet<String>,
    /// The nesting that what is written begins with.
    least: usize,
    /// Addresses of the functions that led to this one, the one that called it first.
    callers: &'b [u64],
    /// Whether what calls returned was recorded of this function's own.
    is_asked: bool,
    /// What arguments were, by number.
    given: HashMap<u8, Option<Argument>>,
    shapes: Option<HashMap<Chain, Vec<(i64, u8)>>>,
}

impl<'a, 'b> Words<'a, 'b> {
    pub(super) fn new(
        kernel: &'a Kernel,
        trace: &'b mut Trace<'a>,
        recorded: &'b Recorded<'b>,
        (function, callers): (u64, &'b [u64]),
    ) -> Self {
        Self {
            kernel,
            trace,
            recorded,
            function,
            terms: Vec::new(),
            limits: BTreeSet::new(),
            least: 0,
            callers,
            is_asked: true,
            given: HashMap::new(),
            shapes: None,
        }
    }

    /// The formula, and whether it holds by what was recorded.
    pub(super) fn formula(&mut self, formula: &Formula) -> (String, Option<bool>) {
        match formula {
            Formula::Relation(relation) => self.in_short(relation),
            Formula::All(parts) => {
                let (words, holds) = self.parts(parts, " && ");
                let all = match () {
                    () if holds.contains(&Some(false)) => Some(false),
                    () if holds.iter().all(|holds| *holds == Some(true)) => Some(true),
                    () => None,
                };
                (words, all)
            }
            Formula::Any(parts) => {
                let (words, holds) = self.parts(parts, " || ");
                let any = match () {
                    () if holds.contains(&Some(true)) => Some(true),
                    () if holds.iter().all(|holds| *holds == Some(false)) => Some(false),
                    () => None,
                };
                (words, any)
            }
            Formula::Unknown => ("…".into(), None),
        }
    }

    /// A comparison, with calls by name alone where it is too long otherwise.
    fn in_short(&mut self, relation: &Relation) -> (String, Option<bool>) {
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

    fn parts(&mut self, parts: &[Formula], with: &str) -> (String, Vec<Option<bool>>) {
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

    fn relation(&mut self, relation: &Relation) -> (String, Option<bool>) {
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
    fn are_limits(&mut self, side: &[Arc<Expression>]) -> bool {
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
    fn truth(&mut self, relation: &Relation) -> Option<(String, Option<bool>)> {
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
    fn is_truth(&mut self, value: &Expression) -> bool {
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

    /// A part of a comparison with its number.
    fn term(&mut self, term: &Arc<Expression>) -> (String, Option<u64>) {
        let (name, value) = self.named(term);
        let words = match value {
            Some(value) if term.number().is_none() => format!("{} ({name})", amount(value)),
            _ => name,
        };
        (words, value)
    }

    /// The name of a part, and its number beside it.
    fn named(&mut self, term: &Arc<Expression>) -> (String, Option<u64>) {
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
    fn value(&mut self, of: &Expression) -> Option<(u64, Option<String>)> {
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

    /// The way to a field from the current task, as facts have it.
    fn way(&mut self, of: &Expression) -> Option<String> {
        match of {
            Expression::Field { base, offset, size } => {
                let structure = self.structure(base)?;
                let field = self.kernel.types.field(&structure, *offset, *size)?;
                let name = field.name.clone();
                if self.is_current(base) {
                    return Some(name);
                }
                Some(format!("{}->{name}", self.way(base)?))
            }
            _ => None,
        }
    }

    fn is_current(&self, of: &Expression) -> bool {
        match of {
            Expression::Current => true,
            Expression::PerCpu { place, .. } => self.kernel.is_current(*place),
            _ => false,
        }
    }

    /// The structure that a value points to.
    fn structure(&mut self, of: &Expression) -> Option<String> {
        if self.is_current(of) {
            return Some("task_struct".into());
        }
        let types = &self.kernel.types;
        let given = match of {
            Expression::Argument(argument) => self.parameter(*argument).map(|own| &own.to),
            Expression::Result {
                target: Some(target),
                ..
            } => types.prototype(*target).map(|own| &own.returns_to),
            _ => None,
        };
        if let Some(to) = given.filter(|to| !to.is_empty()) {
            return Some(to.clone());
        }
        if let Expression::Argument(argument) = of
            && let Some(to) = self.given(*argument).and_then(|given| given.to)
        {
            return Some(to);
        }
        if let Expression::Field { base, offset, .. } = of
            && let Some(structure) = self.structure(base)
            && let Some(to) = self.kernel.types.pointee(&structure, *offset)
        {
            return Some(to.to_owned());
        }
        let chain = chain(of)?;
        let analysis = self.trace.analysis;
        let shapes = self.shapes.get_or_insert_with(|| shapes(analysis));
        let reads = shapes.get(&chain)?.clone();
        self.by_facts(&reads).map(str::to_owned)
    }

    /// What an argument was: what all calls of this function in the one that called it give for it.
    fn given(&mut self, argument: u8) -> Option<Argument> {
        if let Some(known) = self.given.get(&argument) {
            return known.clone();
        }
        let found = self.ask_caller(argument);
        self.given.insert(argument, found.clone());
        found
    }

    fn ask_caller(&mut self, argument: u8) -> Option<Argument> {
        let (&caller, above) = self.callers.split_first()?;
        let analysis = self.kernel.analysis(caller)?;
        let mut trace = Trace::new(&analysis);
        let mut values = Vec::new();
        for (at, step) in &analysis.program.steps {
            let is_call =
                matches!(step.exit, Exit::Call(Some(to)) | Exit::Jump(to) if to == self.function);
            if is_call {
                let given = trace.arguments(*at, usize::from(argument) + 1)?;
                values.push(given.get(usize::from(argument))?.clone());
            }
        }
        let (first, others) = values.split_first()?;
        if **first == Expression::Unknown || others.iter().any(|other| other != first) {
            return None;
        }
        let mut words = Words::new(self.kernel, &mut trace, self.recorded, (caller, above));
        words.is_asked = false;
        let to = words.structure(first);
        let (name, value) = words.named(first);
        self.limits.append(&mut words.limits);
        Some(Argument { name, value, to })
    }

    /// An argument's name, and what it was where it was called, when that is short.
    fn with_origin(&mut self, argument: u8, name: String) -> String {
        match self.given(argument) {
            Some(given) if given.name != name && given.name.len() <= MAX_WAYS => {
                format!("{name} = {}", given.name)
            }
            _ => name,
        }
    }

    /// What the function's argument is in the source.
    fn parameter(&self, argument: u8) -> Option<&'a Parameter> {
        let prototype = self.kernel.types.prototype(self.function)?;
        prototype.parameters.get(usize::from(argument))
    }

    /// The only structure that has all that is read where facts are: what is asked of a pointer is then what was
    /// recorded of the failing task's own.
    fn by_facts(&self, reads: &[(i64, u8)]) -> Option<&'b str> {
        if reads.len() < LEAST_READS {
            return None;
        }
        let types = &self.kernel.types;
        let is_fact = |structure: &str, &(offset, size): &(i64, u8)| {
            types
                .field(structure, offset, size)
                .is_some_and(|field| self.recorded.has(structure, &field.name))
        };
        let mut fits = self
            .recorded
            .structures()
            .filter(|structure| reads.iter().all(|read| is_fact(structure, read)));
        let found = fits.next()?;
        fits.all(|other| other == found).then_some(found)
    }

    /// The number of the syscall's argument that is read from an entry function's registers: `struct pt_regs`
    /// (`arch/arm64/include/asm/ptrace.h`, `arch/x86/include/asm/ptrace.h`), in its first argument.
    fn syscall_argument(&self, base: &Expression, offset: i64) -> Option<usize> {
        let function = self.kernel.function_name(self.function);
        let is_entry = function.is_some_and(|name| syscall_of_entry(name).is_some());
        if !is_entry || *base != Expression::Argument(0) {
            return None;
        }
        match self.kernel.architecture {
            Architecture::Aarch64 => {
                let number = usize::try_from(offset / 8).ok()?;
                (offset % 8 == 0 && number < 6).then_some(number)
            }
            // di, si, dx, r10, r8, r9.
            Architecture::X86_64 => [112, 104, 96, 56, 72, 64]
                .iter()
                .position(|&own| own == offset),
        }
    }

    /// A value as C writes it.
    fn name(&mut self, of: &Expression, depth: usize) -> String {
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

    fn field(&mut self, base: &Arc<Expression>, offset: i64, size: u8, depth: usize) -> String {
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

    fn binary(
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

    fn choice(
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

    fn call(&mut self, at: u64, target: Option<u64>, depth: usize) -> String {
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

    fn variable(&self, address: u64, size: u8) -> String {
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

    fn symbol(&self, address: u64) -> String {
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

fn is_result(of: &Expression) -> bool {
    matches!(of, Expression::Result { .. })
}

/// The last pointer and the field of a fact's way: `mnt_ns->nr_mounts` of `nsproxy->mnt_ns->nr_mounts`.
fn last_step(path: &str) -> &str {
    let mut arrows = path.rmatch_indices("->").skip(1);
    arrows.next().map_or(path, |(at, _)| &path[at + 2..])
}

/// A number as people read it.
fn amount(value: u64) -> String {
    match value {
        u64::MAX => "unlimited".into(),
        _ if value > FIRST_ERROR => value.cast_signed().to_string(),
        _ => value.to_string(),
    }
}

fn number(value: i128, hexadecimal: bool) -> String {
    match hexadecimal {
        true => format!("{value:#x}"),
        false => value.to_string(),
    }
}

/// What is loaded from where each chain of loads points, by chain.
fn shapes(analysis: &Analysis) -> HashMap<Chain, Vec<(i64, u8)>> {
    let Analysis {
        program,
        convention,
        flow,
        ..
    } = analysis;
    let mut shapes: HashMap<Chain, Vec<(i64, u8)>> = HashMap::new();
    for (number, block) in program.blocks.iter().enumerate() {
        let Some(mut state) = flow.states[number].clone() else {
            continue;
        };
        let start = (block.start, 0);
        flow.walk(
            program,
            convention,
            number,
            start,
            &mut state,
            |_, event, state| {
                if let Event::Effect {
                    effect: Effect::Set(_, Source::Load(place)),
                    ..
                } = event
                    && place.index.is_none()
                    && let Target::Field(mut chain) = state.target(place)
                    && let Some(offset) = chain.offsets.pop()
                    && chain.root != Root::Unknown
                {
                    let reads = shapes.entry(chain).or_default();
                    if !reads.contains(&(offset, place.size)) {
                        reads.push((offset, place.size));
                    }
                }
            },
        );
    }
    shapes
}

/// An expression as a chain of loads.
fn chain(of: &Expression) -> Option<Chain> {
    let rooted = |root| {
        Some(Chain {
            root,
            offsets: Vec::new(),
        })
    };
    match of {
        Expression::Argument(number) => rooted(Root::Argument(*number)),
        Expression::Result { at, .. } => rooted(Root::Result(*at)),
        Expression::Variable { address, .. } => rooted(Root::Variable(*address)),
        Expression::Field { base, offset, .. } => Some(chain(base)?.then(*offset)),
        _ => None,
    }
}
