//! The analyzer on bundles and on files of snapshots: whatever they hold, there is a report.

use analyze::{diagnosis::diagnose, load::load, report::Report};
use format_spec::{
    Writer,
    record::{Content, Entry, Failure, Failures, PathArgument, Phase, Snapshot},
    redact::{Redact, Redactor},
};

/// Files that the analyzer reads, and paths of the recorder's own tables; the first byte of the input chooses one.
const PATHS: [&str; 24] = [
    "/proc/self/mountinfo",
    "/proc/81/mountinfo",
    "/proc/81/limits",
    "/proc/81/status",
    "/proc/81/stat",
    "/proc/81/cgroup",
    "/proc/81/attr/current",
    "/proc/keys",
    "/proc/key-users",
    "/proc/sysvipc/sem",
    "/proc/sysvipc/shm",
    "/proc/net/tcp",
    "/proc/net/arp",
    "/proc/net/sockstat",
    "/proc/net/route",
    "/proc/meminfo",
    "/proc/sys/fs/file-nr",
    "/proc/sys/kernel/sem",
    "/sys/fs/cgroup/service/pids.max",
    "etz:users",
    "etz:descriptors",
    "etz:deleted-files",
    "etz:paths",
    "etz:kmsg",
];

/// Loads a file, diagnoses it, and builds the report.
pub fn bundle(file: &[u8]) {
    if let Ok(bundle) = load(file) {
        let _ = Report::new(&bundle, &diagnose(&bundle));
    }
}

/// Diagnoses a failing mount(2) with the input as one file of the snapshot, redacted or not.
pub fn snapshot(input: &[u8]) {
    let &[choice, syscall, errno, ref content @ ..] = input else {
        return;
    };
    let path = PATHS[usize::from(choice & 0x7f) % PATHS.len()];
    let mut snapshot = Snapshot {
        number: 0,
        phase: Phase::Start,
        started_ns: 0,
        ended_ns: 1,
        entries: vec![Entry {
            path: path.into(),
            content: Content::File {
                bytes: content.to_vec(),
                truncated: false,
            },
        }],
    };
    if choice & 0x80 != 0 {
        snapshot.redact(&mut Redactor::new([0; 32]));
    }
    let failure = Failure {
        time_ns: 2,
        syscall: syscall.into(),
        errno: errno.into(),
        tgid: 81,
        pid: 81,
        comm: b"service".into(),
        paths: vec![PathArgument {
            argument: 1,
            bytes: b"/mnt/x".into(),
            truncated: false,
        }],
        ..Failure::default()
    };
    let Ok(mut writer) = Writer::new(Vec::new(), [0; 16], 0) else {
        return;
    };
    let failures = Failures {
        rows: vec![failure],
    };
    if writer.write(0, &failures).is_ok()
        && writer.write(0, &snapshot).is_ok()
        && let Ok(file) = writer.finish()
    {
        bundle(&file);
    }
}
