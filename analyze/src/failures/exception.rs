//! Failures that healthy programs live with as a rule, told apart from those of the same call and errno that mean more:
//! the exceptions of `rules/normal.toml`.

use format_spec::{linux::mountinfo::Mount, record::Failure};
use serde::Deserialize;

use crate::{
    case::Case,
    evidence::{absolute, below_mount},
    failures::Group,
    load::Bundle,
    names::errno_name,
    rules::{Answer, CapabilityIs, FactIs, FileIs, MountIs},
};

/// The component of a pattern that stands for the number of a process.
const PID: &[u8] = b"PID";

/// One exception: a failure that it holds for is doubtful, not normal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    #[serde(rename = "why")]
    _why: String,
    /// errno of the syscall, any of them.
    pub(super) errno: Vec<String>,
    /// How the path begins below the mount that it is on, component by component.
    path: String,
    /// Mounts; all must be known to be so.
    mount: Vec<MountIs>,
    /// Capabilities of the failing task; they may not be known to be otherwise.
    capability: Option<CapabilityIs>,
    /// Facts of the failing task; none may be known to be otherwise.
    #[serde(default)]
    fact: Vec<FactIs>,
    /// The file as the recorder found it; it may not be known to be otherwise.
    #[serde(default)]
    file: Vec<FileIs>,
}

impl Exception {
    /// Whether it holds for one failure of `group`.
    pub(super) fn holds(&self, bundle: &Bundle, group: &Group, failure: &Failure) -> bool {
        let Some(path) = failure.paths.iter().rfind(|path| !path.bytes.is_empty()) else {
            return false;
        };
        // Most paths end here: what follows reads the mounts of the process.
        if !self.errno.contains(&errno_name(failure.errno)) || !self.may_begin(&path.bytes) {
            return false;
        }
        let case = Case::of(bundle, group, Some(failure));
        let is_below = |mount: &Mount| {
            let whole = absolute(bundle, failure, path)?;
            Some(self.begins(below_mount(mount, &whole)?))
        };
        if case.mount().and_then(is_below) != Some(true) {
            return false;
        }
        let mut mounts = self.mount.iter().map(|is| is.answer(&case));
        let capabilities = self.capability.iter().map(|is| is.answer(&case));
        let facts = self.fact.iter().map(|is| is.answer(&case));
        let files = self.file.iter().map(|is| is.answer(&case));
        mounts.all(|answer| answer == Answer::Holds)
            && capabilities
                .chain(facts)
                .chain(files)
                .all(|answer| answer != Answer::Fails)
    }

    /// Whether a path that begins somewhere in `path` may begin as it should.
    fn may_begin(&self, path: &[u8]) -> bool {
        let starts = path.split(|&byte| byte == b'/').scan(0, |at, component| {
            let start = *at;
            *at += component.len() + 1;
            Some(start)
        });
        starts
            .filter_map(|start| path.get(start..))
            .any(|rest| self.begins(rest))
    }

    fn begins(&self, path: &[u8]) -> bool {
        let mut found = path.split(|&byte| byte == b'/');
        let mut wanted = self.path.as_bytes().split(|&byte| byte == b'/');
        wanted.all(|wanted| {
            let found = found.next().unwrap_or_default();
            let is_number = !found.is_empty() && found.iter().all(u8::is_ascii_digit);
            found == wanted || wanted == PID && is_number
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        failures::{Class, groups},
        testing::Recording,
    };
    use format_spec::record::Phase;

    const OPENAT: u32 = 56;
    const CAP_SYS_PTRACE: u64 = 1 << 19;

    fn mounts(options: &str) -> String {
        format!("1 1 8:1 / / rw - ext4 /dev/a rw\n2 1 0:5 / /proc rw - proc proc rw,{options}\n")
    }

    /// The classes of the kinds, and how many failures each has, after a look at `path` with these rights.
    fn classes(options: &str, path: &str, effective: u64) -> Vec<(Class, u64)> {
        let mut recording = Recording::new();
        recording.fail(OPENAT, 2, "agent", 10);
        recording.path(1, "/etc/ld.so.preload");
        recording.fact("cred.cap_effective", effective);
        recording.fail(OPENAT, 2, "agent", 20);
        recording.path(1, path);
        recording.fact("cred.cap_effective", effective);
        let text = mounts(options);
        recording.snapshot(Phase::Failure, 30, &[("/proc/100/mountinfo", &text)]);
        let groups = groups(&recording.load());
        groups
            .iter()
            .map(|group| (group.class, group.count))
            .collect()
    }

    #[test]
    fn a_process_that_is_hidden_is_told_from_other_look_ups() {
        let apart = [(Class::Doubtful, 1), (Class::Normal, 1)];
        for options in ["hidepid=invisible", "gid=4,hidepid=ptraceable"] {
            assert_eq!(classes(options, "/proc/7/status", 0), apart, "{options}");
        }
    }

    #[test]
    fn what_is_not_hidden_stays_normal() {
        let together = [(Class::Normal, 2)];
        assert_eq!(classes("hidepid=noaccess", "/proc/7/status", 0), together);
        assert_eq!(classes("hidepid=invisible", "/proc/sys/7", 0), together);
        assert_eq!(classes("hidepid=invisible", "/srv/7/status", 0), together);
        let granted = classes("hidepid=invisible", "/proc/7/status", CAP_SYS_PTRACE);
        assert_eq!(granted, together);
    }

    #[test]
    fn what_the_recorder_found_tells_hidden_from_gone() {
        let class = |found: &str| {
            let mut recording = Recording::new();
            recording.fail(OPENAT, 2, "agent", 20);
            recording.path(1, "/proc/7/status");
            let head = "pid mode uid gid device inode mount attributes xattrs size_bytes path\n";
            let above = "100 40755 0 0 8:1 2 1 - - 4096 /\n100 40555 0 0 0:5 1 2 - - 0 /proc\n";
            let (paths, mounts) = (format!("{head}{above}{found}"), mounts("hidepid=invisible"));
            let files = [("/proc/100/mountinfo", &*mounts), ("etz:paths", &*paths)];
            recording.snapshot(Phase::Failure, 30, &files);
            groups(&recording.load())[0].class
        };
        let missing = "100 missing - - - - - - - - /proc/7\n";
        let folder = "100 40555 0 0 0:5 8 2 - - 0 /proc/7\n";
        let status = "100 100444 0 0 0:5 9 2 - - 0 /proc/7/status\n";
        assert_eq!(class(missing), Class::Normal);
        assert_eq!(class(&format!("{folder}{status}")), Class::Doubtful);
    }
}
