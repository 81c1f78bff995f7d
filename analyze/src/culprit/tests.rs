//! The ranking on made-up recordings: what must be blamed, and what must not.

use format_spec::record::{Content, Entry, Phase, ReturnType, Snapshot};

use super::*;
use crate::{
    case::Case,
    code::Kernel,
    diagnosis::{Diagnosis, diagnose, diagnose_by},
    evidence::{CodeFacts, Read},
    failures::groups,
    graph::Outcome,
    incident::Wish,
    limits::{LimitUse, Unit},
    load::Bundle,
    origin::{Below, How, Origin, Told},
    testing::Recording,
};

pub(super) fn limit(id: &str, unit: &'static str, usage: u64, limit: u64) -> LimitUse {
    let unit = match unit {
        "bytes" => Unit::Bytes,
        unit => Unit::Each(unit),
    };
    LimitUse {
        at_failure: true,
        ..LimitUse::new(id, unit, usage, Some(limit))
    }
}

pub(super) fn origin(path: &[&str], errno: u16, told: Vec<Told>) -> Origin {
    Origin {
        function: path.last().unwrap().to_string(),
        site: crate::origin::Site::default(),
        errno,
        path: path.iter().map(ToString::to_string).collect(),
        how: How::ReturnValues,
        failures: 1,
        translated: None,
        told,
        called: Vec::new(),
        below: Below::Watched,
    }
}

fn told(function: &str, outcome: Outcome, arguments: &[u64]) -> Told {
    Told {
        function: function.into(),
        outcome,
        arguments: arguments.to_vec(),
    }
}

/// The ranking with code and limits put in by hand.
pub(super) fn ranked(
    bundle: &Bundle,
    origin: &Origin,
    code: CodeFacts,
    limits: Vec<LimitUse>,
) -> Vec<Culprit> {
    let kernel = Kernel::new(&[], &[], &[], &[], bundle.architecture());
    let groups = groups(bundle);
    let mut case = Case::new(bundle, &groups[0]).begun_at(&kernel, origin);
    case.limits = limits.into();
    case.code = code;
    rank(&case, book(), 0)
}

fn failing(syscall: u32, errno: u16) -> Bundle {
    let mut recording = Recording::new();
    recording.fail(syscall, errno, "program", 50);
    recording.load()
}

#[test]
fn code_that_may_have_refused_for_another_check_is_not_sure() {
    let origin = origin(&["__arm64_sys_x", "some_check"], 28, Vec::new());
    let answer = |is_one_of_several| {
        let code = CodeFacts {
            reads: vec![Read {
                id: "sysctl:a.b".into(),
                compared: true,
                text: "compares it".into(),
            }],
            is_one_of_several,
            ..CodeFacts::default()
        };
        let mut bundle = Recording::new();
        bundle.fail(40, 28, "program", 50);
        let bundle = bundle.load();
        let kernel = Kernel::new(&[], &[], &[], &[], bundle.architecture());
        let groups = groups(&bundle);
        let mut case = Case::new(&bundle, &groups[0]).begun_at(&kernel, &origin);
        case.code = code;
        let rule = r#"
            id = "sysctl:a.b"
            title = ""
            errno = ["ENOSPC"]
            origin = ["some_check"]
            why = "it is"
        "#;
        let rule: crate::rules::Rule = toml::from_str(rule).unwrap();
        rank(&case, &[rule], 0)[0].confidence
    };
    assert_eq!(answer(false), Confidence::High);
    assert_eq!(answer(true), Confidence::Medium);
}

