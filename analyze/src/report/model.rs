//! The report: schema "etz-report/1". `docs/report.schema.json` describes it; fields may be added, never changed.
//!
//! All text is free of control characters, whatever the recorded host put into names and paths.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::rules::RemedyKind;

/// The whole report.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Report {
    /// `etz-report/1`.
    #[cfg_attr(test, schemars(extend("enum" = ["etz-report/1"])))]
    pub schema: &'static str,
    /// The recorded host; `None` when the manifest is missing.
    pub host: Option<HostRow>,
    /// The recording.
    pub recording: RecordingRow,
    /// The incident first, then what else might be meant; empty when nothing stands out.
    pub incidents: Vec<IncidentRow>,
    /// Kinds of failures, what stands out most first.
    pub failures: Vec<FailureRow>,
    /// Where errors began; that of the incident first.
    pub origins: Vec<OriginRow>,
    /// Who is to blame for the incident, the most likely first.
    pub culprits: Vec<CulpritRow>,
    /// What is not to blame.
    pub ruled_out: Vec<RuledOutRow>,
    /// What is not in the recording.
    pub losses: Vec<LossRow>,
}

/// The recorded host.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct HostRow {
    /// Node name.
    pub hostname: String,
    /// Kernel release.
    pub kernel: String,
    /// `arm64` or `x86-64`.
    #[cfg_attr(test, schemars(extend("enum" = ["arm64", "x86-64"])))]
    pub architecture: &'static str,
    /// Name of the distribution.
    pub os: String,
}

/// The recording.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RecordingRow {
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// How long it took, in seconds; `None` when its end is missing.
    pub seconds: Option<f64>,
    /// How the recorded command ended; `None` when none was recorded.
    pub command: Option<CommandRow>,
    /// The recorder's version; `None` when the manifest is missing.
    pub tool_version: Option<String>,
    /// Size of the file, in bytes.
    pub bytes: usize,
}

/// How the recorded command ended.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct CommandRow {
    /// Its exit status.
    pub exit_status: Option<u8>,
    /// The signal that ended it.
    pub signal: Option<u8>,
}

/// A kind of failure that may be meant.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct IncidentRow {
    /// Index of the kind of failure: what `--failure` takes.
    pub failure: usize,
    /// Name of the syscall.
    pub syscall: String,
    /// Name of the errno.
    pub errno: String,
    /// Name of the program's thread that failed.
    pub process: String,
    /// Process id of the last failure that was recorded whole.
    pub pid: Option<u32>,
    /// Control group of that process.
    pub cgroup: Option<String>,
    /// Id of the container that it is in.
    pub container: Option<String>,
    /// Uid of the pod that it is in, with `_` for `-`.
    pub pod: Option<String>,
    /// systemd unit that it is in.
    pub unit: Option<String>,
    /// How often.
    pub count: u64,
    /// Whether the count is an estimate: see `failures`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    pub count_is_estimate: bool,
    /// Id of the most likely culprit.
    pub cause: Option<String>,
    /// How sure that is: `high`, `medium` or `low`.
    #[cfg_attr(test, schemars(extend("enum" = ["high", "medium", "low", null])))]
    pub confidence: Option<&'static str>,
    /// Why it is taken for the incident, the points of each reason in brackets.
    pub reasons: Vec<String>,
}

