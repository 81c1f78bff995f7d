//! Which failure is chosen, on made-up hosts.

use super::*;
use crate::{
    diagnosis::{Diagnosis, diagnose, diagnose_by},
    failures::groups,
    names::errno::{EACCES, EMFILE, EMSGSIZE, ENOENT, ENOSPC, ENXIO, EPERM},
    rules::book,
    testing::Recording,
};

// Of arm64.
const MKNODAT: u32 = 33;
const MOUNT: u32 = 40;
const OPENAT: u32 = 56;
const NEWFSTATAT: u32 = 79;
const MQ_OPEN: u32 = 180;
const BIND: u32 = 200;
const SOCKET: u32 = 198;
const SENDTO: u32 = 206;
const PRLIMIT64: u32 = 261;

const IO_URING_SETUP: u32 = 425;

/// What goes wrong on every host: a look-up along PATH, a job that may not raise a limit.
fn noise(recording: &mut Recording) {
    for time_ns in (0..900_000_000).step_by(100_000_000) {
        for (folder, errno) in [("/usr/local/bin", ENOENT), ("/root/bin", EACCES)] {
            recording.fail(NEWFSTATAT, errno, "sh", time_ns + u64::from(errno));
            recording.path(1, &format!("{folder}/backup"));
        }
        recording.fail(PRLIMIT64, EPERM, "cron", time_ns + 500);
        recording.fail(OPENAT, ENOENT, "sh", time_ns + 600);
        recording.path(1, "/etc/ld.so.preload");
    }
}

fn first(diagnosis: &Diagnosis) -> Option<(&str, u16, &[u8])> {
    let group = &diagnosis.failures[diagnosis.subject?];
    Some((&group.syscall_name, group.errno, &group.comm))
}

#[test]
fn a_limit_that_is_hit_once_stands_before_noise() {
    for (syscall, errno, name) in [(MQ_OPEN, EMFILE, "mq_open"), (BIND, EACCES, "bind")] {
        let mut recording = Recording::new();
        noise(&mut recording);
        recording.fail(syscall, errno, "server", 400).tgid = 9;
        let diagnosis = diagnose(&recording.load());
        assert_eq!(first(&diagnosis), Some((name, errno, &b"server"[..])));
    }
}

#[test]
fn confidence_does_not_choose_the_incident() {
    let mut recording = Recording::new();
    for time_ns in 0..200 {
        recording.fail(MOUNT, ENOSPC, "dockerd", time_ns * 5_000_000);
    }
    // Answered before the syscall is entered, under a filter: sure to be seccomp.
    recording.fail(MKNODAT, EPERM, "sandbox", 30).not_entered = true;
    recording.fact("task.seccomp_mode", 2);
    let bundle = recording.load();
    let diagnosis = diagnose(&bundle);
    assert_eq!(first(&diagnosis), Some(("mount", ENOSPC, &b"dockerd"[..])));
    assert!(
        diagnosis
            .culprits
            .iter()
            .all(|culprit| Some(culprit.failure) == diagnosis.subject)
    );
    let of = |wish: &Wish| {
        let diagnosis = diagnose_by(&bundle, wish, book());
        (
            first(&diagnosis).map(|(name, ..)| name.to_owned()),
            diagnosis.culprits.first().map(|culprit| culprit.id.clone()),
        )
    };
    let wish = Wish {
        comm: Some("sandbox".into()),
        ..Wish::default()
    };
    assert_eq!(of(&wish), (Some("mknodat".into()), Some("seccomp".into())));
}

#[test]
fn nothing_stands_out_of_what_programs_live_with() {
    let mut recording = Recording::new();
    noise(&mut recording);
    let diagnosis = diagnose(&recording.load());
    assert!(
        first(&diagnosis).is_none_or(|(name, ..)| name != "newfstatat"),
        "{:?}",
        first(&diagnosis)
    );
    let mut recording = Recording::new();
    recording.fail(NEWFSTATAT, ENXIO, "sh", 5);
    let diagnosis = diagnose(&recording.load());
    assert_eq!((diagnosis.subject, diagnosis.incidents.len()), (None, 0));
}