#[test]
fn what_the_code_reads_and_what_is_full_agree_without_any_rule() {
    let origin = origin(&["__arm64_sys_x", "some_check"], 28, Vec::new());
    let read = |id: &str| Read {
        id: id.into(),
        compared: true,
        text: "reads it".into(),
    };
    let code = CodeFacts {
        reads: vec![read("sysctl:a.full"), read("sysctl:a.empty")],
        ..CodeFacts::default()
    };
    let limits = vec![
        limit("sysctl:a.full", "things", 5, 5),
        limit("sysctl:a.empty", "things", 1, 50),
    ];
    let culprits = ranked(&failing(40, 28), &origin, code, limits);
    let [full] = &culprits[..] else {
        panic!("{culprits:#?}")
    };
    assert_eq!(
        (full.id.as_str(), full.confidence),
        ("sysctl:a.full", Confidence::High)
    );
    assert_eq!(full.remedy[0].to_string(), "sysctl -w a.full=10");
    let compared = full.usage.as_ref().map(|compared| compared.text());
    let text = "5 things + 1 or more asked for > 5 (a.full)";
    assert_eq!(compared.as_deref(), Some(text));
}

#[test]
fn a_limit_that_is_far_is_not_blamed() {
    let origin = origin(&["__arm64_sys_x", "some_check"], 28, Vec::new());
    let code = CodeFacts {
        reads: vec![Read {
            id: "sysctl:a.b".into(),
            compared: true,
            text: "reads it".into(),
        }],
        ..CodeFacts::default()
    };
    let culprits = ranked(
        &failing(40, 28),
        &origin,
        code,
        vec![limit("sysctl:a.b", "things", 1, 50)],
    );
    assert_eq!(culprits, []);
}

#[test]
fn a_missing_capability_is_named_by_the_check_and_the_credentials() {
    let mut recording = Recording::new();
    recording.fail(40, 1, "program", 50);
    recording.fact("cred.cap_effective", !(1 << 21) & ((1 << 41) - 1));
    let told = vec![told("ns_capable", Outcome::Truth(false), &[0, 21])];
    let origin = origin(&["__arm64_sys_mount", "path_mount"], 1, told);
    let culprits = ranked(&recording.load(), &origin, CodeFacts::default(), Vec::new());
    assert_eq!(culprits[0].id, "capability:CAP_SYS_ADMIN");
    assert_eq!(culprits[0].confidence, Confidence::High);
}

#[test]
fn a_call_that_was_never_entered_is_seccomp() {
    let mut recording = Recording::new();
    recording.fail(34, 28, "program", 50).not_entered = true;
    recording.fact("task.seccomp_mode", 2);
    let diagnosis = diagnose(&recording.load());
    assert_eq!(diagnosis.culprits[0].id, "seccomp");
    assert_eq!(diagnosis.culprits[0].confidence, Confidence::High);
    assert_eq!(diagnosis.origins[0].1.function, "__secure_computing");
}

#[test]
fn a_filter_is_seen_though_the_recorder_looks_only_now_and_then() {
    let mut recording = Recording::new();
    for (time_ns, not_entered) in [(50, false), (60, true), (70, true), (80, false)] {
        recording.fail(34, 1, "program", time_ns).not_entered = not_entered;
        recording.fact("task.seccomp_mode", 2);
    }
    assert_eq!(diagnose(&recording.load()).culprits[0].id, "seccomp");
    // It rests for long, and looks again.
    let later = 20_000_000_000;
    for time_ns in (1..9).map(|second| second * 2_000_000_000) {
        recording.fail(34, 1, "program", time_ns);
    }
    recording.fail(34, 1, "program", later).not_entered = true;
    assert_eq!(diagnose(&recording.load()).culprits[0].id, "seccomp");
    recording.failures.truncate(4);
    for failure in &mut recording.failures[2..3] {
        failure.not_entered = false;
    }
    recording.fail(34, 1, "program", 90).not_entered = true;
    // Two of four in between: the others came from inside of the kernel.
    let diagnosis = diagnose(&recording.load());
    assert!(
        diagnosis
            .culprits
            .iter()
            .all(|culprit| culprit.id != "seccomp")
    );
}

