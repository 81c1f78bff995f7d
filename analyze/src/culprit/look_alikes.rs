//! Causes that share errno and origin: only arguments, facts, mounts or the kernel's words tell them apart.

use format_spec::record::{Content, Entry, Phase};

use super::tests::{limit, origin, ranked};
use crate::{
    culprit::{Confidence, Culprit},
    evidence::CodeFacts,
    limits::LimitUse,
    origin::{How, Origin},
    testing::Recording,
};

fn ids(culprits: &[Culprit]) -> Vec<&str> {
    culprits.iter().map(|one| one.id.as_str()).collect()
}

/// The ranking of `recording`, whose failure began at the end of `path`.
fn answers(recording: &Recording, path: &[&str], limits: Vec<LimitUse>) -> Vec<Culprit> {
    let bundle = recording.load();
    let errno = bundle.failures[0].errno;
    ranked(
        &bundle,
        &origin(path, errno, Vec::new()),
        CodeFacts::default(),
        limits,
    )
}

const OPEN: [&str; 3] = ["__arm64_sys_openat", "path_openat", "pick_link"];

#[test]
fn a_link_is_refused_by_its_mount_and_not_by_its_length() {
    let first = |options: &str| {
        let mut recording = Recording::new();
        recording.fail(56, 40, "app", 50);
        recording.path(1, "/conf/app");
        let mounts =
            format!("20 1 0:20 / / rw - ext4 a rw\n21 20 0:21 / /conf {options} - tmpfs b rw\n");
        let paths = "pid mode uid gid device inode attributes xattrs size_bytes path\n\
            7 40755 0 0 8:1 2 - - 4096 /\n7 40755 0 0 0:21 1 - - 60 /conf\n\
            7 120777 0 0 0:21 3 - - 5 /conf/app\n7 100644 0 0 0:21 2 - - 6 /conf/app.1\n";
        let files = [("/proc/100/mountinfo", &*mounts), ("etz:paths", paths)];
        recording.snapshot(Phase::Failure, 60, &files);
        answers(&recording, &OPEN, Vec::new()).swap_remove(0)
    };
    let refused = first("rw,nosymfollow");
    assert_eq!(
        (refused.id.as_str(), refused.confidence),
        ("mount-option:nosymfollow", Confidence::High)
    );
    assert_eq!(first("rw").id, "kernel-limit:MAXSYMLINKS");
}

#[test]
fn a_deadline_task_cannot_fork_however_few_threads_there_are() {
    let first = |policy, path: &[&str], threads| {
        let mut recording = Recording::new();
        recording.fail(220, 11, "control", 50);
        recording.fact("task.policy", policy);
        let threads = limit("sysctl:kernel.threads-max", "threads", threads, 7164);
        let found = answers(&recording, path, vec![threads]);
        found.first().map(|one| (one.id.clone(), one.confidence))
    };
    let path = ["__arm64_sys_clone", "copy_process", "sched_fork"];
    let deadline = ("process-state:SCHED_DEADLINE".to_owned(), Confidence::High);
    assert_eq!(first(6, &path, 100), Some(deadline.clone()));
    // `sched_fork` is not hooked everywhere.
    assert_eq!(
        first(6, &path[..2], 100).map(|first| first.0),
        Some(deadline.0)
    );
    let threads = first(0, &path[..2], 7164).map(|first| first.0);
    assert_eq!(threads.as_deref(), Some("sysctl:kernel.threads-max"));
    let few = first(0, &path[..2], 100).map(|first| first.0);
    assert_ne!(few.as_deref(), Some("sysctl:kernel.threads-max"));
}

#[test]
fn the_number_that_was_reached_tells_which_limit_of_descriptors_it_is() {
    let first = |next, table, rlimit| {
        let mut recording = Recording::new();
        recording.fail(56, 24, "server", 50);
        for (fact, value) in [
            ("files.next_fd", next),
            ("files.max_fds", table),
            ("rlimit.NOFILE", rlimit),
        ] {
            recording.fact(fact, value);
        }
        recording.snapshot(Phase::Failure, 60, &[("/proc/sys/fs/nr_open", "512\n")]);
        let bundle = recording.load();
        let limits = crate::limits::table(&bundle, bundle.failures.last());
        answers(&recording, &["__arm64_sys_openat", "alloc_fd"], limits)
            .swap_remove(0)
            .id
    };
    assert_eq!(first(512, 512, 1024), "sysctl:fs.nr_open");
    assert_eq!(first(300, 512, 300), "rlimit:NOFILE");
    assert_eq!(first(32, 64, 32), "rlimit:NOFILE");
    // There are free numbers below: which one was asked for is not known, but the table was large enough for it.
    assert_eq!(first(3, 64, 32), "rlimit:NOFILE");
}