/// A container's seccomp filter refuses io_uring: sure to be known, and harmless if the program goes on.
#[test]
fn what_programs_live_with_is_no_incident_where_they_went_on() {
    let chosen = |end: Option<(u64, i32)>| {
        let mut recording = Recording::new();
        recording.fail(NEWFSTATAT, ENOENT, "sh", 5).tgid = 9;
        recording.exit(7, 0);
        recording
            .fail(IO_URING_SETUP, EPERM, "server", 10)
            .not_entered = true;
        recording.fact("task.seccomp_mode", 2);
        if let Some((time_ns, status)) = end {
            recording.exit(time_ns, status);
        }
        diagnose(&recording.load()).subject.is_some()
    };
    assert!(!chosen(None));
    assert!(!chosen(Some((5_000_000_000, 1 << 8))));
    assert!(chosen(Some((20, 1 << 8))));
}

#[test]
fn the_tree_of_the_recorded_command_leads() {
    let mut recording = Recording::new();
    for time_ns in 0..50 {
        recording.fail(MOUNT, ENOSPC, "dockerd", time_ns);
    }
    recording.fail(BIND, EACCES, "server", 60).tgid = 7;
    recording.fact("task.of_command", 1);
    let diagnosis = diagnose(&recording.load());
    assert_eq!(first(&diagnosis), Some(("bind", EACCES, &b"server"[..])));
    assert_eq!(diagnosis.incidents.len(), 2);
}

/// `ls /nosuch` beside a busy host: the look-up that healthy programs live with is what the person means.
#[test]
fn what_ended_the_recorded_command_leads_though_it_is_normal() {
    let chosen = |word: &str, status| {
        let mut recording = Recording::new();
        let words = ["capture", "-o", "/nosuch", "--", "ls", word];
        recording.manifest.as_mut().unwrap().command_line = words.map(str::to_owned).into();
        recording.fail(MOUNT, ENOSPC, "dockerd", 5);
        for (time_ns, path) in [
            (10, "/etc/ld.so.preload"),
            (20, "/nosuch"),
            (30, "/usr/share/locale/en_US/LC_MESSAGES/coreutils.mo"),
            (40, "/usr/share/locale/en/LC_MESSAGES/coreutils.mo"),
        ] {
            let syscall = if time_ns == 20 { NEWFSTATAT } else { OPENAT };
            recording.fail(syscall, ENOENT, "ls", time_ns).tgid = 7;
            recording.fact("task.of_command", 1);
            recording.path(1, path);
        }
        recording.exit(50, status);
        recording.closing.as_mut().unwrap().command_status = Some(status);
        let diagnosis = diagnose(&recording.load());
        first(&diagnosis).map(|(name, ..)| name.to_owned())
    };
    assert_eq!(chosen("/nosuch", 2 << 8).as_deref(), Some("newfstatat"));
    assert_eq!(chosen("/nosuch", 0).as_deref(), Some("mount"));
    // As of `docker run`: it is the daemon that fails.
    assert_eq!(chosen("/srv", 2 << 8).as_deref(), Some("mount"));
}

#[test]
fn a_program_that_ended_badly_stands_before_one_that_went_on() {
    let mut recording = Recording::new();
    for (tgid, comm, status) in [(7, "well", 0), (8, "badly", 1 << 8), (9, "killed", 11)] {
        recording.fail(BIND, EACCES, comm, 10).tgid = tgid;
        recording.counts.last_mut().unwrap().tgid = tgid;
        recording.exit(20, status);
    }
    recording.fail(BIND, EACCES, "on", 10).tgid = 10;
    recording.counts.last_mut().unwrap().tgid = 10;
    recording.exit(5_000_000_000, 1 << 8);
    let diagnosis = diagnose(&recording.load());
    let comms: Vec<&[u8]> = diagnosis
        .failures
        .iter()
        .map(|group| &group.comm[..])
        .collect();
    assert_eq!(comms, [&b"badly"[..], b"killed", b"on", b"well"]);
}

/// ping asks for a socket that it may not have, takes another kind, and ends when that fails.
#[test]
fn a_program_ends_for_the_last_of_its_failures() {
    let mut recording = Recording::new();
    for (syscall, errno, time_ns) in [(SOCKET, EACCES, 10), (SENDTO, EMSGSIZE, 20)] {
        recording.fail(syscall, errno, "ping", time_ns);
    }
    recording.exit(30, 1 << 8);
    let diagnosis = diagnose(&recording.load());
    assert_eq!(first(&diagnosis), Some(("sendto", EMSGSIZE, &b"ping"[..])));
}

