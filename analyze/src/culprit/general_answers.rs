//! What is answered from the state of the host alone, where no function was seen to return the error.

use format_spec::record::Phase;

use super::{Confidence, Culprit, rank};
use crate::{
    case::Case,
    failures::groups,
    limits::{LimitUse, Unit},
    names::errno::{EACCES, EADDRINUSE, EAGAIN, EBUSY, EMFILE, EPERM, EROFS, EXDEV},
    names::syscall_number,
    rules::book,
    testing::Recording,
};

const AT_FDCWD: u64 = 0xffff_ff9c;

fn failing(syscall: &str, errno: u16, facts: &[(&str, u64)], paths: &[(u8, &str)]) -> Recording {
    let mut recording = Recording::new();
    let number = syscall_number(format_spec::record::Architecture::Aarch64, syscall).unwrap();
    recording.fail(number, errno, "program", 50).args = [AT_FDCWD, 0, AT_FDCWD, 0, 0, 0];
    for &(name, value) in facts {
        recording.fact(name, value);
    }
    for &(argument, path) in paths {
        recording.path(argument, path);
    }
    recording
}

fn ranked(
    recording: &mut Recording,
    files: &[(&str, &str)],
    limits: Vec<LimitUse>,
) -> Vec<Culprit> {
    recording.snapshot(Phase::Failure, 60, files);
    let bundle = recording.load();
    let groups = groups(&bundle);
    let mut case = Case::new(&bundle, &groups[0]);
    if !limits.is_empty() {
        case.limits = limits.into();
    }
    rank(&case, book(), 0)
}

fn found<'a>(culprits: &'a [Culprit], id: &str) -> Option<&'a Culprit> {
    culprits.iter().find(|culprit| culprit.id == id)
}

#[test]
fn a_read_only_mount_is_told_from_a_read_only_file_system() {
    let pod = |options: &str| format!("90 80 0:5 / /proc/sys {options}\n");
    let answer = |options: &str| {
        // A relative path, by a process of another mount namespace that is gone.
        let facts = [
            ("fs.cwd_mount", 90),
            ("fs.cwd_device", 5),
            ("fs.root_mount", 80),
        ];
        let mut recording = failing("openat", EROFS, &facts, &[(1, "vm/max_map_count")]);
        let culprits = ranked(
            &mut recording,
            &[("/proc/77/mountinfo", &pod(options))],
            Vec::new(),
        );
        found(&culprits, "fs:readonly").map(|culprit| culprit.summary.clone())
    };
    let mount = answer("ro,relatime - proc proc rw").unwrap();
    assert!(
        mount.contains("the mount at /proc/sys is read-only"),
        "{mount}"
    );
    let whole = answer("ro - ext4 /dev/vda ro").unwrap();
    assert!(
        whole.contains("the file system at /proc/sys, ext4, is read-only"),
        "{whole}"
    );
    let neither = answer("rw - ext4 /dev/vda rw").unwrap_or_default();
    assert!(!neither.contains("the mount at"), "{neither}");
}

const MOUNTS: &str = "20 1 8:1 / / rw - ext4 /dev/vda rw\n21 20 8:2 / /data rw - xfs /dev/vdb rw\n\
    22 20 8:1 /srv /bind rw - ext4 /dev/vda rw\n23 21 0:30 / /data/cache rw - tmpfs none rw\n";

#[test]
fn both_mounts_of_a_rename_are_named() {
    let answer = |from: &str, to: &str| {
        let mut recording = failing("renameat2", EXDEV, &[], &[(1, from), (3, to)]);
        let culprits = ranked(
            &mut recording,
            &[("/proc/100/mountinfo", MOUNTS)],
            Vec::new(),
        );
        found(&culprits, "mount-option:cross-mount").map(|culprit| culprit.summary.clone())
    };
    let two = answer("/tmp/a", "/data/a").unwrap();
    assert!(two.contains("two file systems, at / and /data"), "{two}");
    let one = answer("/srv/a", "/bind/a").unwrap();
    assert!(
        one.contains("two mounts of one file system, at / and /bind"),
        "{one}"
    );
    assert_eq!(answer("/data/a", "/data/b"), None);
}

#[test]
fn a_mount_point_that_is_in_use_is_named() {
    let answer = |syscall, place, path: &str, id| {
        let mut recording = failing(syscall, EBUSY, &[("ns.mnt", 77)], &[(place, path)]);
        let culprits = ranked(
            &mut recording,
            &[("/proc/100/mountinfo", MOUNTS)],
            Vec::new(),
        );
        found(&culprits, id).map(|culprit| culprit.evidence[0].text.clone())
    };
    let removed = answer("unlinkat", 1, "/data", "busy:mount-point").unwrap();
    assert_eq!(removed, "mount 21 of xfs is on /data in mount namespace 77");
    assert_eq!(answer("unlinkat", 1, "/data/x", "busy:mount-point"), None);
    let below = answer("umount2", 0, "/data", "busy:mount").unwrap();
    assert_eq!(below, "mount 23 at /data/cache is on mount 21 at /data");
}