#[test]
fn a_module_below_a_security_hook_is_named() {
    let path = [
        "__arm64_sys_mkdirat",
        "security_path_mkdir",
        "hook_path_mkdir",
        "current_check_access_path",
    ];
    let mut recording = Recording::new();
    recording.fail(34, 13, "program", 50);
    recording.snapshot(
        Phase::Start,
        1,
        &[("/sys/kernel/security/lsm", "capability,landlock,yama\n")],
    );
    let culprits = ranked(
        &recording.load(),
        &origin(&path, 13, Vec::new()),
        CodeFacts::default(),
        Vec::new(),
    );
    assert_eq!(culprits[0].id, "lsm:landlock");
    assert_eq!(culprits[0].confidence, Confidence::High);
}

const MOUNTS: &str = "20 1 8:1 / / rw - ext4 a rw\n21 20 0:21 / /small rw - tmpfs b rw\n\
    22 20 0:22 / /other rw - tmpfs c rw\n";

/// A recording, with another tmpfs that is full, of a write to a file on `/small` that gets ENOSPC from tmpfs code.
fn full_tmpfs(free: u64) -> Recording {
    let mut recording = Recording::new();
    recording.fail(64, 28, "program", 50).args[0] = 3;
    recording.fact("fd.mount", 21);
    recording.fact("fd.device", 21);
    let kernel = &mut recording.kernel;
    kernel.returning("vfs_write", ReturnType::Signed(64));
    kernel.syscall_enter(64);
    kernel.enter("__arm64_sys_write");
    kernel.enter("vfs_write");
    kernel.returned("shmem_inode_acct_blocks", -28);
    kernel.leave_with("vfs_write", Some(-28));
    kernel.leave_with("__arm64_sys_write", Some(-28));
    kernel.syscall_exit(64, -28);
    recording.take_events(1);
    let statfs = |path: &str, fs_type, blocks, free| Entry {
        path: path.into(),
        content: Content::StatFs {
            fs_type,
            block_size_bytes: 4096,
            blocks,
            blocks_free: free,
            blocks_available: free,
            inodes: 100,
            inodes_free: 90,
            flags: 0,
        },
    };
    recording.snapshots.push(Snapshot {
        number: 0,
        phase: Phase::Failure,
        started_ns: 60,
        ended_ns: 60,
        entries: vec![
            statfs("/", 0xef53, 1000, 700),
            statfs("/small", 0x0102_1994, 16, free),
            statfs("/other", 0x0102_1994, 16, 0),
            Entry {
                path: b"/proc/self/mountinfo".into(),
                content: Content::File {
                    bytes: MOUNTS.into(),
                    truncated: false,
                },
            },
        ],
    });
    recording
}

fn ids(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis
        .culprits
        .iter()
        .map(|culprit| culprit.id.as_str())
        .collect()
}

#[test]
fn a_file_system_that_really_is_full_is_blamed() {
    let diagnosis = diagnose(&full_tmpfs(0).load());
    assert_eq!(ids(&diagnosis)[0], "fs:blocks");
    assert_eq!(diagnosis.culprits[0].confidence, Confidence::High);
    assert_eq!(diagnosis.origins[0].1.function, "shmem_inode_acct_blocks");
    assert!(!diagnosis.ruled_out.iter().any(|out| out.id == "fs:blocks"));
}

#[test]
fn space_that_is_left_is_ruled_out_with_figures() {
    let diagnosis = diagnose(&full_tmpfs(8).load());
    let blocks = diagnosis
        .ruled_out
        .iter()
        .find(|out| out.id == "fs:blocks")
        .unwrap();
    assert_eq!(blocks.text, "disk 50 % used at /small");
    let inodes = diagnosis
        .ruled_out
        .iter()
        .find(|out| out.id == "fs:inodes")
        .unwrap();
    assert_eq!(inodes.text, "inodes 10 % used at /small");
}

