//! The table against recordings that are made up.

use format_spec::record::Phase;

use super::table;
use crate::{evidence::LimitUse, load::Bundle, testing::Recording};

fn limits(bundle: &Bundle) -> Vec<LimitUse> {
    table(bundle, bundle.failures.last())
}

fn texts(limits: &[LimitUse], id: &str) -> Vec<String> {
    let own = limits.iter().filter(|limit| limit.id == id);
    own.map(|limit| limit.text(1)).collect()
}

#[test]
fn mounts_are_counted_at_the_failure() {
    let mut recording = Recording::new();
    recording.fail(40, 28, "dockerd", 50);
    recording.fact("mnt_ns.mounts", 31);
    recording.fact("ns.mnt", 4_026_531_841);
    recording.snapshot(Phase::Failure, 60, &[("/proc/sys/fs/mount-max", "31\n")]);
    let bundle = recording.load();
    let limits = limits(&bundle);
    assert_eq!(
        texts(&limits, "sysctl:fs.mount-max"),
        ["31 of 31 mounts in mount namespace 4026531841 (dockerd)"]
    );
    assert!(limits.iter().all(|limit| limit.at_failure));
}

#[test]
fn a_user_is_counted_in_its_namespace() {
    let mut recording = Recording::new();
    recording.fail(26, 24, "watcher", 50).uid = 1000;
    for (name, value) in [
        ("ns.user", 4_026_531_837),
        ("user_ns.level", 0),
        ("ucount.inotify_instances", 128),
        ("ucount_max.inotify_instances", 128),
    ] {
        recording.fact(name, value);
    }
    let bundle = recording.load();
    let found = limits(&bundle);
    let text = "128 of 128 inotify instances in user namespace 4026531837 (uid 1000)";
    assert_eq!(
        texts(&found, "sysctl:fs.inotify.max_user_instances"),
        [text]
    );
    assert_eq!(texts(&found, "sysctl:user.max_inotify_instances"), [text]);

    let level = recording
        .facts
        .iter()
        .find(|fact| fact.name == "user_ns.level");
    let level = level.map(|fact| fact.id);
    for fact in &mut recording.failures[0].facts {
        if Some(fact.0) == level {
            fact.1 = 1;
        }
    }
    let bundle = recording.load();
    let found = limits(&bundle);
    assert!(texts(&found, "sysctl:fs.inotify.max_user_instances").is_empty());
    assert_eq!(texts(&found, "sysctl:user.max_inotify_instances"), [text]);
}

#[test]
fn what_a_process_that_is_gone_held_is_not_known() {
    let threads = [
        ("/proc/loadavg", "0.00 0.01 0.05 2/114 1201\n"),
        ("/proc/sys/kernel/threads-max", "200\n"),
    ];
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50);
    recording.snapshot(Phase::End, 60, &threads);
    let bundle = recording.load();
    assert!(limits(&bundle).is_empty());

    let alive = [
        threads[0],
        threads[1],
        ("/proc/100/status", "Name:\tforks\n"),
    ];
    recording.snapshots.clear();
    recording.snapshot(Phase::Failure, 60, &alive);
    let bundle = recording.load();
    assert_eq!(
        texts(&limits(&bundle), "sysctl:kernel.threads-max"),
        ["114 of 200 threads in the whole host"]
    );

    let full = [("/proc/loadavg", "0 0 0 2/200 9\n"), threads[1]];
    recording.snapshots.clear();
    recording.snapshot(Phase::End, 60, &full);
    let bundle = recording.load();
    assert_eq!(limits(&bundle).len(), 1);
}

#[test]
fn capabilities_free_from_limits() {
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50);
    for (name, value) in [
        ("ucount.rlimit_nproc", 50),
        ("rlimit.NPROC", 50),
        ("user_ns.level", 0),
        ("cred.cap_effective", 0),
    ] {
        recording.fact(name, value);
    }
    let bundle = recording.load();
    let limit = |bundle: &Bundle| {
        let found = limits(bundle);
        let nproc = found.iter().find(|limit| limit.id == "rlimit:NPROC");
        nproc.and_then(|limit| limit.limit)
    };
    assert_eq!(limit(&bundle), Some(50));
    // CAP_SYS_RESOURCE.
    if let Some(last) = recording.failures[0].facts.last_mut() {
        last.1 = 1 << 24;
    }
    assert_eq!(limit(&recording.load()), None);
}

#[test]
fn a_descriptor_table_is_only_known_to_hold_so_many() {
    let open = |next: u64| {
        let mut recording = Recording::new();
        recording.fail(56, 24, "server", 50);
        recording.fact("files.next_fd", next);
        recording.fact("rlimit.NOFILE", 32);
        texts(&limits(&recording.load()), "rlimit:NOFILE")
    };
    assert_eq!(open(32), ["32 of 32 descriptors in process 100 (server)"]);
    assert!(open(4).is_empty());
}

#[test]
fn control_groups_are_read_up_to_the_root() {
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50);
    let files = [
        ("/proc/100/status", "Name:\tforks\n"),
        ("/proc/100/cgroup", "0::/box/inner\n"),
        ("/sys/fs/cgroup/box/inner/pids.max", "max\n"),
        ("/sys/fs/cgroup/box/inner/pids.current", "7\n"),
        ("/sys/fs/cgroup/box/pids.max", "10\n"),
        ("/sys/fs/cgroup/box/pids.current", "10\n"),
        ("/sys/fs/cgroup/box/cgroup.max.depth", "1\n"),
        ("/sys/fs/cgroup/other/pids.max", "3\n"),
        ("/sys/fs/cgroup/other/pids.current", "3\n"),
    ];
    recording.snapshot(Phase::Failure, 60, &files);
    let bundle = recording.load();
    let found = limits(&bundle);
    assert_eq!(
        texts(&found, "cgroup:pids.max"),
        [
            "7 of unlimited processes and threads in cgroup /box/inner",
            "10 of 10 processes and threads in cgroup /box"
        ]
    );
    assert_eq!(
        texts(&found, "cgroup:cgroup.max.depth"),
        ["1 of 1 levels in cgroup /box"]
    );
}
