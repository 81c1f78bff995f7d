//! The report as one self-contained HTML file: the answer, lists and tables as plain HTML that needs no script, and
//! data with a script for the views that one works with.
//!
//! Everything that comes from the recorded host is untrusted. Text is put in by `maud`, which escapes it; the data is
//! JSON in a block that no browser runs, and the script shows it by `textContent` alone. The content security policy
//! allows the file's own script and style, by their hashes, and no request to anywhere.

mod answer;
mod assets;
mod data;
mod lists;
mod tables;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    Report,
    answer::{Answer, provenance},
};
use crate::{diagnosis::Diagnosis, load::Bundle};

/// Writes the report of a bundle as an HTML page.
///
/// # Errors
/// The stream's.
pub fn write(
    out: &mut impl Write,
    bundle: &Bundle,
    diagnosis: &Diagnosis,
    report: &Report,
) -> io::Result<()> {
    let data = data::Data::new(bundle, diagnosis, report);
    let data = data::block(&data)?;
    let page = page(bundle, diagnosis, report, &data);
    out.write_all(page.into_string().as_bytes())
}

/// The page; `data` is JSON that holds no `<`.
fn page(bundle: &Bundle, diagnosis: &Diagnosis, report: &Report, data: &str) -> Markup {
    let answer = Answer::of(report);
    let assets = assets::Assets::new();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(assets.policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                title { (title(report, answer.as_ref())) }
                style { (PreEscaped(&assets.style)) }
            }
            body {
                a.skip href="#answer" { "Skip to the answer" }
                (navigation())
                main {
                    (answer::section(report, answer.as_ref()))
                    (lists::section(report, answer.as_ref()))
                    (views())
                    (tables::section(bundle, diagnosis, report))
                }
                footer { p { (provenance(report)) } p { "Made by etz from a recording; nothing in this file asks for anything outside of it." } }
                script id="data" type="application/json" { (PreEscaped(data)) }
                script { (PreEscaped(&assets.script)) }
            }
        }
    }
}

fn title(report: &Report, answer: Option<&Answer<'_>>) -> String {
    match answer {
        Some(answer) => {
            let row = answer.failure;
            let cause = answer.culprit.map_or("cause not known", |found| &found.id);
            format!("{} {} by {}: {cause}", row.syscall, row.errno, row.process)
        }
        None if report.recording.seconds.is_none() => "Cut recording: not known".into(),
        None => "Nothing suspicious failed".into(),
    }
}

fn navigation() -> Markup {
    let sections = [
        ("answer", "Answer"),
        ("graph", "Call graph"),
        ("call", "Failing call"),
        ("timeline", "Timeline"),
        ("snapshots", "Snapshots"),
        ("tables", "Tables"),
    ];
    html! {
        nav aria-label="Sections" {
            strong.brand { "etz" }
            ul {
                @for (id, name) in sections {
                    li { a href={ "#" (id) } { (name) } }
                }
            }
            button #theme type="button" hidden { "Dark" }
        }
    }
}

/// Where the script puts its views. Without a script one line says so.
fn views() -> Markup {
    let views = [
        ("graph", "Call graph"),
        ("call", "Failing call"),
        ("timeline", "Timeline of failures"),
        ("snapshots", "Snapshots"),
    ];
    html! {
        noscript { p.note { "Call graph, failing call, timeline and snapshots need JavaScript. The answer and the tables do not." } }
        @for (id, name) in views {
            section.view id=(id) hidden aria-labelledby={ (id) "-title" } {
                h2 id={ (id) "-title" } { (name) }
                div.body {}
            }
        }
    }
}