#[test]
fn another_file_system_that_is_full_is_not_blamed() {
    let mut recording = full_tmpfs(8);
    let diagnosis = diagnose(&recording.load());
    let told =
        |diagnosis: &Diagnosis| format!("{:?} {:?}", diagnosis.culprits, diagnosis.ruled_out);
    assert!(!told(&diagnosis).contains("/other"), "{}", told(&diagnosis));
    // Where the call works is not known: then none is ruled out, and what is full is not sure to be the one.
    recording.failures[0].facts.clear();
    let diagnosis = diagnose(&recording.load());
    assert!(
        diagnosis
            .ruled_out
            .iter()
            .all(|out| !out.id.starts_with("fs:"))
    );
    assert!(
        diagnosis
            .culprits
            .iter()
            .all(|culprit| culprit.confidence != Confidence::High)
    );
}

#[test]
fn normal_failures_are_never_blamed() {
    let mut recording = Recording::new();
    recording.fail(56, 2, "sh", 50);
    let diagnosis = diagnose(&recording.load());
    assert_eq!(ids(&diagnosis), [""; 0]);
    assert_eq!(diagnosis.subject, None);
}

#[test]
fn an_empty_bundle_has_no_answer() {
    let diagnosis = diagnose(&Recording::new().load());
    assert!(diagnosis.failures.is_empty() && diagnosis.culprits.is_empty());
}

#[test]
fn what_the_file_and_its_mount_are_needs_no_origin() {
    let answer = |syscall, errno, mounts: &str, attributes: &str| {
        let mut recording = Recording::new();
        recording.fail(syscall, errno, "program", 50);
        recording.path(0, "/app/tool");
        let paths = format!(
            "pid mode uid gid device inode attributes xattrs size_bytes path\n\
             7 40755 0 0 8:1 2 - - 4096 /\n7 40755 0 0 8:1 3 - - 4096 /app\n\
             7 100755 0 0 8:1 4 {attributes} - 4 /app/tool\n"
        );
        let files = [("/proc/100/mountinfo", mounts), ("etz:paths", &paths)];
        recording.snapshot(Phase::Failure, 60, &files);
        let culprits = diagnose(&recording.load()).culprits;
        culprits.first().map(|culprit| culprit.id.clone())
    };
    let noexec = "20 1 0:20 / / rw - ext4 a rw\n21 20 0:21 / /app rw,noexec - tmpfs b rw\n";
    let plain = "20 1 0:20 / / rw - ext4 a rw\n";
    let id = |id: &str| Some(id.to_owned());
    assert_eq!(answer(221, 13, noexec, "-"), id("mount-option:noexec"));
    assert_ne!(answer(221, 13, plain, "-"), id("mount-option:noexec"));
    assert_eq!(
        answer(35, 1, plain, "immutable"),
        id("inode-flag:immutable")
    );
    assert_ne!(answer(35, 1, plain, "-"), id("inode-flag:immutable"));
    let readonly = "20 1 0:20 / / ro - ext4 a ro\n";
    assert_eq!(answer(35, 30, readonly, "-"), id("fs:readonly"));
}

#[test]
fn a_process_that_is_hidden_is_told_from_one_that_is_gone() {
    let blamed = |found: &str| {
        let mut recording = Recording::new();
        recording.fail(56, 2, "agent", 50);
        recording.path(1, "/proc/7/status");
        let mounts =
            "1 1 8:1 / / rw - ext4 a rw\n2 1 0:5 / /proc rw - proc b rw,hidepid=invisible\n";
        let paths = format!(
            "pid mode uid gid device inode attributes xattrs size_bytes path\n\
             7 40755 0 0 8:1 2 - - 4096 /\n7 40555 0 0 0:5 1 - - 0 /proc\n{found}\n"
        );
        let files = [("/proc/100/mountinfo", mounts), ("etz:paths", &paths)];
        recording.snapshot(Phase::Failure, 60, &files);
        recording.exit(70, 1 << 8);
        let culprits = diagnose(&recording.load()).culprits;
        culprits.first().map(|culprit| culprit.id.clone())
    };
    let hidden = Some("mount-option:hidepid".to_owned());
    assert_eq!(blamed("7 100444 0 0 0:5 9 - - 0 /proc/7/status"), hidden);
    assert_eq!(blamed("7 missing - - - - - - - /proc/7"), None);
}