#[test]
fn what_reaches_a_limit_needs_no_origin() {
    let found = |command: u64, lowest: u64, errno| {
        let mut recording = Recording::new();
        recording.fail(25, errno, "sh", 50).args = [0, command, lowest, 0, 0, 0];
        recording.fact("rlimit.NOFILE", 64);
        let diagnosis = crate::diagnosis::diagnose(&recording.load());
        ids(&diagnosis.culprits).first().map(ToString::to_string)
    };
    let nofile = Some("rlimit:NOFILE".to_owned());
    assert_eq!(found(0, 64, 22), nofile);
    assert_eq!(found(1030, 100, 22), nofile);
    assert_eq!(found(0, 63, 22), None);
    // F_SETPIPE_SZ.
    assert_eq!(found(1031, 100, 22), None);
}

#[test]
fn who_runs_a_program_is_named_without_an_origin() {
    let culprits = |exe: &str| {
        let mut recording = Recording::new();
        recording.fail(56, 26, "cp", 50);
        recording.path(1, "/srv/server");
        let paths = "pid mode uid gid device inode attributes xattrs size_bytes path\n\
            7 40755 0 0 8:1 2 - - 4096 /\n7 40755 0 0 8:1 3 - - 60 /srv\n\
            7 100755 0 0 8:1 4 - - 6 /srv/server\n";
        let files = [("etz:paths", paths), ("/proc/9/comm", "server\n")];
        recording.snapshot(Phase::Failure, 60, &files);
        recording.snapshots[0].entries.push(Entry {
            path: b"/proc/9/exe".into(),
            content: Content::Link(exe.into()),
        });
        crate::diagnosis::diagnose(&recording.load()).culprits
    };
    let named = culprits("/srv/server").swap_remove(0);
    assert_eq!(named.id, "busy:executable-running");
    assert!(named.summary.starts_with("process 9 (server) runs"));
    assert_eq!(named.confidence, Confidence::Medium);
    let only = culprits("/bin/sh").swap_remove(0);
    assert_eq!(
        (only.id.as_str(), only.confidence),
        ("busy:executable-running", Confidence::Low)
    );
}

#[test]
fn a_root_that_cannot_be_moved_away_has_three_reasons() {
    let first = |mounts: &str| {
        let mut recording = Recording::new();
        recording.fail(41, 22, "runc", 50);
        recording.path(0, "/image");
        recording.path(1, "/image/old");
        recording.fact("fs.root_device", 2);
        if !mounts.is_empty() {
            recording.snapshot(Phase::Failure, 60, &[("/proc/100/mountinfo", mounts)]);
        }
        answers(&recording, &["__arm64_sys_pivot_root"], Vec::new())
            .swap_remove(0)
            .id
    };
    let root = "1 1 0:2 / / rw - rootfs rootfs rw\n";
    let image = "5 1 0:9 / /image rw - tmpfs a rw\n";
    assert_eq!(first(&format!("{root}{image}")), "fs:rootfs");
    let disk = "1 0 0:2 / / rw - ext4 a rw\n";
    assert_eq!(first(disk), "argument:new_root");
    let shared = "1 0 0:2 / / rw shared:1 - ext4 a rw\n";
    assert_eq!(
        first(&format!("{shared}{image}")),
        "mount-option:propagation"
    );
    assert_eq!(first(""), "mount-option:propagation");
}

#[test]
fn the_words_of_the_kernel_tell_what_overlayfs_refused() {
    let found = |words: &str| {
        let mut recording = Recording::new();
        recording.fail(40, 22, "dockerd", 50_000_000);
        let log = format!("time_us level text\n49990 3 {words}\n");
        recording.snapshot(Phase::End, 60_000_000, &[("etz:kmsg", &log)]);
        answers(
            &recording,
            &["__arm64_sys_mount", "ovl_fill_super"],
            Vec::new(),
        )
    };
    let deep = found("overlayfs: maximum fs stacking depth exceeded");
    assert_eq!(deep[0].id, "kernel-limit:FILESYSTEM_MAX_STACK_DEPTH");
    assert_eq!(deep[0].confidence, Confidence::High);
    let apart = found("overlayfs: workdir and upperdir must reside under the same mount");
    assert_eq!(apart[0].id, "argument:workdir");
    assert!(apart[0].summary.ends_with("reside under the same mount"));
    assert_eq!(ids(&found("eth0: link is up")), ["file:overlay-layers"]);
}

