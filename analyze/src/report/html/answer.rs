//! The answer on top: what fails, who is to blame, where the kernel said no, what to do.

use maud::{Markup, html};

use crate::report::{
    ComparisonRow, CulpritRow, FailureRow, OriginRow, RemedyRow, Report, UsageRow, WhyRow,
    answer::{Answer, CUT, NO_CULPRIT, NO_ORIGIN, times},
};
use crate::rules::RemedyKind;

pub(super) fn section(report: &Report, answer: Option<&Answer<'_>>) -> Markup {
    html! {
        section #answer aria-label="Answer" {
            @match answer {
                Some(answer) => {
                    (headline(answer))
                    @if let Some(command) = report.recording.command { p.under { (command.line()) } }
                    @if report.recording.seconds.is_none() { p.warn { (CUT) } }
                    dl.answer {
                        dt { "Cause" }
                        dd { (cause(answer.culprit)) }
                        dt { "Said no" }
                        dd { (origin(answer.origin)) }
                        @if let Some(origin) = answer.origin {
                            dt { "Why" }
                            dd { (why(&origin.why)) }
                        }
                        @if let Some(culprit) = answer.culprit.filter(|found| !found.remedy.is_empty()) {
                            dt { "Remedy" }
                            dd { (remedy(culprit)) }
                        }
                    }
                }
                None => {
                    @if report.recording.seconds.is_some() {
                        h1 { "Nothing to blame" }
                        p.good { (Answer::nothing(report)) }
                    } @else {
                        h1 { "Not known: the recording was cut" }
                        p.warn { (Answer::nothing(report).trim_start_matches("Not known: ")) }
                    }
                }
            }
        }
    }
}

fn headline(answer: &Answer<'_>) -> Markup {
    let FailureRow {
        syscall,
        errno,
        error,
        process,
        ..
    } = answer.failure;
    html! {
        h1 { code { (process) } ": " code { (syscall) } " fails with " code.bad { (errno) } }
        p.under {
            (error) ", " (times(answer.failure))
            @for (number, path) in answer.paths().enumerate() {
                @if number == 0 { "; for example on " } @else { ", " }
                code.path { (path) }
            }
        }
        @if let Some(victim) = answer.victim() { p.under { (victim) } }
    }
}

fn cause(culprit: Option<&CulpritRow>) -> Markup {
    let Some(culprit) = culprit else {
        return html! { p.warn { (NO_CULPRIT) } };
    };
    html! {
        p.cause {
            code.id { (culprit.id) }
            @if let (Some(usage), Some(found)) = (culprit.usage, &culprit.comparison) { (meter(usage, found)) }
            (confidence(culprit))
        }
        p { (culprit.summary) }
        @if let Some(tie) = culprit.tie() { p.warn { (tie) } }
    }
}

/// How full a limit is, in words and as a bar.
fn meter(usage: UsageRow, found: &ComparisonRow) -> Markup {
    const WIDTH: u64 = 72;
    let UsageRow { used, limit } = usage;
    let share = u128::from(used) * u128::from(WIDTH) / u128::from(limit.max(1));
    let filled = share.min(u128::from(WIDTH));
    html! {
        span.meter {
            svg width=(WIDTH) height="8" aria-hidden="true" {
                rect.rail width=(WIDTH) height="8" rx="2" {}
                rect.fill width=(filled) height="8" rx="2" {}
            }
            span { strong { (found.text) } }
        }
    }
}

pub(super) fn confidence(culprit: &CulpritRow) -> Markup {
    html! {
        span class={ "badge " (culprit.confidence) } { "confidence " (culprit.confidence) }
    }
}

fn origin(origin: Option<&OriginRow>) -> Markup {
    let Some(origin) = origin else {
        return html! { p.warn { (NO_ORIGIN) } };
    };
    let answers = origin.answers();
    html! {
        p {
            code.strong { (origin.function) } (origin.or_below()) " returned " code.bad { (origin.errno) }
            span.quiet { " (" (origin.way()) ")" }
        }
        @if origin.path.len() > 1 { (path(&origin.path)) }
        @if let Some(told) = origin.or_told() { p.quiet { (told) } }
        @if !answers.is_empty() { p.quiet { "before that, " (answers.join(", ")) } }
        @if let Some(inner) = &origin.translated {
            p.quiet { "it was told " code { (inner.errno) } " by" }
            (path(&inner.path))
        }
    }
}

/// The check that decided.
fn why(why: &WhyRow) -> Markup {
    html! {
        @match &why.line {
            Some(line) => {
                p { code.path { (line) } }
                @if let Some(remark) = why.remark() { p.quiet { (remark) } }
            }
            None => p.quiet { (why.not_known()) },
        }
    }
}

/// Functions from the outermost to the innermost.
pub(super) fn path(functions: &[String]) -> Markup {
    html! {
        ol.path {
            @for function in functions { li { code { (function) } } }
        }
    }
}

/// The first remedy is to be tried first; the script adds a button to commands that copies them.
fn remedy(culprit: &CulpritRow) -> Markup {
    html! {
        ul.remedy {
            @for (number, one) in culprit.remedies.iter().enumerate() {
                li.first[number == 0] { span { (act(one)) } }
            }
        }
    }
}

/// A command as code, behind what it is for; advice as the sentence that it is.
pub(super) fn act(remedy: &RemedyRow) -> Markup {
    html! {
        @match remedy.kind {
            RemedyKind::Command => {
                @if let Some(about) = &remedy.about { (about) ": " }
                code { (remedy.text) }
            }
            RemedyKind::Advice => (remedy.text),
        }
    }
}
