//! The full tables.

use maud::{Markup, html};

use crate::{
    diagnosis::Diagnosis,
    limits::{self, LimitUse},
    load::Bundle,
    report::{FailureRow, OriginRow, Report},
    text::plain,
};

/// Rows of a table; a page has to be opened by a browser.
const MAX_ROWS: usize = 1000;

pub(super) fn section(bundle: &Bundle, diagnosis: &Diagnosis, report: &Report) -> Markup {
    html! {
        section #tables aria-labelledby="tables-title" {
            h2 #tables-title { "Tables" }
            (failures(report))
            (origins(report))
            (limit_uses(bundle, diagnosis))
            (facts(bundle, diagnosis))
            (recording(bundle, report))
        }
    }
}

fn failures(report: &Report) -> Markup {
    let heads = [
        ("#", true),
        ("Count", true),
        ("Syscall", false),
        ("Error", false),
        ("Process", false),
        ("Cause", false),
        ("Pids", false),
        ("Class", false),
        ("First, s", true),
        ("Last, s", true),
        ("Example", false),
    ];
    let row = |(index, row): (usize, &FailureRow)| {
        html! {
            tr class=(row.class) {
                td.number { (index) }
                td.number { (row.count()) }
                td { code { (row.syscall) } }
                td { code title=(row.error) { (row.errno) } }
                td { code { (row.process) } }
                td { @if !row.is_normal() { (row.verdict()) } }
                td.pids { (some(&row.pids)) }
                td { (row.class) }
                td.number { (format!("{:.3}", row.first_s)) }
                td.number { (format!("{:.3}", row.last_s)) }
                td { (example(row)) }
            }
        }
    };
    html! {
        details open {
            summary { h3 { "Failures" } " " span.quiet { (report.failures.len()) " kinds" } }
            (table("failures", &heads, report.failures.iter().enumerate().take(MAX_ROWS).map(row)))
            (beyond(report.failures.len()))
        }
    }
}

/// What is said below a table that is cut.
fn beyond(rows: usize) -> Markup {
    html! {
        @if rows > MAX_ROWS {
            p.quiet { "and " (rows - MAX_ROWS) " more, less suspicious ones: " code { "analyze --json" } " writes them all" }
        }
    }
}

/// The first few of a list.
fn some(pids: &[u32]) -> String {
    const MOST: usize = 3;
    let shown: Vec<String> = pids.iter().take(MOST).map(ToString::to_string).collect();
    match pids.len().saturating_sub(MOST) {
        0 => shown.join(" "),
        more => format!("{} and {more} more", shown.join(" ")),
    }
}

fn example(row: &FailureRow) -> Markup {
    html! {
        @if let Some(sample) = &row.sample {
            code.path { (sample.call) }
        }
    }
}

fn origins(report: &Report) -> Markup {
    let heads = [
        ("Function", false),
        ("Returned", false),
        ("Of", false),
        ("Seen", true),
        ("How", false),
        ("Path", false),
        ("Why", false),
    ];
    let row = |row: &OriginRow| {
        let failure = report.failures.get(row.failure);
        html! {
            tr {
                td { code { (row.function) } }
                td { code { (row.errno) } }
                td { @if let Some(failure) = failure { code { (failure.syscall) } " by " code { (failure.process) } } }
                td.number { (row.failures) }
                td { (row.how) }
                td { code.path { (row.path.join(" › ")) } }
                td { @if let Some(line) = &row.why.line { code.path { (line) } } }
            }
        }
    };
    html! {
        @if !report.origins.is_empty() {
            details {
                summary { h3 { "Origins" } " " span.quiet { "where each error began" } }
                (table("origins", &heads, report.origins.iter().map(row)))
            }
        }
    }
}

