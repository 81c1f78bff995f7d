//! What the report is about, picked out once for all forms in which it is written.

use super::{CommandRow, CulpritRow, FailureRow, IncidentRow, OriginRow, Report, RuledOutRow};

/// The failure that the report is about, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    /// Index of the kind of failure.
    pub(super) index: usize,
    /// The kind of failure.
    pub(super) failure: &'a FailureRow,
    /// For whom it failed.
    pub(super) incident: &'a IncidentRow,
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
    /// The answer of a report: about the incident. `None` when nothing stands out.
    pub(super) fn of(report: &'a Report) -> Option<Self> {
        let incident = report.incidents.first()?;
        let index = incident.failure;
        let mut culprits = report.culprits.iter();
        Some(Self {
            index,
            failure: report.failures.get(index)?,
            incident,
            culprit: culprits.find(|culprit| culprit.failure == index),
            origin: report.origins.iter().find(|row| row.failure == index),
        })
    }

    /// Whose failure it is: `PID 181 in nginx.service, container 4f0c…`.
    pub(super) fn victim(&self) -> Option<String> {
        let IncidentRow {
            pid,
            container,
            pod,
            unit,
            ..
        } = self.incident;
        let short =
            |kind: &str, id: &String| format!("{kind} {}", id.chars().take(12).collect::<String>());
        let container = container.as_ref().map(|id| short("container", id));
        let pod = pod.as_ref().map(|uid| format!("pod {uid}"));
        let places: Vec<String> = unit
            .clone()
            .into_iter()
            .chain(container)
            .chain(pod)
            .collect();
        let pid = pid.map(|pid| format!("PID {pid}"));
        match (pid, places.is_empty()) {
            (Some(pid), false) => Some(format!("{pid} in {}", places.join(", "))),
            (Some(pid), true) => Some(pid),
            (None, false) => Some(places.join(", ")),
            (None, true) => None,
        }
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
        } else if report.failures.iter().any(|row| !row.is_normal()) {
            "Nothing stands out: what failed is what programs live with as a rule, and no limit or policy is known to be \
             behind it. Say what to look for: --symptom TEXT, --comm NAME or --failure N."
        } else {
            "Nothing suspicious failed: only errors that healthy programs live with."
        }
    }
}

impl FailureRow {
    /// How often: `15`, or `about 15`.
    pub(super) fn count(&self) -> String {
        let about = if self.count_is_estimate { "about " } else { "" };
        format!("{about}{}", self.count)
    }

    /// Whether healthy programs live with it.
    pub(super) fn is_normal(&self) -> bool {
        self.class == "normal"
    }

    /// What is known to be behind it: `sysctl:fs.mount-max (high)`.
    pub(super) fn verdict(&self) -> String {
        match (&self.cause, self.confidence) {
            (Some(cause), Some(confidence)) => format!("{cause} ({confidence})"),
            _ => "cause not known".into(),
        }
    }
}

impl OriginRow {
    /// How it was found, in words.
    pub(super) fn way(&self) -> &'static str {
        match self.how {
            "place" => "caught where it makes the error",
            "return values" => "seen by its return value",
            "sentinel" => "caught by a probe on its return",
            "syscall itself" => "a check in the syscall itself",
            "return values and code" => "seen by return values and by what the code passes on",
            _ => "inferred from the shape of the calls",
        }
    }

    /// What is said behind the function's name where the error may have come from below it.
    pub(super) fn or_below(&self) -> &'static str {
        match (self.below, self.how) {
            ("not watched", _) | ("not all watched", "inferred") => {
                ", or something below it that was not watched,"
            }
            ("not known", "inferred") => ", or something below it,",
            _ => "",
        }
    }

    /// What is said of an origin that makes such errors itself, where it may have been told this one all the same.
    pub(super) fn or_told(&self) -> Option<String> {
        let functions = self.not_watched.join(", ");
        let told = self.below == "not all watched" && self.how != "inferred";
        told.then(|| format!("or it was told so from below: not watched were {functions}"))
    }

    /// Answers of checks that are worth showing beside the origin: `find_vma returned NULL`.
    pub(super) fn answers(&self) -> Vec<String> {
        let worth = |returned: &str| matches!(returned, "NULL" | "false" | "true");
        let told = self.told.iter().filter(|told| worth(&told.returned));
        told.map(|told| format!("{} returned {}", told.function, told.returned))
            .collect()
    }
}

impl CulpritRow {
    /// What is said where others are as likely.
    pub(super) fn tie(&self) -> Option<String> {
        let others = self.tied.join(", ");
        (!others.is_empty())
            .then(|| format!("A tie: what was recorded speaks as much for {others}."))
    }
}

impl RuledOutRow {
    /// `fs:blocks: disk 28 % used at /`.
    pub(super) fn line(&self) -> String {
        format!("{}: {}", self.id, self.text)
    }
}

impl CommandRow {
    /// How the recorded command ended, in words.
    pub(super) fn line(self) -> String {
        match (self.exit_status, self.signal) {
            (_, Some(signal)) => format!("the recorded command was ended by signal {signal}"),
            (status, None) => format!(
                "the recorded command ended with exit status {}",
                status.unwrap_or(0)
            ),
        }
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

/// `once`, `twice`, `15 times`, `about 15 times`.
pub(super) fn times(failure: &FailureRow) -> String {
    match (failure.count, failure.count_is_estimate) {
        (1, false) => "once".into(),
        (2, false) => "twice".into(),
        _ => format!("{} times", failure.count()),
    }
}
