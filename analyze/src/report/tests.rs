//! The report on a made-up incident: what it says, and that nothing hostile gets through.

use format_spec::record::Phase;
use proptest::prelude::*;

use super::*;
use crate::{diagnosis::diagnose, testing::Recording};

pub(super) fn incident() -> Recording {
    let mut recording = Recording::new();
    recording.fail(40, 28, "dock\x1b[31merd", 50_000_000);
    recording.path(1, "/mnt/\x07target");
    recording.fail(56, 2, "sh", 60_000_000);
    recording.snapshot(Phase::Start, 10, &[("/proc/sys/fs/mount-max", "31\n")]);
    let kernel = &mut recording.kernel;
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.returned("count_mounts", -28);
    kernel.leave_with("__arm64_sys_mount", Some(-28));
    kernel.syscall_exit(40, -28);
    recording.take_events(1);
    recording
}

fn report(recording: &Recording) -> Report {
    let bundle = recording.load();
    Report::new(&bundle, &diagnose(&bundle))
}

fn terminal(report: &Report, options: Options) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    write(&mut out, report, options).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}

#[test]
fn json_follows_the_contract() {
    let json = serde_json::to_value(report(&incident())).unwrap();
    assert_eq!(json["schema"], "etz-report/1");
    assert_eq!(json["failures"][0]["syscall"], "mount");
    assert_eq!(json["failures"][0]["errno"], "ENOSPC");
    assert_eq!(json["failures"][0]["error"], "No space left on device");
    assert_eq!(json["failures"][0]["count"], 1);
    assert_eq!(json["failures"][1]["class"], "normal");
    assert_eq!(json["origins"][0]["function"], "count_mounts");
    assert_eq!(
        json["origins"][0]["path"],
        serde_json::json!(["__arm64_sys_mount", "count_mounts"])
    );
    assert_eq!(json["origins"][0]["how"], "return values");
    assert_eq!(json["origins"][0]["below"], "not known");
    for list in ["culprits", "ruled_out", "losses"] {
        assert!(json[list].is_array(), "{list}");
    }
}

/// `UPDATE=1 cargo test -p analyze published` writes the schema anew.
#[test]
fn the_published_schema_is_that_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/report.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), schema);
}