fn limit_uses(bundle: &Bundle, diagnosis: &Diagnosis) -> Markup {
    let group = diagnosis
        .subject
        .and_then(|index| diagnosis.failures.get(index));
    let failure = group.and_then(|group| group.failures(bundle).last());
    let mut rows = limits::table(bundle, failure);
    rows.sort_by_key(|row| std::cmp::Reverse(permille(row)));
    let heads = [
        ("Full, %", true),
        ("Limit", false),
        ("Used", true),
        ("Of", true),
        ("Counted", false),
        ("Where", false),
    ];
    let row = |row: &LimitUse| {
        let full = permille(row);
        html! {
            tr.full[full >= Some(900)] {
                td.number { @if let Some(full) = full { (full / 10) "." (full % 10) } }
                td { code { (plain(row.id.as_bytes())) } }
                td.number { (row.used()) }
                td.number { @match row.limit() { Some(limit) => (limit), None => "unlimited" } }
                td { (row.unit().name()) }
                td { (plain(row.scope.as_bytes())) " " span.quiet { (row.source) } }
            }
        }
    };
    html! {
        @if !rows.is_empty() {
            details open[rows.len() <= 12] {
                summary { h3 { "Limits" } " " span.quiet { (rows.len()) " measured for the failing task" } }
                (table("limits", &heads, rows.iter().map(row)))
            }
        }
    }
}

/// How full a limit is, in thousandths; `None` without a limit.
fn permille(row: &LimitUse) -> Option<u128> {
    let limit = u128::from(row.limit()?);
    Some(u128::from(row.used()) * 1000 / limit.max(1))
}

fn facts(bundle: &Bundle, diagnosis: &Diagnosis) -> Markup {
    let group = diagnosis
        .subject
        .and_then(|index| diagnosis.failures.get(index));
    let Some(failure) = group.and_then(|group| group.failures(bundle).last()) else {
        return html! {};
    };
    let heads = [
        ("Fact", false),
        ("Value", true),
        ("Read from the failing task by", false),
    ];
    let rows = failure.facts.iter().filter_map(|&(id, value)| {
        let fact = bundle.facts.get(&id)?;
        Some(html! {
            tr {
                td { code { (plain(fact.name.as_bytes())) } }
                td.number { (value) }
                td { code.quiet { (plain(fact.path.as_bytes())) } }
            }
        })
    });
    html! {
        details {
            summary { h3 { "Facts of the failing moment" } " " span.quiet { (failure.facts.len()) " numbers, process " (failure.tgid) } }
            (table("facts", &heads, rows))
        }
    }
}

fn recording(bundle: &Bundle, report: &Report) -> Markup {
    let manifest = bundle.manifest.as_ref();
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(host) = &report.host {
        rows.push(("Host", host.hostname.clone()));
        rows.push(("Kernel", format!("{} {}", host.kernel, host.architecture)));
        rows.push(("System", host.os.clone()));
    }
    if let Some(host) = manifest.map(|manifest| &manifest.host) {
        rows.push(("Processors", host.cpus.to_string()));
        rows.push(("Memory", crate::text::bytes(host.memory_bytes)));
    }
    rows.push(("Recorded", report.recording.started.clone()));
    let length = report.recording.seconds;
    rows.push((
        "Length",
        length.map_or_else(|| "cut".into(), |length| format!("{length:.1} s")),
    ));
    rows.push((
        "Recorder",
        report.recording.tool_version.clone().unwrap_or_default(),
    ));
    if let Some(manifest) = manifest {
        let line = manifest.command_line.join(" ");
        rows.push(("Command", plain(line.as_bytes())));
    }
    rows.push(("Bundle", crate::text::bytes(bundle.file.len as u64)));
    html! {
        details {
            summary { h3 { "Recording" } }
            div.scroll tabindex="0" role="region" aria-label="Recording" {
                table {
                    tbody {
                        @for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
                            tr { th scope="row" { (name) } td { (value) } }
                        }
                    }
                }
            }
        }
    }
}

/// A table; of each column its head, and whether it holds numbers. The script lets its heads sort it.
fn table(name: &str, heads: &[(&str, bool)], rows: impl Iterator<Item = Markup>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(name) {
            table.sortable {
                thead {
                    tr {
                        @for (head, number) in heads { th.number[*number] scope="col" { (head) } }
                    }
                }
                tbody { @for row in rows { (row) } }
            }
        }
    }
}
