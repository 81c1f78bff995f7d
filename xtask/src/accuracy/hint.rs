//! What a person knows of the incident, told to the analyzer: its error's text, or the program that fails.

use anyhow::Result;

use super::incident::Bystanders;
use super::report::Failure;
use crate::errno;
use crate::scenario::Spec;

/// A word about the incident, from the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Hint {
    /// `--symptom` with the text of the scenario's error, as a ticket would have it
    Symptom,
    /// `--comm` with the program that fails so, by the report without a hint
    Comm,
}

impl Hint {
    /// Arguments for `analyze`; `failures` are those of the report without them. None when the failure was not
    /// recorded: nobody could name its program.
    pub(super) fn arguments(
        self,
        spec: &Spec,
        failures: &[Failure],
        bystanders: &Bystanders,
    ) -> Result<Vec<String>> {
        Ok(match self {
            Self::Symptom => vec!["--symptom".into(), errno::text(&spec.errno)?],
            Self::Comm => bystanders
                .process(failures, spec)
                .map_or_else(Vec::new, |name| vec!["--comm".into(), name.into()]),
        })
    }

    /// The option of `analyze`.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Symptom => "--symptom",
            Self::Comm => "--comm",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_what_a_ticket_would_say() {
        let spec =
            "summary = ''\nsyscall = 'mount'\nerrno = 'ENOSPC'\nculprit = 'sysctl:fs.mount-max'";
        let spec: Spec = toml::from_str(spec).unwrap();
        let failures = [Failure {
            syscall: "mount".into(),
            errno: "ENOSPC".into(),
            process: "dockerd".into(),
        }];
        let words = |hint: Hint, failures| hint.arguments(&spec, failures, &Bystanders::default());
        assert_eq!(
            words(Hint::Symptom, &failures).unwrap(),
            ["--symptom", "No space left on device"]
        );
        assert_eq!(words(Hint::Comm, &failures).unwrap(), ["--comm", "dockerd"]);
        assert!(words(Hint::Comm, &[]).unwrap().is_empty());
    }
}
