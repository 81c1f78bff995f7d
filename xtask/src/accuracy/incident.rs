//! Whether a report is about the scenario's failure, and not about the noise beside it.

use std::ffi::OsStr;
use std::fs;

use anyhow::{Context as _, Result};

use super::report::Failure;
use crate::scenario::Spec;
use crate::vm::noise;

/// A thread's name has at most 15 bytes (TASK_COMM_LEN in `include/linux/sched.h` is 16, with the zero).
const COMM_BYTES: usize = 15;

/// Names of the programs that fail beside scenarios.
#[derive(Debug, Default)]
pub(super) struct Bystanders(Vec<String>);

impl Bystanders {
    /// The programs in every mix of the repository; those of other mixes are not known.
    pub(super) fn find() -> Result<Self> {
        let mixes = noise::folder();
        let entries = fs::read_dir(&mixes).with_context(|| format!("read {}", mixes.display()))?;
        let mut names = Vec::new();
        for mix in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if mix.is_dir() {
                let programs = noise::with_extension(&mix, "c")?;
                let stems = programs.iter().filter_map(|path| path.file_stem());
                names.extend(stems.map(comm));
            }
        }
        Ok(Self(names))
    }

    /// Whether this is the scenario's failure. The scenario's limit may hit the noise too: that is the scenario's
    /// failure if the cause is the scenario's (`cause_is_right`).
    pub(super) fn is_incident(&self, failure: &Failure, spec: &Spec, cause_is_right: bool) -> bool {
        let is_kind = failure.syscall == spec.syscall && failure.errno == spec.errno;
        is_kind && (cause_is_right || !self.0.contains(&failure.process))
    }

    /// The program that fails as the scenario says, as `failures` lists it.
    pub(super) fn process<'a>(&self, failures: &'a [Failure], spec: &Spec) -> Option<&'a str> {
        let mut failures = failures.iter();
        let failure = failures.find(|failure| self.is_incident(failure, spec, false))?;
        Some(&failure.process)
    }
}

fn comm(name: &OsStr) -> String {
    name.to_string_lossy().chars().take(COMM_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(syscall: &str, process: &str) -> Failure {
        Failure {
            syscall: syscall.into(),
            errno: "EPERM".into(),
            process: process.into(),
        }
    }

    #[test]
    fn a_bystander_with_the_same_error_is_not_the_incident() {
        let spec =
            "summary = ''\nsyscall = 'prlimit64'\nerrno = 'EPERM'\nculprit = 'sysctl:fs.nr_open'";
        let spec: Spec = toml::from_str(spec).unwrap();
        let bystanders = Bystanders::find().unwrap();
        let job = failure("prlimit64", "cron-job");
        assert!(!bystanders.is_incident(&job, &spec, false));
        assert!(bystanders.is_incident(&job, &spec, true));
        assert!(!bystanders.is_incident(&failure("mount", "dockerd"), &spec, true));
        let failures = [job, failure("prlimit64", "dockerd")];
        assert_eq!(bystanders.process(&failures, &spec), Some("dockerd"));
        assert_eq!(bystanders.process(&failures[..1], &spec), None);
    }
}