#[test]
fn who_keeps_a_mount_in_use_is_named() {
    let users = "mount pid by\n20 1 cwd\n22 81 cwd\n22 82 fd/3\n";
    let mut recording = failing("umount2", EBUSY, &[], &[(0, "/bind")]);
    let files = [
        ("/proc/100/mountinfo", MOUNTS),
        ("etz:mount-users", users),
        ("/proc/81/comm", "bash\n"),
    ];
    let culprits = ranked(&mut recording, &files, Vec::new());
    let texts = found(&culprits, "busy:mount").map(|culprit| &culprit.evidence);
    let texts: Vec<_> = texts.unwrap().iter().map(|one| one.text.as_str()).collect();
    assert!(
        texts.contains(&"process 81 (bash) has its working folder there"),
        "{texts:?}"
    );
    assert!(
        texts.contains(&"process 82 (?) has a file open there"),
        "{texts:?}"
    );
    assert!(
        !texts.iter().any(|text| text.contains("process 1 ")),
        "{texts:?}"
    );
}

const HOLDERS: &str = "net_ns protocol local_address state uid inode pid\n\
    9 tcp 0100007F:0050 06 0 0 -\n9 tcp 3500007F:0035 0A 0 31 81\n8 tcp 00000000:0035 0A 0 32 82\n";

#[test]
fn the_holder_of_a_port_is_named() {
    let answer = |port: u64| {
        let facts = [("address.family", 2), ("address.port", port), ("ns.net", 9)];
        let mut recording = failing("bind", EADDRINUSE, &facts, &[]);
        let files = [
            ("etz:port-holders", HOLDERS),
            ("/proc/81/comm", "dnsmasq\n"),
        ];
        let culprits = ranked(&mut recording, &files, Vec::new());
        found(&culprits, "busy:port").map(|culprit| culprit.summary.clone())
    };
    // 53, with the high byte first.
    let held = answer(0x3500).unwrap();
    assert!(
        held.ends_with("tcp 127.0.0.53:53 (listening), held by process 81 (dnsmasq)"),
        "{held}"
    );
    let other = answer(0x3600).unwrap_or_default();
    assert!(!other.contains("held"), "{other}");
}

#[test]
fn bits_that_refuse_need_no_origin() {
    let rows = "pid mode uid gid device inode mount attributes xattrs size_bytes path\n\
        7 40755 0 0 8:1 2 20 - - 0 /\n7 40700 1000 1000 8:1 3 20 - - 0 /home\n\
        7 100644 1000 1000 8:1 4 20 - - 0 /home/page\n";
    let answer = |syscall, errno| {
        let facts = [("cred.fsuid", 65534), ("cred.cap_effective", 0)];
        let mut recording = failing(syscall, errno, &facts, &[(1, "/home/page")]);
        recording.failures[0].uid = 65534;
        let culprits = ranked(&mut recording, &[("etz:paths", rows)], Vec::new());
        let mode = found(&culprits, "file:mode");
        mode.map(|culprit| (culprit.summary.clone(), culprit.confidence))
    };
    for syscall in ["openat", "newfstatat", "faccessat"] {
        let (summary, confidence) = answer(syscall, EACCES).unwrap();
        assert!(
            summary.starts_with("uid 65534 may not search /home: mode 0700"),
            "{summary}"
        );
        assert_eq!(confidence, Confidence::High);
    }
    let other = answer("openat", EPERM).map(|(summary, _)| summary);
    assert!(!other.unwrap_or_default().contains("may not search"));
}

#[test]
fn a_limit_that_is_far_from_full_does_not_win_though_its_rule_asks_for_no_numbers() {
    let answer = |usage, errno| {
        let limit = LimitUse {
            at_failure: true,
            ..LimitUse::new(
                "rlimit:NOFILE",
                Unit::Each("descriptors"),
                usage,
                Some(1024),
            )
        };
        let mut recording = failing("dup", errno, &[], &[]);
        let culprits = ranked(&mut recording, &[], vec![limit]);
        found(&culprits, "rlimit:NOFILE").is_some()
    };
    assert!(answer(1024, EMFILE));
    assert!(!answer(100, EMFILE));
}

#[test]
fn the_use_of_the_whole_host_is_known_though_the_process_is_gone() {
    let answer = |threads: u32| {
        let mut recording = failing("clone", EAGAIN, &[], &[]);
        let loadavg = format!("0.1 0.1 0.1 1/{threads} 900\n");
        let files = [
            ("/proc/loadavg", loadavg.as_str()),
            ("/proc/sys/kernel/threads-max", "7164\n"),
        ];
        recording.snapshot(Phase::Failure, 60, &files);
        let bundle = recording.load();
        let limits = crate::limits::table(&bundle, Some(&bundle.failures[0]));
        limits
            .iter()
            .any(|limit| limit.id == "sysctl:kernel.threads-max")
    };
    // Far from it: it rules out. More than half: the process that is gone may have had the rest.
    assert!(answer(100) && !answer(4000) && answer(7160));
}