/// One kind of failure: a syscall, an errno, a program.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct FailureRow {
    /// Name of the syscall.
    pub syscall: String,
    /// Name of the errno.
    pub errno: String,
    /// What the C library says for it.
    pub error: &'static str,
    /// How often.
    pub count: u64,
    /// Whether the count is an estimate: it holds a share of the failures of processes that the recorder could not tell
    /// apart.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    pub count_is_estimate: bool,
    /// Name of the program's thread that failed.
    pub process: String,
    /// Process ids.
    pub pids: Vec<u32>,
    /// `suspicious`, `doubtful` or `normal`.
    #[cfg_attr(test, schemars(extend("enum" = ["suspicious", "doubtful", "normal"])))]
    pub class: &'static str,
    /// Seconds from the start of the recording to the first and the last one.
    pub first_s: f64,
    /// See `first_s`.
    pub last_s: f64,
    /// How much it stands out, in points.
    pub salience: i32,
    /// Id of the most likely culprit.
    pub cause: Option<String>,
    /// How sure that is: `high`, `medium` or `low`.
    #[cfg_attr(test, schemars(extend("enum" = ["high", "medium", "low", null])))]
    pub confidence: Option<&'static str>,
    /// One that was recorded whole.
    pub sample: Option<SampleRow>,
}

/// A failure that was recorded whole.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct SampleRow {
    /// Process id.
    pub pid: u32,
    /// Real user id.
    pub uid: u32,
    /// Argument registers, hexadecimal.
    pub arguments: Vec<String>,
    /// Arguments that are strings.
    pub paths: Vec<String>,
    /// The call as strace writes it.
    pub call: String,
}

/// Where an error began.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct OriginRow {
    /// The function that first returned the errno.
    pub function: String,
    /// What it returned.
    pub errno: String,
    /// The functions from the syscall's entry to the origin.
    pub path: Vec<String>,
    /// `place`, `return values`, `sentinel`, `return values and code`, `inferred` or `syscall itself`.
    #[cfg_attr(test, schemars(extend("enum" = ["place", "return values", "sentinel", "return values and code", "inferred", "syscall itself"])))]
    pub how: &'static str,
    /// Index of the kind of failure.
    pub failure: usize,
    /// Failures that were seen to begin there.
    pub failures: usize,
    /// The errno that the origin replaced by its own.
    pub translated: Option<TranslatedRow>,
    /// What the checks that the origin made told it.
    pub told: Vec<ToldRow>,
    /// The last functions that it called.
    pub called: Vec<String>,
    /// Whether the calls whose result it may have returned were watched: `watched`, `not all watched` (it makes such an errno
    /// itself, but may have been told it), `not watched` (it makes none: the error came from below it) or `not known`.
    #[cfg_attr(test, schemars(extend("enum" = ["watched", "not all watched", "not watched", "not known"])))]
    pub below: &'static str,
    /// Functions below it that were not watched.
    pub not_watched: Vec<String>,
    /// Why it said no.
    pub why: WhyRow,
}

/// Why a function returned an error: the check that decided, as its code has it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct WhyRow {
    /// In one line: the function, the condition with the recorded numbers, the error. `None` when no check is known.
    pub line: Option<String>,
    /// The checks that may have returned it; one where it is known which.
    pub checks: Vec<CheckRow>,
    /// What tells that it was these, of more that return this error: `code` (there are no more), `place` (a probe on the
    /// instruction that makes the error) or `numbers` (with those recorded the others pass, or are not reached).
    #[cfg_attr(test, schemars(extend("enum" = ["code", "place", "numbers"])))]
    pub told_by: &'static str,
    /// Whether no other way to the error is known in the function's code.
    pub are_all: bool,
    /// What it takes to say more and was not recorded, or is not followed in code.
    pub missing: Option<String>,
}

/// A check that returns an error.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct CheckRow {
    /// Address of the instruction that decides, relative to `_text`, hexadecimal.
    pub address: String,
    /// The condition under which the error is returned, as C with the recorded numbers put in.
    pub condition: String,
    /// What it compares.
    pub terms: Vec<TermRow>,
    /// Culprit ids of the limits among that.
    pub limits: Vec<String>,
    /// Whether the condition holds by the recorded numbers; `None` when not all of them were recorded.
    pub holds: Option<bool>,
}

/// A part of a comparison.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct TermRow {
    /// What it is, as C writes it.
    pub name: String,
    /// The number that was recorded of it.
    pub value: Option<u64>,
}

