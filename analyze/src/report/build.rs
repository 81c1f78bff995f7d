//! The report of a diagnosis.

use std::time::{Duration, UNIX_EPOCH};

use format_spec::{
    linux::wait,
    record::{Architecture, Failure},
};

use super::model::{
    CommandRow, ComparisonRow, CulpritRow, EvidenceRow, FailureRow, HostRow, IncidentRow, LossRow,
    OriginRow, RecordingRow, RemedyRow, Report, RuledOutRow, SampleRow, ToldRow, TranslatedRow,
    UsageRow, WhyRow,
};
use crate::{
    culprit::{Culprit, Evidence, is_check},
    diagnosis::{Diagnosis, Incident},
    failures::Group,
    graph::Outcome,
    incident::Residence,
    limits::{Asked, Comparison},
    load::Bundle,
    names::{base_name, errno_name, errno_text},
    origin::Origin,
    rules::Remedy,
    text::plain,
    view::trace::call,
    why::Why,
};

const SCHEMA: &str = "etz-report/1";

impl Report {
    /// Puts the report of a bundle together.
    #[must_use]
    pub fn new(bundle: &Bundle, diagnosis: &Diagnosis) -> Self {
        let start_ns = start_ns(bundle, diagnosis);
        let failure = |(index, group): (usize, &Group)| FailureRow {
            salience: diagnosis.saliences.get(index).map_or(0, |one| one.points),
            cause: cause(diagnosis, index),
            confidence: confidence(diagnosis, index),
            ..failure(bundle, group, start_ns)
        };
        let mut origins: Vec<(&(usize, Origin), &Why)> =
            diagnosis.origins.iter().zip(&diagnosis.whys).collect();
        let first = diagnosis.culprits.first();
        origins.sort_by_key(|((index, origin), _)| {
            let blamed = first.is_some_and(|culprit| {
                culprit.failure == *index && culprit.origin.as_ref() == Some(&origin.function)
            });
            (!blamed, Some(*index) != diagnosis.subject)
        });
        let incidents = diagnosis.incidents.iter();
        let loss = |loss: &crate::load::Loss| LossRow {
            kind: loss.kind.name(),
            text: plain(loss.text.as_bytes()),
        };
        Self {
            schema: SCHEMA,
            host: host(bundle),
            recording: recording(bundle, start_ns),
            incidents: incidents
                .filter_map(|one| incident(diagnosis, one))
                .collect(),
            failures: diagnosis.failures.iter().enumerate().map(failure).collect(),
            origins: origins
                .into_iter()
                .map(|((index, found), why)| origin(*index, found, why))
                .collect(),
            culprits: diagnosis.culprits.iter().map(culprit).collect(),
            ruled_out: diagnosis
                .ruled_out
                .iter()
                .map(|out| RuledOutRow {
                    id: out.id.clone(),
                    text: plain(out.text.as_bytes()),
                })
                .collect(),
            losses: bundle.losses.iter().map(loss).collect(),
        }
    }
}

/// When recording began, nanoseconds of CLOCK_MONOTONIC; without a manifest, when something first failed.
pub(super) fn start_ns(bundle: &Bundle, diagnosis: &Diagnosis) -> u64 {
    let first = || diagnosis.failures.iter().map(|group| group.first_ns).min();
    let manifest = bundle
        .manifest
        .as_ref()
        .map(|manifest| manifest.clocks.monotonic_ns);
    manifest.or_else(first).unwrap_or(0)
}

fn seconds(from_ns: u64, to_ns: u64) -> f64 {
    Duration::from_nanos(to_ns.saturating_sub(from_ns)).as_secs_f64()
}

fn host(bundle: &Bundle) -> Option<HostRow> {
    let host = &bundle.manifest.as_ref()?.host;
    Some(HostRow {
        hostname: plain(host.hostname.as_bytes()),
        kernel: plain(host.kernel_release.as_bytes()),
        architecture: match host.architecture {
            Architecture::Aarch64 => "arm64",
            Architecture::X86_64 => "x86-64",
        },
        os: plain(host.os_release.as_bytes()),
    })
}

fn recording(bundle: &Bundle, start_ns: u64) -> RecordingRow {
    let realtime_ns = bundle
        .manifest
        .as_ref()
        .map_or(bundle.file.created_ns, |manifest| {
            manifest.clocks.realtime_ns
        });
    // humantime writes years up to 9999: a damaged clock is clipped.
    let most = Duration::from_secs(253_402_300_799);
    let since = Duration::from_nanos(realtime_ns).min(most);
    RecordingRow {
        started: humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string(),
        seconds: bundle
            .closing
            .as_ref()
            .map(|closing| seconds(start_ns, closing.ended_ns)),
        command: bundle
            .closing
            .as_ref()
            .and_then(|closing| closing.command_status)
            .map(command),
        tool_version: bundle
            .manifest
            .as_ref()
            .map(|manifest| plain(manifest.tool_version.as_bytes())),
        bytes: bundle.file.len,
    }
}

fn incident(diagnosis: &Diagnosis, incident: &Incident) -> Option<IncidentRow> {
    let index = incident.failure;
    let group = diagnosis.failures.get(index)?;
    let Residence {
        cgroup,
        container,
        pod,
        unit,
    } = incident.residence.clone();
    let reasons = diagnosis
        .saliences
        .get(index)
        .map(|one| one.reasons.clone());
    Some(IncidentRow {
        failure: index,
        syscall: group.syscall_name.clone(),
        errno: group.errno_name(),
        process: plain(&group.comm),
        pid: incident.process,
        cgroup,
        container,
        pod,
        unit,
        count: group.count,
        count_is_estimate: group.is_estimate,
        cause: cause(diagnosis, index),
        confidence: confidence(diagnosis, index),
        reasons: reasons.unwrap_or_default(),
    })
}