#[test]
fn words_choose_and_normal_failures_too() {
    let mut recording = Recording::new();
    noise(&mut recording);
    recording.fail(MOUNT, ENOSPC, "dockerd", 400).pid = 8;
    recording.fail(MOUNT, ENOSPC, "dockerd", 500).tgid = 99;
    recording.counts.last_mut().unwrap().tgid = 99;
    let bundle = recording.load();
    let chosen = |wish: Wish| {
        let diagnosis = diagnose_by(&bundle, &wish, book());
        first(&diagnosis)
            .map(|(name, errno, comm)| format!("{} {name} {errno}", comm.escape_ascii()))
    };
    let wish = |set: fn(&mut Wish)| {
        let mut wish = Wish::default();
        set(&mut wish);
        wish
    };
    let symptom = |text: &str| Wish {
        symptom: Some(Symptom::read(text)),
        ..Wish::default()
    };
    let mount = Some("dockerd mount 28".to_owned());
    assert_eq!(chosen(symptom("No Space Left on device")), mount);
    assert_eq!(
        chosen(symptom("sh: permission denied")).as_deref(),
        Some("sh newfstatat 13")
    );
    assert_eq!(
        chosen(symptom("cron: operation not permitted")).as_deref(),
        Some("cron prlimit64 1")
    );
    assert_eq!(chosen(symptom("text file busy")), None);
    assert_eq!(chosen(wish(|wish| wish.errno = Some(ENOSPC))), mount);
    assert_eq!(
        chosen(wish(|wish| wish.syscall = Some("mount".into()))),
        mount
    );
    assert_eq!(chosen(wish(|wish| wish.pid = Some(8))), mount);
    assert_eq!(chosen(wish(|wish| wish.pid = Some(99))), mount);
    assert_eq!(chosen(wish(|wish| wish.pid = Some(12))), None);
    assert_eq!(
        chosen(wish(
            |wish| (wish.syscall, wish.errno) = (Some("openat".into()), Some(ENOENT))
        ))
        .as_deref(),
        Some("sh openat 2")
    );
    assert_eq!(chosen(wish(|wish| wish.failure = Some(0))), mount);
    assert_eq!(chosen(wish(|wish| wish.failure = Some(99))), None);
    let all = diagnose_by(&bundle, &wish(|wish| wish.pid = Some(99)), book());
    let group = &all.failures[all.subject.unwrap()];
    assert_eq!((group.samples.len(), group.count), (1, 2));
}

#[test]
fn a_container_is_told_from_its_host() {
    let id = "ab".repeat(32);
    let mut recording = Recording::new();
    for (tgid, time_ns) in [(7, 10), (8, 20), (9, 30)] {
        recording.fail(OPENAT, EMFILE, "web", time_ns).tgid = tgid;
    }
    let groups_of = [
        (
            "/proc/7/cgroup",
            "0::/system.slice/web.service\n".to_owned(),
        ),
        (
            "/proc/8/cgroup",
            format!("0::/system.slice/docker-{id}.scope\n"),
        ),
    ];
    let files: Vec<_> = groups_of
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    recording.snapshot(format_spec::record::Phase::Failure, 40, &files);
    let bundle = recording.load();
    let candidates = ranked(&bundle, &Calls::default(), groups(&bundle));
    let samples = |set: &dyn Fn(&mut Wish)| {
        let mut wish = Wish::default();
        set(&mut wish);
        let found = wanted(&bundle, &wish, &candidates);
        found
            .first()
            .map(|(_, group)| group.samples.clone())
            .unwrap_or_default()
    };
    assert_eq!(samples(&|wish| wish.container = Some(id[..12].into())), [1]);
    assert_eq!(samples(&|wish| wish.unit = Some("web".into())), [0]);
    assert_eq!(
        samples(&|wish| wish.cgroup = Some("/system.slice".into())),
        [0, 1]
    );
    assert!(samples(&|wish| wish.cgroup = Some("/user.slice".into())).is_empty());
}