/// An errno from below the origin.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct TranslatedRow {
    /// Its name.
    pub errno: String,
    /// The functions from below the origin to the one that returned it first.
    pub path: Vec<String>,
}

/// What a function was told by one of its calls.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ToldRow {
    /// The function that was called.
    pub function: String,
    /// What it returned: an errno's name, `NULL`, `true`, `false`, a number, `pointer`.
    pub returned: String,
}

/// A ranked answer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct CulpritRow {
    /// Stable id, `class:name`.
    pub id: String,
    /// 0 to 100.
    pub score: u32,
    /// `high`, `medium` or `low`.
    #[cfg_attr(test, schemars(extend("enum" = ["high", "medium", "low"])))]
    pub confidence: &'static str,
    /// The explanation.
    pub summary: String,
    /// What speaks for it, the heaviest first.
    pub evidence: Vec<EvidenceRow>,
    /// What speaks against it.
    pub against: Vec<EvidenceRow>,
    /// What to do, the first one first, as text.
    pub remedy: Vec<String>,
    /// The same, and whether each is a command or advice.
    pub remedies: Vec<RemedyRow>,
    /// Use and limit, where measured.
    pub usage: Option<UsageRow>,
    /// What the kernel compared, where measured.
    pub comparison: Option<ComparisonRow>,
    /// Index of the kind of failure that it explains.
    pub failure: usize,
    /// The origin that it explains.
    pub origin: Option<String>,
    /// Ids of the culprits of the same kind of failure that as much speaks for.
    pub tied: Vec<String>,
}

/// A piece of evidence.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct EvidenceRow {
    /// `origin`, `code`, `usage`, `predicate`, `request`, `state` or `log`.
    #[cfg_attr(test, schemars(extend("enum" = ["origin", "code", "usage", "predicate", "request", "state", "log"])))]
    pub kind: &'static str,
    /// What it adds to the score.
    pub weight: i32,
    /// In words.
    pub text: String,
}

/// What to do.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RemedyRow {
    /// Whether `text` is a command that can be run, or advice.
    pub kind: RemedyKind,
    /// What a command is for.
    pub about: Option<String>,
    /// The command, or the advice.
    pub text: String,
}

/// Use and limit.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct UsageRow {
    /// What is used.
    pub used: u64,
    /// The limit.
    pub limit: u64,
}

/// What the kernel compared: `used + pending + asked RELATION limit`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ComparisonRow {
    /// The function that compares, where that is known.
    pub function: Option<String>,
    /// What is counted, in the plural.
    pub unit: &'static str,
    /// What is used.
    pub used: u64,
    /// What is counted beside it though it is not used yet.
    pub pending: Option<u64>,
    /// What the call asks for; `null` where the kernel compares before it adds.
    pub asked: Option<u64>,
    /// Whether the call may ask for more than that: its arguments do not say.
    pub asked_at_least: bool,
    /// How both are compared where the kernel refuses.
    #[cfg_attr(test, schemars(extend("enum" = [">", ">=", "<", "<=", "==", "!="])))]
    pub relation: &'static str,
    /// The limit; `null` for none.
    pub limit: Option<u64>,
    /// Whether the numbers are those with which the kernel refuses.
    pub refuses: bool,
    /// What sets the limit: `fs.mount-max`.
    pub setting: String,
    /// In words: `12 mounts + 2 asked for > 12`.
    pub text: String,
}

/// Something that is not the cause.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RuledOutRow {
    /// Culprit id.
    pub id: String,
    /// What was measured.
    pub text: String,
}

/// Something that is not in the recording.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct LossRow {
    /// `damage`, `not closed`, `unknown`, `not seen`, `dropped`, `bound` or `not restored`.
    #[cfg_attr(test, schemars(extend("enum" = ["damage", "not closed", "unknown", "not seen", "dropped", "bound", "not restored"])))]
    pub kind: &'static str,
    /// In words.
    pub text: String,
}
