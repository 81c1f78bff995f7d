//! Two recordings, before and after a remedy: what failures are gone or new, what was changed, where the calls part.
//!
//! [`Comparison`] is the answer; its first line says whether what failed before still fails.

mod failures;
mod paths;
mod settings;
mod text;
mod tried;
mod verdict;

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::{
    diagnosis::{Diagnosis, diagnose},
    load::Bundle,
    text::bytes as text_of,
    view::{date, span},
};

pub use failures::{Change, FailureChange};
pub use paths::Parting;
pub use settings::{LimitChange, SysctlChange};
pub use text::write;
pub use verdict::{Outcome, Verdict};

/// What differs between two recordings.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Comparison {
    /// `etz-diff/1`.
    #[cfg_attr(test, schemars(extend("enum" = ["etz-diff/1"])))]
    pub schema: &'static str,
    /// Did the remedy work?
    pub verdict: Verdict,
    /// The recordings.
    pub before: Side,
    /// The later one.
    pub after: Side,
    /// Kinds of failures, what changed most to suspicious ones first.
    pub failures: Vec<FailureChange>,
    /// Limits that were raised, lowered, or whose use crossed them.
    pub limits: Vec<LimitChange>,
    /// Sysctls whose value is another.
    pub sysctls: Vec<SysctlChange>,
    /// Where the calls of what failed before part from those after.
    pub parting: Option<Parting>,
    /// Why the two may not be comparable.
    pub notes: Vec<String>,
}

/// One recording.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Side {
    /// Host.
    pub host: String,
    /// Kernel release.
    pub kernel: String,
    /// Memory, in bytes; 0 when not known.
    pub memory_bytes: u64,
    /// When it began, RFC 3339.
    pub began: String,
    /// How long it is, in seconds.
    pub seconds: f64,
}

/// A recording with its diagnosis.
struct Recorded<'a> {
    bundle: &'a Bundle,
    diagnosis: Diagnosis,
    /// How long it is, in seconds; never 0.
    seconds: f64,
}

impl<'a> Recorded<'a> {
    fn new(bundle: &'a Bundle) -> Self {
        let (began_ns, ended_ns) = span(bundle);
        // A millisecond at least: nothing shorter is recorded, and rates are per second.
        let ns = ended_ns.saturating_sub(began_ns).max(1_000_000);
        Self {
            bundle,
            diagnosis: diagnose(bundle),
            seconds: std::time::Duration::from_nanos(ns).as_secs_f64(),
        }
    }

    /// The id of the boot that was recorded.
    fn boot(&self) -> Option<&str> {
        let manifest = self.bundle.manifest.as_ref();
        manifest.map(|manifest| manifest.host.boot_id.as_str())
    }

    fn side(&self) -> Side {
        let host = self.bundle.manifest.as_ref().map(|manifest| &manifest.host);
        let (began_ns, _) = span(self.bundle);
        let plain = |text: &String| crate::text::plain(text.as_bytes());
        Side {
            host: host.map_or_else(String::new, |host| plain(&host.hostname)),
            kernel: host.map_or_else(String::new, |host| plain(&host.kernel_release)),
            memory_bytes: host.map_or(0, |host| host.memory_bytes),
            began: date(self.bundle, began_ns),
            seconds: self.seconds,
        }
    }
}

/// Compares two recordings.
#[must_use]
pub fn compare(before: &Bundle, after: &Bundle) -> Comparison {
    let before = Recorded::new(before);
    let after = Recorded::new(after);
    let failures = failures::changes(&before, &after);
    Comparison {
        schema: "etz-diff/1",
        verdict: verdict::verdict(&before, &after, &failures),
        limits: settings::limits(&before, &after),
        sysctls: settings::sysctls(&before, &after),
        parting: paths::parting(&before, &after),
        notes: notes(&before, &after),
        before: before.side(),
        after: after.side(),
        failures,
    }
}

fn notes(before: &Recorded<'_>, after: &Recorded<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let (old, new) = (before.side(), after.side());
    if old.host != new.host {
        notes.push(format!(
            "the recordings are of two hosts: {} and {}",
            old.host, new.host
        ));
    }
    if old.kernel != new.kernel {
        notes.push(format!(
            "the kernels differ: {} and {}",
            old.kernel, new.kernel
        ));
    }
    let same_boot = before.boot() == after.boot();
    if old.host == new.host && !same_boot {
        notes.push("the host was booted in between, or is another one of that name".into());
    }
    if settings::is_other_memory(before, after) {
        notes.push(format!(
            "the memory differs: {} and {}",
            text_of(old.memory_bytes),
            text_of(new.memory_bytes)
        ));
    }
    if before.bundle.file.created_ns > after.bundle.file.created_ns {
        notes.push("the first recording is the later one: are they the wrong way round?".into());
    }
    for (name, recorded) in [("first", before), ("second", after)] {
        if recorded.bundle.closing.is_none() {
            notes.push(format!(
                "the {name} recording was cut: its counts may be too low"
            ));
        }
    }
    notes
}
