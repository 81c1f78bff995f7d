//! Candidates of what the file or its mount is: closed for execution, for devices, for writing, for change.

use format_spec::linux::mountinfo::Mount;

use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::{Component, absolute, below_mount, places},
    names::errno::{EACCES, ENOENT, EPERM, EROFS, EXDEV},
    text::plain,
};

/// `PROT_EXEC` (`include/uapi/asm-generic/mman-common.h`).
const EXECUTABLE: u64 = 4;

/// Bit of that capability (`include/uapi/linux/capability.h`).
const CAP_SYS_PTRACE: u64 = 1 << 19;

/// What such a property weighs: it explains the errno, whatever function returned it.
const WEIGHT: i32 = 40;

/// Candidates of the mount and the file that the call is about.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    found.extend(mount_option(case));
    found.extend(read_only(case));
    found.extend(cross_mount(case));
    found.extend(hidden_process(case));
    found.extend(inode_flag(case));
    found
}

/// The mount refuses by one of its options (`path_noexec`, `may_open_dev` in `fs/`; `mnt_want_write`).
fn mount_option(case: &Case<'_>) -> Option<Candidate> {
    let mount = case.mount()?;
    let syscall = case.group.syscall_name.as_str();
    let maps_code = || {
        let args = case.sample.map_or([0; 6], |sample| sample.args);
        matches!(syscall, "mmap" | "mprotect") && args[2] & EXECUTABLE != 0
    };
    let is_device = || {
        let target = case.file.as_ref().and_then(|file| file.target.as_ref());
        target.is_some_and(Component::is_device)
    };
    let (id, option) = match case.group.errno {
        EACCES if matches!(syscall, "execve" | "execveat") => ("mount-option:noexec", "noexec"),
        EPERM if maps_code() => ("mount-option:noexec", "noexec"),
        EACCES if is_device() => ("mount-option:nodev", "nodev"),
        _ => return None,
    };
    if !mount.has(option) {
        return None;
    }
    let point = plain(&mount.point);
    let summary = format!("the mount at {point} is {option}, and {syscall} needs it not to be");
    let mut candidate = Candidate::new(id, summary);
    let text = format!("{point} is mounted {}", plain(mount.options.as_bytes()));
    candidate.says(Kind::State, WEIGHT, text);
    candidate.remedy = shlex::try_quote(&point)
        .map(|point| vec![format!("`findmnt {point}`")])
        .unwrap_or_default();
    Some(candidate)
}

/// The mount, or the file system wherever it is mounted, is read-only (`__mnt_want_write`, `sb_permission`, `fs/`).
fn read_only(case: &Case<'_>) -> Option<Candidate> {
    let mount = case.mount().filter(|_| case.group.errno == EROFS)?;
    let (point, fs_type) = (plain(&mount.point), plain(mount.fs_type.as_bytes()));
    let by_file_system = mount.file_system_has("ro");
    let (summary, state, remount) = match (mount.itself_has("ro"), by_file_system) {
        (true, false) => (
            format!("the mount at {point} is read-only; its file system, {fs_type}, is not"),
            format!(
                "the mount at {point} has the options {}",
                plain(mount.options.as_bytes())
            ),
            "remount,bind,rw",
        ),
        (_, true) => (
            format!("the file system at {point}, {fs_type}, is read-only wherever it is mounted"),
            format!(
                "{fs_type} at {point} has the options {}",
                plain(mount.super_options.as_bytes())
            ),
            "remount,rw",
        ),
        (false, false) => return None,
    };
    let mut candidate = Candidate {
        specific: 3,
        ..Candidate::new("fs:readonly", summary)
    };
    candidate.says(Kind::State, WEIGHT, state);
    candidate.says(Kind::State, WEIGHT - 1, case.place.as_ref()?.text());
    candidate.remedy = shlex::try_quote(&point)
        .map(|point| {
            let remount = format!("`mount -o {remount} {point}`");
            let why =
                "see why it is read-only before that: `dmesg | grep -i -e remount -e 'I/O error'`";
            match by_file_system {
                true => vec![remount, why.into()],
                false => vec![remount],
            }
        })
        .unwrap_or_default();
    Some(candidate)
}