#[test]
fn a_capability_that_was_granted_is_not_what_is_missing() {
    let path = ["__arm64_sys_setgroups"];
    let mut recording = Recording::new();
    recording.fail(159, 1, "su", 50);
    recording.fact("user_ns.level", 1);
    recording.fact("cred.cap_effective", 1 << 6);
    let bundle = recording.load();
    let culprits = |answer| {
        let told = vec![told("ns_capable_setid", Outcome::Truth(answer), &[])];
        let origin = origin(&path, 1, told);
        ranked(&bundle, &origin, CodeFacts::default(), Vec::new())
    };
    assert_eq!(culprits(true)[0].id, "namespace:setgroups");
    assert_ne!(culprits(false)[0].id, "namespace:setgroups");
}

#[test]
fn what_a_module_logged_of_the_failing_process_names_it() {
    let blamed = |pid: u32, name: &str| {
        let mut recording = Recording::new();
        recording.fail(56, 13, "reportd", 50_000_000);
        recording.path(1, "/srv/archive/2024");
        let log = format!(
            "time_us level text\n49990 5 audit: type=1400 audit(1.2:3): apparmor=\"DENIED\" \
             operation=\"open\" name=\"/srv/archive/2024\" pid={pid} comm=\"{name}\" denied_mask=\"r\"\n"
        );
        recording.snapshot(Phase::End, 60_000_000, &[("etz:kmsg", &log)]);
        let culprits = diagnose(&recording.load()).culprits;
        let found = culprits
            .into_iter()
            .find(|culprit| culprit.id == "lsm:apparmor");
        found.map(|culprit| culprit.confidence)
    };
    assert_eq!(blamed(100, "reportd"), Some(Confidence::High));
    assert_eq!(blamed(7, "other"), None);
}

#[test]
fn the_remedy_is_for_the_group_that_is_full() {
    let mut recording = Recording::new();
    recording.fail(220, 11, "fork", 50);
    recording.snapshot(Phase::Start, 1, &[("/proc/100/cgroup", "0::/pods/1\n")]);
    let remedy = |scope: &str| {
        let full = LimitUse {
            scope: scope.into(),
            ..limit("cgroup:pids.max", "processes and threads", 9, 9)
        };
        let origin = origin(&["__arm64_sys_clone", "pids_can_fork"], 11, Vec::new());
        let culprits = ranked(&recording.load(), &origin, CodeFacts::default(), vec![full]);
        culprits[0].remedy[0].text.clone()
    };
    assert_eq!(
        remedy("cgroup /pods"),
        "echo max > /sys/fs/cgroup/pods/pids.max"
    );
    assert_eq!(remedy("cgroup /"), "echo max > /sys/fs/cgroup/pids.max");
    assert_eq!(remedy(""), "echo max > /sys/fs/cgroup/pods/1/pids.max");
}

/// The ids of the culprits, the most likely first, with their confidence.
fn blamed(recording: &Recording) -> Vec<(String, Confidence)> {
    let culprits = diagnose(&recording.load()).culprits.into_iter();
    culprits
        .map(|culprit| (culprit.id, culprit.confidence))
        .collect()
}

