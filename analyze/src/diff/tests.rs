//! Comparisons of recordings that are made up.

use format_spec::record::{Content, Entry, Phase};

use super::*;
use crate::testing::Recording;

/// mount(2) fails `times` times in 60 s with mounts at the limit `most`.
fn recording(times: u64, errno: u16, most: &str) -> Recording {
    let mut recording = Recording::new();
    recording.closing.as_mut().unwrap().ended_ns = 60_000_000_000;
    let files = [
        ("/proc/sys/fs/mount-max", most),
        ("/proc/sys/fs/file-nr", "1 0 9\n"),
    ];
    recording.snapshot(Phase::Start, 1, &files);
    if times > 0 {
        let callers = ["attach_recursive_mnt", "path_mount", "__arm64_sys_mount"];
        let kernel = &mut recording.kernel;
        kernel.probe_with_stack("count_mounts", &callers, -i64::from(errno));
        recording.take_events(0);
        // Steadily, from the beginning to the end; the last one has the facts.
        for second in (0..60).step_by(10) {
            recording.fail(40, errno, "dockerd", second * 1_000_000_000 + 10_000);
        }
        recording.counts.truncate(1);
        recording.counts[0].count = times;
        recording.fact("ns.mnt", 7);
        recording.fact("mnt_ns.mounts", 12);
    }
    recording.fail(56, 2, "sh", 20_000);
    recording.fact("ns.mnt", 7);
    recording.fact("mnt_ns.mounts", 12);
    recording
}

fn compared(before: &Recording, after: &Recording) -> Comparison {
    compare(&before.load(), &after.load())
}

fn text(comparison: &Comparison) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    write(&mut out, comparison, false, None).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}

#[test]
fn what_is_gone_worked() {
    let comparison = compared(&recording(30, 28, "12\n"), &recording(0, 0, "100000\n"));
    assert_eq!(comparison.verdict.outcome, Outcome::Worked);
    let text = text(&comparison);
    let first = "The remedy worked: mount ENOSPC by dockerd is gone: 30 times in 60 s before (0.50 a second), 0 times in 60 s after (0.00 a second)\n";
    assert!(text.starts_with(first), "{text}");
    assert!(
        text.contains("  gone  mount ENOSPC by dockerd: 30 to 0 times"),
        "{text}"
    );
    assert!(
        text.contains("  sysctl:fs.mount-max no longer full: 12 mounts + 1"),
        "{text}"
    );
    assert!(text.contains("  fs.mount-max: 12, then 100000\n"), "{text}");
    assert!(text.contains("count_mounts\n  after   not known"), "{text}");
    assert!(!text.contains("file-nr"), "{text}");
}

#[test]
fn what_still_fails_did_not() {
    let comparison = compared(&recording(30, 28, "12\n"), &recording(28, 28, "13\n"));
    assert_eq!(comparison.verdict.outcome, Outcome::Failed);
    let parting = comparison.parting.unwrap();
    assert_eq!(parting.common.last().unwrap(), "count_mounts");
    assert!(parting.before.is_empty() && parting.after.is_empty());
    let partly = compared(&recording(300, 28, "12\n"), &recording(20, 28, "12\n"));
    assert_eq!(partly.verdict.outcome, Outcome::Partly);
}

#[test]
fn callers_that_are_counted_too_are_told() {
    let mut other = recording(28, 28, "12\n");
    other.counts[0].comm = b"mount".into();
    for failure in &mut other.failures[..6] {
        failure.comm = b"mount".into();
    }
    let verdict = compared(&recording(30, 28, "12\n"), &other).verdict;
    assert_eq!(verdict.outcome, Outcome::Failed);
    let first = "mount ENOSPC by dockerd and others still comes: 30 times";
    assert!(verdict.text.starts_with(first), "{}", verdict.text);
}

#[test]
fn another_error_is_not_the_same() {
    let comparison = compared(&recording(30, 28, "12\n"), &recording(30, 1, "12\n"));
    assert_eq!(comparison.verdict.outcome, Outcome::Different);
    assert!(
        comparison
            .verdict
            .caveat
            .unwrap()
            .contains("EPERM (Operation not permitted), 30 times")
    );
}

#[test]
fn too_few_failures_prove_nothing() {
    let comparison = compared(&recording(1, 28, "12\n"), &recording(0, 0, "12\n"));
    assert_eq!(comparison.verdict.outcome, Outcome::Unclear);
    let nothing = compared(&recording(0, 0, "12\n"), &recording(0, 0, "12\n"));
    assert_eq!(nothing.verdict.outcome, Outcome::Unclear);
}

/// A mount by thread 100 that was traced, and returned `result`.
fn traced(recording: &mut Recording, result: i64) {
    let kernel = &mut recording.kernel;
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.call("path_mount");
    kernel.leave("__arm64_sys_mount");
    kernel.syscall_exit(40, result);
    recording.take_events(1);
}