#[test]
fn what_lockdown_closes_to_root_is_logged_and_in_force() {
    let found = |mode: &str| {
        let mut recording = Recording::new();
        recording.fail(280, 1, "bpftrace", 50_000_000);
        recording.fact("cred.cap_effective", u64::MAX >> 23);
        let log = "time_us level text\n49990 5 Lockdown: bpftrace: use of bpf to read kernel RAM is restricted; \
            see man kernel_lockdown.7\n";
        let files = [("/sys/kernel/security/lockdown", mode), ("etz:kmsg", log)];
        recording.snapshot(Phase::End, 60_000_000, &files);
        let mut culprits = crate::diagnosis::diagnose(&recording.load()).culprits;
        let first = culprits.swap_remove(0);
        (first.id, first.confidence)
    };
    let id = || "lsm:lockdown".to_owned();
    assert_eq!(
        found("none integrity [confidentiality]\n"),
        (id(), Confidence::High)
    );
    assert_eq!(
        found("[none] integrity confidentiality\n"),
        (id(), Confidence::Medium)
    );
}

#[test]
fn fat_keeps_no_owners_even_for_root() {
    let first = |fs_type: &str| {
        let mut recording = Recording::new();
        recording.fail(54, 1, "cp", 50);
        recording.path(1, "/boot/config");
        recording.fact("cred.cap_effective", u64::MAX >> 23);
        recording.fact("user_ns.level", 0);
        let mounts =
            format!("20 1 0:20 / / rw - ext4 a rw\n21 20 0:21 / /boot rw - {fs_type} b rw\n");
        recording.snapshot(Phase::Failure, 60, &[("/proc/100/mountinfo", &mounts)]);
        let path = ["__arm64_sys_fchownat", "chown_common", "notify_change"];
        let found = answers(&recording, &path, Vec::new());
        found.first().map(|one| one.id.clone())
    };
    assert_eq!(first("vfat").as_deref(), Some("mount-option:uid"));
    assert_ne!(first("ext4").as_deref(), Some("mount-option:uid"));
}

#[test]
fn a_project_at_its_quota_is_not_a_full_disk() {
    let found = |options: &str| {
        let mut recording = Recording::new();
        recording.fail(64, 28, "dd", 50);
        recording.fact("fd.device", 21);
        let mounts =
            format!("20 1 0:20 / / rw - ext4 a rw\n21 20 0:21 / /pool rw - xfs b {options}\n");
        recording.snapshot(Phase::Failure, 60, &[("/proc/100/mountinfo", &mounts)]);
        recording.snapshots[0].entries.push(Entry {
            path: b"/pool".into(),
            content: Content::StatFs {
                fs_type: 0x5846_5342,
                block_size_bytes: 4096,
                blocks: 100,
                blocks_free: 92,
                blocks_available: 92,
                inodes: 100,
                inodes_free: 90,
                flags: 0,
            },
        });
        let bundle = recording.load();
        let path = [
            "__arm64_sys_write",
            "xfs_buffered_write_iomap_begin",
            "netlink_broadcast_filtered",
        ];
        let inferred = Origin {
            how: How::Inferred,
            ..origin(&path, 28, Vec::new())
        };
        let all = ranked(&bundle, &inferred, CodeFacts::default(), Vec::new());
        all.first().map(|one| (one.id.clone(), one.confidence))
    };
    let project = found("rw,prjquota").unwrap();
    assert_eq!(
        (&*project.0, project.1),
        ("quota:project", Confidence::High)
    );
    let without = found("rw,noquota").map(|first| first.0);
    assert_ne!(without.as_deref(), Some("quota:project"));
}

#[test]
fn what_tmpfs_calls_full_may_be_memory_that_was_promised() {
    let first = |overcommit: &str, committed| {
        let mut recording = Recording::new();
        recording.fail(64, 28, "dd", 50);
        recording.snapshot(
            Phase::Failure,
            60,
            &[("/proc/sys/vm/overcommit_memory", overcommit)],
        );
        let path = [
            "__arm64_sys_write",
            "shmem_get_folio_gfp",
            "shmem_inode_acct_blocks",
        ];
        let commit = limit("sysctl:vm.overcommit_memory", "bytes", committed, 100);
        answers(&recording, &path, vec![commit]).swap_remove(0).id
    };
    assert_eq!(first("2\n", 100), "sysctl:vm.overcommit_memory");
    // The file may be gone, and what it had promised with it.
    assert_eq!(first("2\n", 10), "sysctl:vm.overcommit_memory");
    assert_eq!(first("0\n", 100), "fs:tmpfs-size");
}
