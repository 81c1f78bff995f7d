//! Which probes this kernel can have.

use format_spec::record::{Missing, ProbeKind};

use super::list::{Entry, Failure, Watch, list, return_probe};
use crate::{
    kernel::{Kernel, KernelSymbol},
    refusals::{self, Refusal},
    tracefs::{ProbeLine, RefusalLine},
};

/// Most places in one function: where there are more, they cannot be told from what always runs.
const MAX_PLACES: usize = 4;

/// Probes of one group, each with its function.
pub(super) type Lines<L> = Vec<(L, String)>;

/// The probes to make.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Return probes, a group for each kind of failure.
    pub(super) returns: Vec<(Failure, Lines<ProbeLine>)>,
    /// Probes on the instructions that make an errno.
    pub(super) refusals: Lines<RefusalLine>,
    /// What there is no probe for.
    pub(super) missing: Vec<Missing>,
    /// Ends the names of all events, so that no one else's have the same.
    suffix: u32,
    count: u32,
}

impl Plan {
    /// Looks for the functions of the list.
    pub(super) fn make(kernel: &Kernel) -> Self {
        let mut plan = Self {
            returns: Failure::ALL.map(|kind| (kind, Vec::new())).into(),
            suffix: std::process::id(),
            ..Self::default()
        };
        for entry in list() {
            if let Err(why) = plan.add(&entry, kernel) {
                plan.missing.push(absent(entry.function, why));
            }
        }
        plan
    }

    /// Adds the probes of one function; otherwise says why there are none.
    fn add(&mut self, entry: &Entry, kernel: &Kernel) -> Result<(), &'static str> {
        // A clone such as `foo.isra.0` is what is called when the function itself is not there.
        let found = kernel
            .function_or_clone(entry.function)
            .ok_or("this kernel does not have it, or inlines it")?;
        if entry.watch != Watch::Return {
            let mut places = refusals::of(kernel, &found, &entry.errnos);
            if places.len() > MAX_PLACES {
                places.clear();
            }
            let all = !places.is_empty() && places.iter().all(|place| place.has_frame);
            if all || entry.watch == Watch::Site {
                return self.add_refusals(&found, &places, kernel);
            }
        }
        let (failure, line) = return_probe(kernel, &found, self.event())
            .ok_or("it returns nothing that tells of a failure")?;
        let mut groups = self.returns.iter_mut();
        if let Some((_, lines)) = groups.find(|(kind, _)| *kind == failure) {
            lines.push((line, found.name.to_owned()));
        }
        Ok(())
    }

    fn add_refusals(
        &mut self,
        found: &KernelSymbol<'_>,
        places: &[Refusal],
        kernel: &Kernel,
    ) -> Result<(), &'static str> {
        for place in places {
            let line = place.line(kernel, found, self.event());
            let line = line.ok_or("it cannot be told apart")?;
            self.refusals.push((line, found.name.to_owned()));
        }
        match places.is_empty() {
            true => Err("it is hot, and its code does not show where it fails"),
            false => Ok(()),
        }
    }

    fn event(&mut self) -> String {
        self.count += 1;
        format!("s{}_{}", self.count, self.suffix)
    }
}

/// What a bundle says of a group's probes.
pub(super) fn kind(of_refusals: bool) -> ProbeKind {
    match of_refusals {
        true => ProbeKind::Kprobe,
        false => ProbeKind::Kretprobe,
    }
}

/// For the manifest.
pub(super) fn absent(function: &str, why: &str) -> Missing {
    Missing {
        what: format!("sentinel {function}"),
        why: why.into(),
    }
}