#[test]
fn what_was_not_tried_again_is_not_said_to_work() {
    let lasting = |mut recording: Recording, seconds: u64| {
        recording.closing.as_mut().unwrap().ended_ns = seconds * 1_000_000_000;
        recording
    };
    let before = recording(3000, 28, "12\n");
    let nothing = |seconds| {
        let mut after = lasting(Recording::new(), seconds);
        after.fail(56, 2, "sh", 20_000);
        after
    };
    // 50 a second before: by the rate alone a second would do.
    let verdict = compared(&before, &nothing(1)).verdict;
    assert_eq!(verdict.outcome, Outcome::Unclear);
    assert!(
        verdict.text.contains("nothing shows that it was tried"),
        "{}",
        verdict.text
    );
    assert!(verdict.caveat.unwrap().contains("for 30 s at least"));
    assert_eq!(
        compared(&before, &nothing(29)).verdict.outcome,
        Outcome::Unclear
    );
    assert_eq!(
        compared(&before, &nothing(31)).verdict.outcome,
        Outcome::Worked
    );
    // All in the first second, as by hand: no time is long enough.
    let mut burst = before;
    burst.failures.truncate(1);
    burst.failures[0].time_ns = 500_000_000;
    burst.counts.truncate(1);
    burst.counts[0].last_ns = 600_000_000;
    assert_eq!(
        compared(&burst, &nothing(60)).verdict.outcome,
        Outcome::Unclear
    );
}

#[test]
fn a_call_that_was_traced_and_succeeds_was_tried() {
    let short = |name: &str, result| {
        let mut after = Recording::new();
        traced(&mut after, result);
        let status = format!("Name:\t{name}\nUmask:\t0022\n");
        after.snapshot(Phase::Start, 1, &[("/proc/100/status", &status)]);
        compared(&recording(3000, 28, "12\n"), &after).verdict
    };
    let verdict = short("dockerd", 0);
    assert_eq!(verdict.outcome, Outcome::Worked);
    assert!(
        verdict.text.contains("is gone, and the call succeeds"),
        "{}",
        verdict.text
    );
    // Another program's call says nothing of this one's.
    assert_eq!(short("mount", 0).outcome, Outcome::Unclear);
}

#[test]
fn rates_are_compared_and_not_counts() {
    let mut longer = recording(60, 28, "12\n");
    longer.closing.as_mut().unwrap().ended_ns = 120_000_000_000;
    let comparison = compared(&recording(30, 28, "12\n"), &longer);
    assert_eq!(comparison.failures[0].change, Change::Same);
}

#[test]
fn what_cannot_be_compared_is_told() {
    let mut other = recording(30, 28, "12\n");
    other.closing = None;
    other.manifest.as_mut().unwrap().host.hostname = "elsewhere".into();
    let notes = compared(&recording(30, 28, "12\n"), &other).notes;
    assert!(
        notes[0].contains("two hosts: guest and elsewhere"),
        "{notes:?}"
    );
    assert!(notes[1].contains("second recording was cut"), "{notes:?}");
}

#[test]
fn a_file_system_that_has_room_again_is_told() {
    let with_room = |available| {
        let mut recording = recording(30, 28, "12\n");
        recording.snapshots[0].entries.push(Entry {
            path: b"/srv".into(),
            content: Content::StatFs {
                fs_type: 0xef53,
                block_size_bytes: 4096,
                blocks: 1000,
                blocks_free: available,
                blocks_available: available,
                inodes: 0,
                inodes_free: 0,
                flags: 0,
            },
        });
        recording
    };
    let limits = compared(&with_room(0), &with_room(500)).limits;
    let found = limits.iter().find(|limit| limit.id == "fs:blocks").unwrap();
    assert!(
        found.freed && found.before.ends_with("in /srv"),
        "{found:?}"
    );
    assert!(compared(&with_room(500), &with_room(400)).limits.is_empty());
}

#[test]
fn what_goes_with_the_memory_is_told_apart() {
    let host = |threads: &str, memory_bytes: u64, boot: &str| {
        let mut recording = Recording::new();
        let files = [
            ("/proc/sys/kernel/threads-max", threads),
            ("/proc/sys/fs/mount-max", threads),
        ];
        recording.snapshot(Phase::Start, 1, &files);
        let mut bundle = recording.load();
        let host = &mut bundle.manifest.as_mut().unwrap().host;
        (host.memory_bytes, host.boot_id) = (memory_bytes, boot.into());
        bundle
    };
    let small = host("15162\n", 2 << 30, "a");
    let large = host("60650\n", 8 << 30, "b");
    let scaled = |comparison: &Comparison| {
        let rows = comparison.sysctls.iter();
        rows.map(|row| (row.name.clone(), row.by_memory))
            .collect::<Vec<_>>()
    };
    let comparison = compare(&small, &large);
    assert_eq!(
        scaled(&comparison),
        [
            ("fs.mount-max".into(), false),
            ("kernel.threads-max".into(), true)
        ]
    );
    let text = text(&comparison);
    assert!(
        text.contains("the memory differs: 2 GiB and 8 GiB"),
        "{text}"
    );
    assert!(text.contains("the host was booted in between"), "{text}");
    assert!(
        text.contains("  scaled by memory, which differs: kernel.threads-max\n"),
        "{text}"
    );
    // With the memory that it had somebody has changed it.
    let set = host("60650\n", 2 << 30, "b");
    assert!(
        scaled(&compare(&small, &set))
            .iter()
            .all(|(_, by_memory)| !by_memory)
    );
}

/// `UPDATE=1 cargo test -p analyze published` writes the schema anew.
#[test]
fn the_published_schema_is_that_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/diff.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Comparison)).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), schema);
}

#[test]
fn a_terminal_gets_lines_that_fit() {
    let comparison = compared(&recording(30, 28, "12\n"), &recording(0, 0, "100000\n"));
    let mut out = Vec::new();
    write(&mut out, &comparison, false, Some(50)).unwrap();
    let narrow = anstream::adapter::strip_bytes(&out).into_vec();
    let narrow = String::from_utf8(narrow).unwrap();
    let widest = narrow.lines().map(str::len).max().unwrap();
    assert!(widest <= 50, "{narrow}");
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&narrow), words(&text(&comparison)));
}
