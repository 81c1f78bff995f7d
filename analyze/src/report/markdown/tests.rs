//! What the Markdown of a made-up incident says, and that nothing hostile gets out of its code.

use crate::report::{Report, tests::incident};

fn markdown(report: &Report) -> String {
    let mut out = Vec::new();
    super::write(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

fn report(recording: &crate::testing::Recording) -> Report {
    let bundle = recording.load();
    Report::new(&bundle, &crate::diagnosis::diagnose(&bundle))
}

#[test]
fn the_answer_is_in_the_open_and_the_rest_is_folded() {
    let text = markdown(&report(&incident()));
    let folded = text.find("<details>").unwrap();
    for open in [
        "fails with `ENOSPC`",
        "**Said no:** `count_mounts` returned `ENOSPC`",
        "**Cause:**",
    ] {
        assert!(text.find(open).unwrap() < folded, "{open}: {text}");
    }
    assert!(
        text[folded..].contains("| 1 | `openat` | `ENOENT` | `sh` | normal |"),
        "{text}"
    );
    assert_eq!(
        text.matches("<details>").count(),
        text.matches("</details>").count()
    );
}

#[test]
fn a_ticket_takes_it_whatever_was_recorded() {
    let mut recording = incident();
    for number in 0..3000u32 {
        let comm = format!("program{number}");
        recording.fail(number % 300, 1, &comm, 70_000_000);
    }
    let text = markdown(&report(&recording));
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("more: `analyze --json` writes them all"));
}

#[test]
fn hostile_names_stay_code() {
    let mut recording = incident();
    let hostile = "</details><script>alert(1)</script> @root `x` | [y](z)";
    for row in &mut recording.counts {
        row.comm = hostile.into();
    }
    for row in &mut recording.failures {
        row.comm = hostile.into();
    }
    recording.failures[0].paths[0].bytes = b"/<img src=x onerror=alert(1)>".to_vec();
    let text = markdown(&report(&recording));
    let outside = without_code(&text);
    for mark in ["<script", "<img", "@root", "[y]"] {
        assert!(text.contains(mark), "{mark} is not in it at all: {text}");
        assert!(!outside.contains(mark), "{mark} is not in code: {text}");
    }
    assert_eq!(
        outside.matches("</details>").count(),
        outside.matches("<details>").count()
    );
}

/// The text without its code spans, by the rule of CommonMark: a span ends at a run of as many backticks as it began
/// with.
fn without_code(text: &str) -> String {
    let mut outside = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        rest = &rest[start..];
        let run = rest.len() - rest.trim_start_matches('`').len();
        let inside = &rest[run..];
        let mut at = 0;
        let end = loop {
            let Some(found) = inside[at..].find('`') else {
                break None;
            };
            let ticks =
                inside[at + found..].len() - inside[at + found..].trim_start_matches('`').len();
            if ticks == run {
                break Some(at + found + run);
            }
            at += found + ticks;
        };
        let Some(end) = end else {
            outside.push_str(&rest[..run]);
            rest = inside;
            continue;
        };
        rest = &inside[end..];
    }
    outside + rest
}
