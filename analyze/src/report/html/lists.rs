//! What the answer rests on, what else it could be, what it is not, and what could not be seen.

use maud::{Markup, html};

use super::answer::{act, confidence};
use crate::report::{CulpritRow, EvidenceRow, Report, answer::Answer};

pub(super) fn section(report: &Report, answer: Option<&Answer<'_>>) -> Markup {
    let runners_up = Answer::runners_up(report);
    html! {
        div.columns {
            @if let Some(culprit) = answer.and_then(|answer| answer.culprit) {
                section aria-label="Evidence" {
                    h2 { "Evidence" }
                    (evidence(culprit))
                }
            }
            @if !report.ruled_out.is_empty() {
                section aria-label="Ruled out" {
                    h2 { "Ruled out" }
                    ul.marks {
                        @for row in &report.ruled_out {
                            li.out { code { (row.id) } " " (row.text) }
                        }
                    }
                }
            }
            @if !runners_up.is_empty() {
                section aria-label="Less likely" {
                    h2 { "Less likely" }
                    @for culprit in runners_up { (runner_up(culprit)) }
                }
            }
            @if !report.losses.is_empty() {
                section aria-label="Not in the recording" {
                    h2 { "Not in the recording" }
                    ul.marks {
                        @for row in &report.losses { li.loss { (loss(&row.text)) } }
                    }
                }
            }
        }
    }
}

/// A loss; what names many things is folded up.
fn loss(text: &str) -> Markup {
    const LONG: usize = 140;
    let mut words = text.char_indices().filter(|(_, it)| *it == ' ');
    let cut = words.find(|&(at, _)| at > LONG).map(|(at, _)| at);
    html! {
        @match cut {
            Some(cut) => details {
                summary { (text[..cut].trim_end_matches(',')) " …" }
                (text[cut..].trim_start())
            },
            None => (text),
        }
    }
}

fn evidence(culprit: &CulpritRow) -> Markup {
    let row = |row: &EvidenceRow, class: &str| {
        html! {
            li class=(class) { (row.text) " " span.quiet title="What it adds to the score" { (format!("{:+}", row.weight)) } }
        }
    };
    html! {
        ul.marks {
            @for found in &culprit.evidence { (row(found, "for")) }
            @for found in &culprit.against { (row(found, "against")) }
        }
    }
}

fn runner_up(culprit: &CulpritRow) -> Markup {
    html! {
        details {
            summary {
                code.id { (culprit.id) } " " (confidence(culprit))
                " " span.quiet { "score " (culprit.score) }
            }
            p { (culprit.summary) }
            (evidence(culprit))
            @for remedy in &culprit.remedies { p { (act(remedy)) } }
        }
    }
}
