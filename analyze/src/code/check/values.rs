//! Numbers that were recorded, for the terms of a check: sysctls, facts of the failing task, what calls returned.

use std::collections::HashMap;

use format_spec::record::Failure;

use super::super::{kernel::Kernel, pointees::pointee};
use crate::{evidence::sysctl_text, load::Bundle, names::base_name};

/// What is known of one failure's moment.
#[derive(Debug, Default)]
pub struct Recorded<'a> {
    bundle: Option<&'a Bundle>,
    failure: Option<&'a Failure>,
    /// Facts by structure and field: the value, and the way to it from the failing task.
    facts: HashMap<(String, String), Vec<(u64, String)>>,
    /// What functions returned to the one that is looked at, by name; `None` where several said different things.
    returned: HashMap<String, Option<i64>>,
}

impl<'a> Recorded<'a> {
    /// What `bundle` has of `failure`; `returned` is what the function was told by its calls.
    #[must_use]
    pub fn new(
        bundle: &'a Bundle,
        failure: Option<&'a Failure>,
        returned: impl IntoIterator<Item = (String, i64)>,
    ) -> Self {
        let mut recorded = Self {
            bundle: Some(bundle),
            failure,
            ..Self::default()
        };
        for &(id, value) in failure.into_iter().flat_map(|failure| &failure.facts) {
            if let Some(fact) = bundle.facts.get(&id)
                && let Some(key) = field_of(&fact.path)
            {
                let same = recorded.facts.entry(key).or_default();
                same.push((value, fact.path.clone()));
            }
        }
        for (function, value) in returned {
            let known = recorded
                .returned
                .entry(base_name(&function).to_owned())
                .or_insert(Some(value));
            if *known != Some(value) {
                *known = None;
            }
        }
        recorded
    }

    /// What the variable at `address` held: of a sysctl, by the snapshot nearest to the failure.
    pub(super) fn variable(&self, kernel: &Kernel, address: u64, size: u8) -> Option<u64> {
        let bundle = self.bundle?;
        kernel
            .sysctl_values(address, size)
            .into_iter()
            .find_map(|(path, number)| {
                let text = sysctl_text(bundle, self.failure, &path)?;
                let value = text.split_whitespace().nth(number)?;
                let signed = value.parse::<i64>().map(i64::cast_unsigned);
                signed.or_else(|_| value.parse()).ok()
            })
    }

    /// The fact about `field` of a `structure`, with its way from the failing task; `way` is that of the code, where it
    /// starts there too, and the two must then be the same.
    pub(super) fn field(
        &self,
        structure: &str,
        field: &str,
        way: Option<&str>,
    ) -> Option<(u64, &str)> {
        let facts = self.facts.get(&(structure.to_owned(), field.to_owned()))?;
        let is_it = |path: &str| way.is_none_or(|way| same_way(path, way));
        let mut found = facts.iter().filter(|(_, path)| is_it(path));
        let (value, path) = found.next()?;
        let differs = found.any(|(other, _)| other != value);
        (!differs).then_some((*value, path.as_str()))
    }

    /// The structures that facts are about; one may come several times.
    pub(super) fn structures(&self) -> impl Iterator<Item = &str> {
        self.facts.keys().map(|(structure, _)| structure.as_str())
    }

    /// Whether there is a fact about `field` of a `structure`.
    pub(super) fn has(&self, structure: &str, field: &str) -> bool {
        self.facts
            .contains_key(&(structure.to_owned(), field.to_owned()))
    }

    /// The argument `number` of the failing syscall.
    pub(super) fn argument(&self, number: usize) -> Option<u64> {
        self.failure?.args.get(number).copied()
    }

    /// What `function` returned, when all its calls said the same.
    pub(super) fn returned(&self, function: &str) -> Option<i64> {
        *self.returned.get(base_name(function))?
    }
}

/// The structure and the field that a fact's way ends in, for example `mnt_namespace` and `nr_mounts`.
fn field_of(path: &str) -> Option<(String, String)> {
    let mut structure = "task_struct";
    let mut steps = path.split("->").peekable();
    while let Some(step) = steps.next() {
        if steps.peek().is_none() {
            return Some((structure.to_owned(), step.to_owned()));
        }
        structure = match step {
            "fd[ARGUMENT]" => "file",
            step => pointee(structure, step)?,
        };
    }
    None
}

/// Whether two ways from a task are the same: its credentials are two pointers, mostly to one structure.
fn same_way(path: &str, way: &str) -> bool {
    let plain = |way: &str| way.replacen("real_cred->", "cred->", 1);
    plain(path) == plain(way)
}
