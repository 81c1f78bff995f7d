//! Where a value comes from: the structure that a pointer leads to, the argument that a caller handed over.

use super::shapes::{chain, shapes};
use super::{Argument, MAX_WAYS, Words};
use crate::code::check::expression::Expression;
use crate::code::check::trace::Trace;
use crate::code::step::Exit;
use crate::names::syscall_of_entry;
use format_spec::record::{Architecture, Parameter};

/// Least number of fields by which a structure is told.
const LEAST_READS: usize = 2;

impl<'a, 'b> Words<'a, 'b> {
    /// The way to a field from the current task, as facts have it.
    pub(super) fn way(&mut self, of: &Expression) -> Option<String> {
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

    pub(super) fn is_current(&self, of: &Expression) -> bool {
        match of {
            Expression::Current => true,
            Expression::PerCpu { place, .. } => self.kernel.is_current(*place),
            _ => false,
        }
    }

    /// The structure that a value points to.
    pub(super) fn structure(&mut self, of: &Expression) -> Option<String> {
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
    pub(super) fn given(&mut self, argument: u8) -> Option<Argument> {
        if let Some(known) = self.given.get(&argument) {
            return known.clone();
        }
        let found = self.ask_caller(argument);
        self.given.insert(argument, found.clone());
        found
    }

    pub(super) fn ask_caller(&mut self, argument: u8) -> Option<Argument> {
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
    pub(super) fn with_origin(&mut self, argument: u8, name: String) -> String {
        match self.given(argument) {
            Some(given) if given.name != name && given.name.len() <= MAX_WAYS => {
                format!("{name} = {}", given.name)
            }
            _ => name,
        }
    }

    /// What the function's argument is in the source.
    pub(super) fn parameter(&self, argument: u8) -> Option<&'a Parameter> {
        let prototype = self.kernel.types.prototype(self.function)?;
        prototype.parameters.get(usize::from(argument))
    }

    /// The only structure that has all that is read where facts are: what is asked of a pointer is then what was
    /// recorded of the failing task's own.
    pub(super) fn by_facts(&self, reads: &[(i64, u8)]) -> Option<&'b str> {
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
    pub(super) fn syscall_argument(&self, base: &Expression, offset: i64) -> Option<usize> {
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
}

/// The last pointer and the field of a fact's way: `mnt_ns->nr_mounts` of `nsproxy->mnt_ns->nr_mounts`.
pub(super) fn last_step(path: &str) -> &str {
    let mut arrows = path.rmatch_indices("->").skip(1);
    arrows.next().map_or(path, |(at, _)| &path[at + 2..])
}
