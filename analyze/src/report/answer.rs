//! What the report is about, picked out once for all forms in which it is written.

use super::{CulpritRow, FailureRow, OriginRow, Report, RuledOutRow};

/// The failure that the report is about, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    /// Index of the kind of failure.
    pub(super) index: usize,
    /// The kind of failure.
    pub(super) failure: &'a FailureRow,
    /// Who is to blame; `None` when nothing that was recorded explains it.
    pub(super) culprit: Option<&'a CulpritRow>,
    /// Where the error began; `None` when no trace of it was recorded.
    pub(super) origin: Option<&'a OriginRow>,
}

/// What is said when nothing that was recorded explains the failure.
pub(super) const NO_CULPRIT: &str = "not known: no limit or policy that was recorded is behind it";

/// What is said when no trace of the failing call was recorded.
pub(super) const NO_ORIGIN: &str = "not known: the recording has no trace of such a call";

/// What is said of an answer from a recording whose end is missing.
pub(super) const CUT: &str =
    "The recording was cut: counts are too low, and what came later is not known.";

impl<'a> Answer<'a> {
    /// The answer of a report: about the failure that the first culprit explains, else about the first suspicious one.
    /// `None` when nothing suspicious failed.
    pub(super) fn of(report: &'a Report) -> Option<Self> {
        let culprit = report.culprits.first();
        let suspicious = || report.failures.iter().position(|row| row.class != "normal");
        let index = culprit.map(|culprit| culprit.failure).or_else(suspicious)?;
        Some(Self {
            index,
            failure: report.failures.get(index)?,
            culprit,
            origin: report.origins.iter().find(|row| row.failure == index),
        })
    }

    /// Paths that the failing call named. Options of a mount and names of types are strings too: what is shown begins
    /// like a path.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let sample = self.failure.sample.iter();
        sample
            .flat_map(|sample| &sample.paths)
            .map(String::as_str)
            .filter(|path| path.starts_with(['/', '.']))
    }

    /// The culprits behind the first one.
    pub(super) fn runners_up(report: &'a Report) -> &'a [CulpritRow] {
        report.culprits.get(1..).unwrap_or_default()
    }

    /// What is said of a report without an answer.
    pub(super) fn nothing(report: &Report) -> &'static str {
        let cut = report.recording.seconds.is_none();
        if report.failures.is_empty() && cut {
            "Not known: the recording was cut before any failing syscall."
        } else if cut {
            "Not known: the recording was cut, and what is left of it has only errors that healthy programs live with."
        } else if report.failures.is_empty() {
            "No syscall failed while this was recorded."
        } else {
            "Nothing suspicious failed: only errors that healthy programs live with."
        }
    }
}

impl FailureRow {
    /// Whether healthy programs live with it.
    pub(super) fn is_normal(&self) -> bool {
        self.class == "normal"
    }
}

impl OriginRow {
    /// How it was found, in words.
    pub(super) fn way(&self) -> &'static str {
        match self.how {
            "return values" => "seen by its return value",
            "sentinel" => "caught by a probe on its return",
            "syscall itself" => "a check in the syscall itself",
            "return values and code" => "seen by return values and by what the code passes on",
            _ => "inferred from the shape of the calls",
        }
    }

    /// Answers of checks that are worth showing beside the origin: `find_vma returned NULL`.
    pub(super) fn answers(&self) -> Vec<String> {
        let worth = |returned: &str| matches!(returned, "NULL" | "false" | "true");
        let told = self.told.iter().filter(|told| worth(&told.returned));
        told.map(|told| format!("{} returned {}", told.function, told.returned))
            .collect()
    }
}

impl RuledOutRow {
    /// `fs:blocks: disk 28 % used at /`.
    pub(super) fn line(&self) -> String {
        format!("{}: {}", self.id, self.text)
    }
}

/// Host and recording in one line.
pub(super) fn provenance(report: &Report) -> String {
    let host = report.host.as_ref().map(|host| {
        let mut parts = vec![
            host.hostname.clone(),
            format!("Linux {} {}", host.kernel, host.architecture),
            host.os.clone(),
        ];
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    });
    let length = report
        .recording
        .seconds
        .map_or_else(|| "cut".to_owned(), |seconds| format!("{seconds:.1} s"));
    format!(
        "{}; recorded {}, {length}",
        host.unwrap_or_else(|| "unknown host".into()),
        report.recording.started
    )
}

/// `once`, `twice`, `15 times`.
pub(super) fn times(count: u64) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        count => format!("{count} times"),
    }
}