#[test]
fn what_a_call_does_not_ask_for_did_not_refuse_it() {
    let mut recording = Recording::new();
    // 64 GiB of PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE.
    let args = [0, 64 << 30, 0, 0x4022, u64::MAX, 0];
    recording.fail(222, 12, "vm", 50_000_000).args = args;
    recording.fact("mm.map_count", 65531);
    recording.fact("mm.locked_vm", 0);
    recording.fact("rlimit.MEMLOCK", 8 << 20);
    let files = [("/proc/sys/vm/max_map_count", "65530\n")];
    recording.snapshot(Phase::Failure, 60_000_000, &files);
    let kernel = &mut recording.kernel;
    kernel.syscall_enter(222);
    kernel.enter("__arm64_sys_mmap");
    kernel.returned("do_mmap", -12);
    kernel.leave_with("__arm64_sys_mmap", Some(-12));
    kernel.syscall_exit(222, -12);
    recording.take_events(1);
    let blamed = blamed(&recording);
    assert_eq!(blamed[0].0, "sysctl:vm.max_map_count", "{blamed:?}");
    assert!(
        blamed.iter().all(|(id, _)| id != "rlimit:MEMLOCK"),
        "{blamed:?}"
    );
}

#[test]
fn root_of_a_container_is_stopped_by_its_group_and_not_by_nproc() {
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50_000_000).uid = 0;
    for (name, value) in [
        // What Docker leaves of the capabilities.
        ("cred.cap_effective", 0xa804_25fb),
        ("user_ns.level", 0),
        ("ucount.rlimit_nproc", 64),
        ("rlimit.NPROC", 64),
    ] {
        recording.fact(name, value);
    }
    let files = [
        ("/proc/100/status", "Name:\tforks\n"),
        ("/proc/100/cgroup", "0::/docker/ab12\n"),
        ("/sys/fs/cgroup/docker/ab12/pids.max", "50\n"),
        ("/sys/fs/cgroup/docker/ab12/pids.current", "50\n"),
        ("/proc/sys/kernel/threads-max", "7164\n"),
        ("/proc/loadavg", "0.00 0.01 0.05 2/100 1201\n"),
    ];
    recording.snapshot(Phase::Failure, 60_000_000, &files);
    let callers = ["kernel_clone", "__arm64_sys_clone"];
    recording
        .kernel
        .probe_with_stack("copy_process", &callers, -11);
    recording.take_events(0);
    let blamed = blamed(&recording);
    assert_eq!(blamed[0].0, "cgroup:pids.max", "{blamed:?}");
    let nproc = blamed.iter().find(|(id, _)| id == "rlimit:NPROC");
    assert!(
        nproc.is_none_or(|(_, confidence)| *confidence == Confidence::Low),
        "{blamed:?}"
    );
}

#[test]
fn what_is_missing_is_named_and_never_sure() {
    let found = |rows: &str, syscall: u32| {
        let mut recording = Recording::new();
        recording.fail(syscall, 2, "program", 50);
        recording.path(1, "/srv/data/report");
        recording.snapshot(Phase::Failure, 60, &[("etz:paths", rows)]);
        let wish = Wish {
            errno: Some(2),
            ..Wish::default()
        };
        let diagnosis = diagnose_by(&recording.load(), &wish, book());
        let first = diagnosis
            .culprits
            .into_iter()
            .find(|culprit| culprit.id == "file:missing");
        first.map(|culprit| (culprit.confidence, culprit.summary))
    };
    let head = "pid mode uid gid device inode attributes xattrs size_bytes path\n";
    let missing = format!(
        "{head}7 40755 0 0 8:1 2 - - 4096 /\n7 40755 0 0 8:1 3 - - 4096 /srv\n7 missing - - - - - - - /srv/data\n"
    );
    let (confidence, summary) = found(&missing, 56).unwrap();
    assert_eq!(confidence, Confidence::Low);
    assert!(
        summary.contains("nothing is at /srv/data/report") && summary.ends_with("/srv"),
        "{summary}"
    );
    assert!(
        found(head, 56)
            .unwrap()
            .1
            .contains("or a folder on the way")
    );
    // The second argument of setxattr(2) is the name of an attribute.
    assert_eq!(found(head, 5), None);
    let there = missing.replace(
        "7 missing - - - - - - - /srv/data",
        "7 40755 0 0 8:1 4 - - 4096 /srv/data\n7 100644 0 0 8:1 5 - - 4 /srv/data/report",
    );
    assert_eq!(found(&there, 56), None);
}