/// rename(2) and link(2) from one mount to another (`do_renameat2`, `do_linkat`, `fs/namei.c`).
fn cross_mount(case: &Case<'_>) -> Option<Candidate> {
    let renames = ["rename", "renameat", "renameat2", "link", "linkat"];
    if case.group.errno != EXDEV || !renames.contains(&case.group.syscall_name.as_str()) {
        return None;
    }
    let places = places(case.bundle, case.sample?, &case.mounts);
    let [from, to] = &places[..] else {
        return None;
    };
    let (from, to) = (from.mount.as_ref()?, to.mount.as_ref()?);
    let what = |mount: &Mount| {
        let (point, fs_type) = (plain(&mount.point), plain(mount.fs_type.as_bytes()));
        format!("{point} ({fs_type}, device {})", mount.device)
    };
    if from.id == to.id {
        let mut candidate = Candidate::new("mount-option:cross-mount", "");
        let text = format!("both paths are on one mount, at {}", what(from));
        candidate.denies(Kind::State, 60, text);
        return Some(candidate);
    }
    let why = if from.device == to.device {
        "two mounts of one file system"
    } else {
        "two file systems"
    };
    let summary = format!(
        "the paths are on {why}, at {} and {}",
        plain(&from.point),
        plain(&to.point)
    );
    let mut candidate = Candidate {
        specific: 3,
        ..Candidate::new("mount-option:cross-mount", summary)
    };
    candidate.says(
        Kind::State,
        WEIGHT,
        format!("from {} to {}", what(from), what(to)),
    );
    candidate.remedy = vec!["let the program copy instead: mv does".into()];
    Some(candidate)
}

/// A file of another user's process, in a `/proc` that hides them (`proc_pid_permission`, `fs/proc/base.c`): a process
/// is hidden whole with `invisible`, its files with `noaccess`.
fn hidden_process(case: &Case<'_>) -> Option<Candidate> {
    let mount = case.mount()?;
    let hides: &[&str] = match case.group.errno {
        EPERM => &["noaccess", "1"],
        ENOENT => &["invisible", "2", "ptraceable", "4"],
        _ => return None,
    };
    let options = mount.super_options.split(',');
    let hidden = options
        .filter_map(|option| option.strip_prefix("hidepid="))
        .find(|hidden| hides.contains(hidden))
        .filter(|_| mount.fs_type == "proc")?;
    let sample = case.sample?;
    let granted = case.bundle.fact(sample, "cred.cap_effective");
    if granted.is_some_and(|granted| granted & CAP_SYS_PTRACE != 0) {
        return None;
    }
    let named = sample.paths.iter().find_map(|path| {
        let path = absolute(case.bundle, sample, path)?;
        let below = below_mount(mount, &path)?;
        let process = below.split(|&byte| byte == b'/').next()?;
        let is_number = !process.is_empty() && process.iter().all(u8::is_ascii_digit);
        is_number.then(|| plain(&path))
    })?;
    // The recorder is not one from whom processes are hidden: what it does not find either is gone.
    let is_there = case.file.as_ref().map(|file| file.target.is_some());
    if case.group.errno == ENOENT && is_there == Some(false) {
        return None;
    }
    let point = plain(&mount.point);
    let summary = format!(
        "{point} is mounted with hidepid={hidden}: uid {} does not see {named}",
        sample.uid
    );
    let mut candidate = Candidate::new("mount-option:hidepid", summary);
    let text = format!(
        "{point} is mounted {}",
        plain(mount.super_options.as_bytes())
    );
    // Where nobody looked, it may be gone as well.
    let seen = case.group.errno == EPERM || is_there == Some(true);
    candidate.says(Kind::State, if seen { WEIGHT } else { WEIGHT / 2 }, text);
    if is_there == Some(true) {
        candidate.says(
            Kind::State,
            WEIGHT - 1,
            format!("{named} is there: the recorder saw it"),
        );
    }
    candidate.remedy = vec![
        "run it as a member of the group that gid= names: `findmnt -o OPTIONS /proc`".into(),
        "`mount -o remount,hidepid=0 /proc`".into(),
    ];
    Some(candidate)
}

/// The file, or the folder that holds it, cannot be changed (`IS_IMMUTABLE`, `IS_APPEND` in `fs/`).
fn inode_flag(case: &Case<'_>) -> Option<Candidate> {
    let file = case.file.as_ref().filter(|_| case.group.errno == EPERM)?;
    let both = || file.target.iter().chain(file.folder());
    let closed = |flag: &'static str| Some((flag, both().find(|one| one.has(flag))?));
    let (flag, component) = closed("immutable").or_else(|| closed("append"))?;
    let path = &component.path;
    let summary = format!("{path} has the {flag} flag: nobody changes it, root neither");
    let mut candidate = Candidate::new(format!("inode-flag:{flag}"), summary);
    candidate.says(Kind::State, WEIGHT, format!("{path} is {flag}"));
    let letter = if flag == "append" { 'a' } else { 'i' };
    candidate.remedy = shlex::try_quote(path)
        .map(|path| {
            vec![
                format!("`lsattr -d {path}`"),
                format!("`chattr -{letter} {path}`"),
            ]
        })
        .unwrap_or_default();
    Some(candidate)
}