fn cause(diagnosis: &Diagnosis, index: usize) -> Option<String> {
    let cause = diagnosis.causes.get(index)?.as_ref()?;
    Some(plain(cause.id.as_bytes()))
}

fn confidence(diagnosis: &Diagnosis, index: usize) -> Option<&'static str> {
    let cause = diagnosis.causes.get(index)?.as_ref()?;
    Some(cause.confidence.name())
}

fn command(status: i32) -> CommandRow {
    CommandRow {
        exit_status: wait::exit_status(status),
        signal: wait::signal(status),
    }
}

fn failure(bundle: &Bundle, group: &Group, start_ns: u64) -> FailureRow {
    FailureRow {
        syscall: group.syscall_name.clone(),
        errno: group.errno_name(),
        error: errno_text(group.errno),
        count: group.count,
        count_is_estimate: group.is_estimate,
        process: plain(&group.comm),
        pids: group.processes.iter().copied().collect(),
        class: group.class.name(),
        first_s: seconds(start_ns, group.first_ns),
        last_s: seconds(start_ns, group.last_ns),
        salience: 0,
        cause: None,
        confidence: None,
        sample: group
            .failures(bundle)
            .last()
            .map(|failure| sample(bundle, failure)),
    }
}

fn sample(bundle: &Bundle, failure: &Failure) -> SampleRow {
    SampleRow {
        pid: failure.tgid,
        uid: failure.uid,
        arguments: failure
            .args
            .iter()
            .map(|argument| format!("{argument:#x}"))
            .collect(),
        paths: failure
            .paths
            .iter()
            .map(|path| plain(&path.bytes))
            .collect(),
        call: call(bundle, failure),
    }
}

fn origin(index: usize, origin: &Origin, why: &Why) -> OriginRow {
    let plain_all = |names: &[String]| names.iter().map(|name| plain(name.as_bytes())).collect();
    OriginRow {
        function: plain(origin.function.as_bytes()),
        errno: errno_name(origin.errno),
        path: plain_all(&origin.path),
        how: origin.how.name(),
        failure: index,
        failures: origin.failures,
        translated: origin.translated.as_ref().map(|inner| TranslatedRow {
            errno: errno_name(inner.errno),
            path: plain_all(&inner.path),
        }),
        told: origin
            .told
            .iter()
            .filter(|told| is_check(base_name(&told.function)))
            .map(|told| ToldRow {
                function: plain(told.function.as_bytes()),
                returned: returned(told.outcome),
            })
            .collect(),
        called: plain_all(&origin.called),
        below: origin.below.name(),
        not_watched: plain_all(origin.below.not_watched()),
        why: WhyRow::new(why),
    }
}

fn returned(outcome: Outcome) -> String {
    match outcome {
        Outcome::Error(errno) => errno_name(errno),
        Outcome::Null => "NULL".into(),
        Outcome::Truth(truth) => truth.to_string(),
        Outcome::Value(value) => value.to_string(),
        Outcome::Pointer => "pointer".into(),
    }
}

fn culprit(culprit: &Culprit) -> CulpritRow {
    let evidence = |evidence: &Evidence| EvidenceRow {
        kind: evidence.kind.name(),
        weight: evidence.weight,
        text: plain(evidence.text.as_bytes()),
    };
    CulpritRow {
        id: plain(culprit.id.as_bytes()),
        score: culprit.score,
        confidence: culprit.confidence.name(),
        summary: plain(culprit.summary.as_bytes()),
        evidence: culprit.evidence.iter().map(evidence).collect(),
        against: culprit.against.iter().map(evidence).collect(),
        remedy: culprit.remedy.iter().map(remedy_text).collect(),
        remedies: culprit.remedy.iter().map(remedy_row).collect(),
        usage: culprit.usage.as_ref().and_then(usage),
        comparison: culprit.usage.as_ref().map(comparison),
        failure: culprit.failure,
        origin: culprit
            .origin
            .as_ref()
            .map(|origin| plain(origin.as_bytes())),
        tied: culprit.tied.iter().map(|id| plain(id.as_bytes())).collect(),
    }
}

fn usage(of: &Comparison) -> Option<UsageRow> {
    let limit = of.limit.as_ref()?.value;
    let pending = of.pending.as_ref().map_or(0, |pending| pending.value);
    let used = of.used.value.saturating_add(pending);
    Some(UsageRow { used, limit })
}

fn comparison(of: &Comparison) -> ComparisonRow {
    ComparisonRow {
        function: of.function.as_ref().map(|name| plain(name.as_bytes())),
        unit: of.unit.name(),
        used: of.used.value,
        pending: of.pending.as_ref().map(|pending| pending.value),
        asked: of.asked.map(Asked::least),
        asked_at_least: matches!(of.asked, Some(Asked::AtLeast(_))),
        relation: of.relation.sign(),
        limit: of.limit.as_ref().map(|limit| limit.value),
        refuses: of.refuses(),
        setting: plain(of.setting.as_bytes()),
        text: plain(of.numbers().as_bytes()),
    }
}

fn remedy_text(remedy: &Remedy) -> String {
    plain(remedy.to_string().as_bytes())
}

fn remedy_row(remedy: &Remedy) -> RemedyRow {
    let about = remedy.about.as_ref();
    RemedyRow {
        kind: remedy.kind,
        about: about.map(|about| plain(about.as_bytes())),
        text: plain(remedy.text.as_bytes()),
    }
}