#[test]
fn the_answer_stands_in_the_first_screen() {
    let text = terminal(&report(&incident()), Options::default());
    let screen: Vec<&str> = text.lines().take(24).collect();
    assert!(screen[0].contains("mount fails with ENOSPC (No space left on device), once"));
    assert!(
        screen
            .iter()
            .any(|line| line.starts_with("Said no   count_mounts"))
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn nothing_that_a_terminal_obeys_gets_through() {
    let text = terminal(
        &report(&incident()),
        Options {
            verbose: true,
            ..Options::default()
        },
    );
    assert!(
        text.chars()
            .all(|character| character == '\n' || !character.is_control())
    );
    assert!(text.contains("dock\\u{1b}[31merd") && text.contains("/mnt/\\u{7}target"));
}

#[test]
fn an_answer_from_a_cut_recording_says_that_it_is_cut() {
    let mut recording = incident();
    recording.closing = None;
    let cut = report(&recording);
    let bundle = recording.load();
    let said = terminal(&cut, Options::default());
    let (mut page, mut ticket) = (Vec::new(), Vec::new());
    write_html(&mut page, &bundle, &diagnose(&bundle), &cut).unwrap();
    write_markdown(&mut ticket, &cut).unwrap();
    for text in [said.into_bytes(), page, ticket] {
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("The recording was cut: counts are too low"));
    }
}

#[test]
fn a_repaired_recording_is_still_cut() {
    let mut recording = Recording::new();
    recording.fail(56, 2, "sh", 60_000_000);
    recording.closing = None;
    let bytes = recording.bytes();
    let reader = format_spec::Reader::new(&bytes).unwrap();
    let mut repaired = Vec::new();
    crate::file::repair(&bytes, &reader, &mut repaired).unwrap();
    let bundle = crate::load::load(&repaired).unwrap();
    let report = Report::new(&bundle, &diagnose(&bundle));
    let said = terminal(&report, Options::default());
    assert!(
        said.starts_with("Not known: the recording was cut"),
        "{said}"
    );
    assert_eq!(report.losses[0].kind, "not closed");
}

/// The report as text for a terminal, as HTML and as Markdown.
fn in_every_form(recording: &Recording, report: &Report) -> [String; 3] {
    let bundle = recording.load();
    let (mut page, mut ticket) = (Vec::new(), Vec::new());
    write_html(&mut page, &bundle, &diagnose(&bundle), report).unwrap();
    write_markdown(&mut ticket, report).unwrap();
    let [page, ticket] = [page, ticket].map(|bytes| String::from_utf8(bytes).unwrap());
    [terminal(report, Options::default()), page, ticket]
}

#[test]
fn what_is_not_known_for_sure_is_said_in_every_form() {
    let recording = incident();
    let mut report = report(&recording);
    report.origins[0].below = "not watched";
    report.culprits.truncate(1);
    report.culprits[0].tied = vec!["sysctl:fs.other-max".into()];
    for text in in_every_form(&recording, &report) {
        assert!(text.contains(", or something below it that was not watched,"));
        assert!(text.contains("speaks as much for"), "{text}");
        assert!(text.contains("sysctl:fs.other-max"), "{text}");
    }
}

#[test]
fn what_an_origin_may_have_been_told_is_said_in_every_form() {
    let recording = incident();
    let mut report = report(&recording);
    report.origins[0].below = "not all watched";
    report.origins[0].not_watched = vec!["security_mount".into()];
    for text in in_every_form(&recording, &report) {
        assert!(!text.contains("or something below it"), "{text}");
        assert!(text.contains("or it was told so from below"), "{text}");
    }
}

#[test]
fn a_quiet_recording_is_said_to_be_quiet() {
    let mut recording = Recording::new();
    assert!(terminal(&report(&recording), Options::default()).contains("No syscall failed"));
    let closing = recording.closing.take();
    assert!(terminal(&report(&recording), Options::default()).contains("the recording was cut"));
    recording.fail(56, 2, "sh", 60_000_000);
    let cut = report(&recording);
    let said = terminal(&cut, Options::default());
    assert!(
        said.starts_with("Not known: the recording was cut"),
        "{said}"
    );
    let mut page = Vec::new();
    let bundle = recording.load();
    write_html(&mut page, &bundle, &diagnose(&bundle), &cut).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("<h1>Not known: the recording was cut</h1>"));
    assert!(!page.contains("Nothing to blame") && !page.contains("Nothing suspicious"));
    let mut ticket = Vec::new();
    write_markdown(&mut ticket, &cut).unwrap();
    assert!(ticket.starts_with(b"## Not known: the recording was cut"));
    recording.closing = closing;
    assert!(
        terminal(&report(&recording), Options::default()).contains("Nothing suspicious failed")
    );
}

proptest! {
    #[test]
    fn damage_is_reported_and_never_panics(
        damage in prop::collection::vec((0usize..8192, any::<u8>()), 0..20),
        cut in 0usize..8192,
    ) {
        let mut bytes = incident().bytes();
        for (at, value) in damage {
            let len = bytes.len();
            bytes[at % len] = value;
        }
        bytes.truncate(bytes.len() - cut % bytes.len());
        if let Ok(bundle) = crate::load::load(&bytes) {
            let diagnosis = diagnose(&bundle);
            let report = Report::new(&bundle, &diagnosis);
            let mut page = Vec::new();
            write_html(&mut page, &bundle, &diagnosis, &report).unwrap();
            prop_assert!(page.ends_with(b"</html>"));
            write_markdown(&mut page, &report).unwrap();
            let options = Options { verbose: true, ..Options::default() };
            let text = terminal(&report, options);
            prop_assert!(!text.is_empty());
        }
    }
}
