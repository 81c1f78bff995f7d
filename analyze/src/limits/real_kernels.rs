//! The table against what real kernels print: `tests/fixtures/limits`, written by `guest.sh` there in a guest.

use std::{collections::BTreeMap, fs, path::PathBuf};

use format_spec::record::Phase;
use proptest::prelude::*;

use super::{LimitUse, table};
use crate::testing::Recording;

/// Debian's arm64 kernels.
const KERNELS: [&str; 3] = ["6.1", "6.12", "7.2"];

/// The files of a guest in which process 100 of user 1000 holds a little of everything (`hold.c`), by path.
fn guest(kernel: &str) -> BTreeMap<String, String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/limits");
    let text = fs::read_to_string(folder.join(format!("{kernel}-arm64.txt"))).unwrap();
    let mut files = BTreeMap::new();
    let mut path = String::new();
    for line in text.lines() {
        if let Some(next) = line.strip_prefix("== ") {
            path = next.to_owned();
            files.insert(path.clone(), String::new());
        } else if let Some(file) = files.get_mut(&path) {
            file.push_str(line);
            file.push('\n');
        }
    }
    files
}

/// The table for a failure of that process, with some facts.
fn limits(files: &BTreeMap<String, String>, facts: &[(&str, u64)]) -> Vec<LimitUse> {
    let mut recording = Recording::new();
    recording.fail(194, 28, "hold", 50).uid = 1000;
    for &(name, value) in facts {
        recording.fact(name, value);
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    recording.snapshot(Phase::Failure, 60, &files);
    let bundle = recording.load();
    table(&bundle, bundle.failures.last())
}

/// Use and limit of the rows of an id whose scope or unit has that word.
fn of(limits: &[LimitUse], id: &str, word: &str) -> Vec<(u64, Option<u64>)> {
    let own = limits.iter().filter(|limit| {
        limit.id == id && (limit.scope.contains(word) || limit.unit().name().contains(word))
    });
    own.map(|limit| (limit.used(), limit.limit())).collect()
}

#[test]
fn what_is_held_is_counted() {
    for kernel in KERNELS {
        let found = limits(&guest(kernel), &[]);
        let of = |id, word| of(&found, id, word);
        assert_eq!(
            of("sysctl:kernel.shmmni", ""),
            [(2, Some(4096))],
            "{kernel}"
        );
        assert_eq!(
            of("sysctl:kernel.sem", "sets"),
            [(3, Some(32000))],
            "{kernel}"
        );
        assert_eq!(
            of("sysctl:kernel.msgmni", ""),
            [(1, Some(32000))],
            "{kernel}"
        );
        assert_eq!(
            of("sysctl:kernel.keys.maxkeys", ""),
            [(6, Some(200))],
            "{kernel}"
        );
        assert_eq!(of("sysctl:kernel.keys.root_maxkeys", ""), [], "{kernel}");
        assert_eq!(
            of("sysctl:fs.aio-max-nr", ""),
            [(0, Some(65536))],
            "{kernel}"
        );
        let threads = of("sysctl:kernel.threads-max", "");
        assert!(
            matches!(threads[..], [(40..200, Some(5000..))]),
            "{kernel}: {threads:?}"
        );
    }
}

#[test]
fn every_group_above_counts() {
    for kernel in KERNELS {
        let found = limits(&guest(kernel), &[]);
        let of = |id, word| of(&found, id, word);
        // The worker's own is max; the root group has none.
        let pids = of("cgroup:pids.max", "/service");
        assert_eq!(pids, [(1, None), (1, Some(20))], "{kernel}");
        let memory = of("cgroup:memory.max", "/worker");
        assert!(
            matches!(memory[..], [(1.., Some(67_108_864))]),
            "{kernel}: {memory:?}"
        );
    }
}

#[test]
fn a_group_that_refused_was_full() {
    let mut files = guest("6.12");
    let mut recording = Recording::new();
    let snapshot = |recording: &mut Recording, phase, time_ns, files: &BTreeMap<String, String>| {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        recording.snapshot(phase, time_ns, &files);
    };
    snapshot(&mut recording, Phase::Start, 10, &files);
    recording.fail(220, 11, "hold", 50).uid = 1000;
    files.insert(
        "/sys/fs/cgroup/service/pids.events".into(),
        "max 7\n".into(),
    );
    snapshot(&mut recording, Phase::Failure, 60, &files);
    let bundle = recording.load();
    let found = table(&bundle, bundle.failures.last());
    let service = found.iter().find(|limit| {
        limit.id == "cgroup:pids.max" && limit.scope.contains("/service") && limit.limit().is_some()
    });
    assert_eq!(service.map(|limit| limit.used()), Some(20));
}

#[test]
fn a_group_that_came_to_its_memory_limit_without_the_oom_killer_was_full() {
    let mut files = guest("6.12");
    let mut recording = Recording::new();
    recording.fail(280, 12, "hold", 50).uid = 1000;
    for (phase, time_ns, times) in [(Phase::Start, 10, 3), (Phase::Failure, 60, 21)] {
        let events = format!("low 0\nhigh 0\nmax {times}\noom 0\noom_kill 0\n");
        files.insert("/sys/fs/cgroup/service/worker/memory.events".into(), events);
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        recording.snapshot(phase, time_ns, &files);
    }
    let bundle = recording.load();
    let found = table(&bundle, bundle.failures.last());
    let memory = found
        .iter()
        .find(|limit| limit.id == "cgroup:memory.max" && limit.scope.contains("/worker"));
    let memory = memory.map(|limit| (limit.used(), limit.source.as_str()));
    let source = "its control group came to its limit 18 times during the recording";
    assert_eq!(memory, Some((67_108_864, source)));
}

#[test]
fn facts_and_the_limits_file_go_together() {
    for kernel in KERNELS {
        let facts = [
            ("mm.locked_vm", 16),
            ("mm.total_vm", 228),
            ("files.next_fd", 64),
        ];
        let found = limits(&guest(kernel), &facts);
        let of = |id, word| of(&found, id, word);
        assert_eq!(
            of("rlimit:MEMLOCK", "process"),
            [(65536, Some(1 << 20))],
            "{kernel}"
        );
        assert_eq!(of("rlimit:AS", ""), [(228 * 4096, None)], "{kernel}");
        assert_eq!(of("rlimit:NOFILE", "process"), [(64, Some(64))], "{kernel}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_taken(texts in prop::collection::vec("[ -~\n\t]{0,60}|[0-9 :/a-z]{0,40}", 1..12)) {
        let files = guest("6.12");
        let garbled = files.keys().zip(texts.iter().cycle());
        let garbled = garbled.map(|(path, text)| (path.clone(), text.clone())).collect();
        let _ = limits(&garbled, &[("mm.locked_vm", u64::MAX), ("pid_ns.allocated", u64::MAX)]);
    }

    #[test]
    fn a_cut_file_is_taken(cut in any::<prop::sample::Index>()) {
        let mut files = guest("7.2");
        for text in files.values_mut() {
            let at = cut.index(text.len() + 1);
            text.truncate(at);
        }
        let _ = limits(&files, &[]);
    }
}
