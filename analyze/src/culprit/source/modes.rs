//! A candidate of permission bits: what `namei -l` would show.

use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::{Component, NamedFile, absolute},
    names::base_name,
    origin::{How, Origin},
};

const EACCES: u16 = 13;

/// What a class of users may do, as in one digit of a mode.
const READ: u32 = 4;
const WRITE: u32 = 2;
const SEARCH: u32 = 1;

/// `O_WRONLY`, `O_RDWR`, `O_CREAT` and `O_TRUNC`, the same on arm64 and x86-64
/// (`include/uapi/asm-generic/fcntl.h`).
const ACCESS_MODE: u64 = 3;
const WRITE_ONLY: u64 = 1;
const READ_WRITE: u64 = 2;
const CREATE: u64 = 0o100;
const TRUNCATE: u64 = 0o1000;

/// `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH` as bits.
const OVERRIDE: u64 = 1 << 1;
const READ_SEARCH: u64 = 1 << 2;

/// `AT_EACCESS` of faccessat2(2) (`include/uapi/linux/fcntl.h`).
const AS_EFFECTIVE: u64 = 0x200;

/// Functions that compare permission bits (`fs/namei.c`, `fs/posix_acl.c`), and the walks into which they are inlined.
/// Most are too hot to be hooked: where none is seen, the bits answer alone.
const CHECKS: [&str; 18] = [
    "acl_permission_check",
    "do_filp_open",
    "do_inode_permission",
    "filename_lookup",
    "filename_parentat",
    "generic_permission",
    "inode_permission",
    "link_path_walk",
    "lookup_inode_permission_may_exec",
    "lookup_open",
    "may_create",
    "may_delete",
    "may_lookup",
    "may_open",
    "path_lookupat",
    "path_openat",
    "path_parentat",
    "posix_acl_permission",
];

/// Candidates of the permission bits of the path that the call named.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    candidate(case).into_iter().collect()
}

fn candidate(case: &Case<'_>) -> Option<Candidate> {
    if case.group.errno != EACCES {
        return None;
    }
    let file = case.file.as_ref()?;
    let syscall = case.group.syscall_name.as_str();
    let sample = case.sample?;
    let asked = asked(syscall, &sample.args)?;
    let caller = Caller::of(case)?;
    let start = start(case);
    let (component, bits) = refused(file, &start, asked, &caller)?;
    let Component {
        path,
        mode,
        uid,
        gid,
        ..
    } = component;
    let mode = mode & 0o7777;
    let verb = verb(bits, component.is_folder());
    let user = caller.uid;
    let summary = format!("uid {user} may not {verb} {path}: mode {mode:04o} of {uid}:{gid}");
    let mut candidate = Candidate {
        specific: 3,
        ..Candidate::new("file:mode", summary)
    };
    candidate.says(
        Kind::State,
        40,
        format!("{path} has mode {mode:04o}, owner {uid}, group {gid}"),
    );
    if case.fact("cred.cap_effective").is_some() {
        let text = format!("uid {user} has no capability that would lift that");
        candidate.says(Kind::Predicate, 25, text);
    }
    if case.fs_type() == Some("proc") {
        let text = "programs that list processes live with what /proc keeps from other users";
        candidate.denies(Kind::State, 25, text);
    }
    if let Some(origin) = case.origin {
        if CHECKS.contains(&base_name(&origin.function)) {
            let text = format!("{} compares the permission bits", origin.function);
            candidate.says(Kind::Origin, 30, text);
        } else if is_other_policy(origin) {
            let text = format!("{} returned the error, which asks others", origin.function);
            candidate.denies(Kind::Origin, 30, text);
        }
    }
    candidate.remedy = shlex::try_quote(path)
        .map(|path| vec![format!("`namei -l {path}`"), format!("`getfacl {path}`")])
        .unwrap_or_default();
    Some(candidate)
}

/// Whether a security module, or the mount, was asked and refused; the kernel asks them after the bits.
fn is_other_policy(origin: &Origin) -> bool {
    let mut way = origin.path.iter().map(|step| base_name(step));
    origin.how != How::Inferred
        && way.any(|step| step.starts_with("security_") || step == "path_noexec")
}

/// The folder that the path of the call leads from: those above it are not searched.
fn start(case: &Case<'_>) -> String {
    let folder = || {
        let sample = case.sample?;
        let path = sample.paths.iter().rev().find_map(|path| {
            let whole = absolute(case.bundle, sample, path)?;
            (!path.bytes.starts_with(b"/"))
                .then(|| whole[..whole.len() - path.bytes.len()].to_vec())
        })?;
        let path = path.strip_suffix(b"/").unwrap_or(&path);
        Some(path.escape_ascii().to_string())
    };
    folder().unwrap_or_default()
}

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    /// Of the file, if it is there.
    target: u32,
    /// Of the folder that holds it.
    folder: u32,
    /// Whether the file is created when it is not there.
    creates: bool,
}

/// Who asks.
#[derive(Debug, Clone)]
struct Caller {
    uid: u64,
    capabilities: u64,
    /// Its groups, the one for files among them; `None` when they are not known.
    groups: Option<Vec<u32>>,
}

impl Caller {
    /// The task that failed. access(2) and faccessat(2) ask for the real user, who has the permitted capabilities as root and
    /// none otherwise (`access_override_creds`, `fs/open.c`).
    fn of(case: &Case<'_>) -> Option<Self> {
        let sample = case.sample?;
        let real = match case.group.syscall_name.as_str() {
            "access" | "faccessat" => true,
            "faccessat2" => sample.args[3] & AS_EFFECTIVE == 0,
            _ => false,
        };
        let fact = |name| case.fact(name);
        let in_user_namespace = fact("user_ns.level").is_some_and(|level| level > 0);
        let (uid, capabilities) = if real {
            let keeps = sample.uid == 0 || in_user_namespace;
            let permitted = fact("cred.cap_permitted").filter(|_| keeps);
            (sample.uid.into(), permitted.unwrap_or(0))
        } else {
            let uid = fact("cred.fsuid").unwrap_or_else(|| sample.uid.into());
            (uid, fact("cred.cap_effective").unwrap_or(0))
        };
        Some(Self {
            uid,
            capabilities,
            groups: groups(case),
        })
    }
}

/// The groups of the failing process, where a snapshot has it: the last word of `Gid:` is the one for files, `Groups:`
/// are the others (`fs/proc/array.c`, `task_state`).
fn groups(case: &Case<'_>) -> Option<Vec<u32>> {
    let sample = case.sample?;
    let views = case.bundle.snapshots.nearest(sample.time_ns);
    let path = format!("/proc/{}/status", sample.tgid);
    let status = views.iter().find_map(|view| view.text(&path))?;
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let mut groups: Vec<u32> = line("Groups:")?
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    groups.push(line("Gid:")?.split_whitespace().next_back()?.parse().ok()?);
    Some(groups)
}

/// What permissions the call needs; `None` for calls that are not known.
fn asked(syscall: &str, args: &[u64; 6]) -> Option<Asked> {
    let entry = Asked {
        target: 0,
        folder: WRITE | SEARCH,
        creates: false,
    };
    let search = |target| Asked {
        target,
        folder: SEARCH,
        creates: false,
    };
    Some(match syscall {
        "open" => open(args[1]),
        "openat" => open(args[2]),
        "creat" => open(WRITE_ONLY | CREATE | TRUNCATE),
        "mkdir" | "mkdirat" | "mknod" | "mknodat" | "symlink" | "symlinkat" | "link" | "linkat"
        | "rename" | "renameat" | "renameat2" | "unlink" | "unlinkat" | "rmdir" | "bind" => entry,
        "execve" | "execveat" | "chdir" | "chroot" => search(SEARCH),
        "truncate" | "connect" => search(WRITE),
        "inotify_add_watch" => search(READ),
        "access" => search(wanted(args[1])),
        "faccessat" | "faccessat2" => search(wanted(args[2])),
        "stat" | "lstat" | "newfstatat" | "statx" | "statfs" | "readlink" | "readlinkat"
        | "chmod" | "fchmodat" | "fchmodat2" | "chown" | "lchown" | "fchownat" | "utimensat"
        | "mount" | "umount2" | "getxattr" | "lgetxattr" | "listxattr" | "llistxattr"
        | "name_to_handle_at" | "open_tree" | "openat2" => search(0),
        _ => return None,
    })
}

/// What access(2) asks: `R_OK`, `W_OK` and `X_OK` are the bits of a mode (`include/uapi/linux/fs.h`, `MAY_READ` …).
fn wanted(mode: u64) -> u32 {
    u32::try_from(mode & 7).unwrap_or(0)
}

fn open(flags: u64) -> Asked {
    let write = match flags & ACCESS_MODE {
        WRITE_ONLY => WRITE,
        READ_WRITE => READ | WRITE,
        _ => READ,
    };
    let truncate = if flags & TRUNCATE != 0 { WRITE } else { 0 };
    Asked {
        target: write | truncate,
        folder: SEARCH,
        creates: flags & CREATE != 0,
    }
}

/// The first component from the folder `start` on that refuses, and what it refuses.
fn refused<'a>(
    file: &'a NamedFile,
    start: &str,
    asked: Asked,
    caller: &Caller,
) -> Option<(&'a Component, u32)> {
    let creates = asked.creates && file.target.is_none();
    let folder = asked.folder | if creates { WRITE } else { 0 };
    let last = file.folders.len().checked_sub(1)?;
    let is_above = |component: &Component| {
        start
            .strip_prefix(component.path.trim_end_matches('/'))
            .is_some_and(|rest| rest.starts_with('/'))
    };
    let on_the_way = file.folders.iter().enumerate();
    let on_the_way = on_the_way.skip_while(|(_, component)| is_above(component));
    let on_the_way = on_the_way.map(|(index, component)| {
        let bits = if index == last { folder } else { SEARCH };
        (component, bits, true)
    });
    let target = file
        .target
        .iter()
        .map(|component| (component, asked.target, component.is_folder()));
    on_the_way
        .chain(target)
        .find_map(|(component, bits, folder)| {
            let missing = missing(component, bits, folder, caller);
            (missing != 0).then_some((component, missing))
        })
}

/// Those of `bits` that the mode certainly refuses to the caller. Access lists are not known, and groups not always: what
/// the group's bits or a list might allow is not counted (`fs/namei.c`, `acl_permission_check`, `generic_permission`).
fn missing(component: &Component, bits: u32, folder: bool, caller: &Caller) -> u32 {
    let mode = component.mode;
    let allowed = if u64::from(component.uid) == caller.uid {
        mode >> 6
    } else if component
        .xattrs
        .iter()
        .any(|name| name == "system.posix_acl_access")
    {
        READ | WRITE | SEARCH
    } else {
        match &caller.groups {
            Some(groups) if groups.contains(&component.gid) => mode >> 3,
            Some(_) => mode,
            None => mode >> 3 | mode,
        }
    };
    let mut missing = bits & !allowed;
    if caller.capabilities & OVERRIDE != 0 && (folder || mode & 0o111 != 0) {
        missing = 0;
    } else if caller.capabilities & OVERRIDE != 0 {
        missing &= SEARCH;
    } else if caller.capabilities & READ_SEARCH != 0 {
        missing &= if folder { WRITE } else { WRITE | SEARCH };
    }
    missing
}

fn verb(bits: u32, folder: bool) -> &'static str {
    match bits {
        bits if bits & WRITE != 0 => "write",
        bits if bits & READ != 0 => "read",
        _ if folder => "search",
        _ => "execute",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(path: &str, mode: u32, uid: u32) -> Component {
        Component {
            path: path.into(),
            mode,
            uid,
            gid: 0,
            attributes: Vec::new(),
            xattrs: Vec::new(),
            mount: None,
        }
    }

    fn caller(uid: u64, capabilities: u64) -> Caller {
        Caller {
            uid,
            capabilities,
            groups: None,
        }
    }

    #[test]
    fn the_first_folder_that_refuses_is_named() {
        let file = NamedFile {
            folders: vec![
                component("/", 0o40755, 0),
                component("/a", 0o40700, 0),
                component("/a/b", 0o40755, 0),
            ],
            target: Some(component("/a/b/c", 0o100_600, 0)),
            links: Vec::new(),
        };
        let asked = asked("openat", &[0, 0, 0, 0, 0, 0]).unwrap();
        let found = refused(&file, "", asked, &caller(1000, 0)).unwrap();
        assert_eq!((found.0.path.as_str(), found.1), ("/a", SEARCH));
        assert_eq!(refused(&file, "", asked, &caller(0, 0)), None);
        let found = refused(&file, "", asked, &caller(1000, READ_SEARCH));
        assert_eq!(found, None);
    }

    #[test]
    fn folders_above_the_one_that_the_path_leads_from_are_not_searched() {
        let file = NamedFile {
            folders: vec![
                component("/", 0o40755, 0),
                component("/a", 0o40700, 0),
                component("/a/b", 0o40700, 0),
                component("/a/b/c", 0o40700, 0),
            ],
            target: None,
            links: Vec::new(),
        };
        let asked = asked("newfstatat", &[0; 6]).unwrap();
        let path =
            |start| refused(&file, start, asked, &caller(5, 0)).map(|(one, _)| &one.path[..]);
        assert_eq!(path(""), Some("/a"));
        assert_eq!(path("/a/b"), Some("/a/b"));
        assert_eq!(path("/a/b/c"), Some("/a/b/c"));
    }

    #[test]
    fn a_group_that_is_known_decides() {
        let mut file = component("/x", 0o100_640, 0);
        file.gid = 7;
        let of = |groups: &[u32]| Caller {
            groups: Some(groups.to_vec()),
            ..caller(5, 0)
        };
        assert_eq!(missing(&file, READ, false, &of(&[7])), 0);
        assert_eq!(missing(&file, READ, false, &of(&[8])), READ);
        file.mode = 0o100_604;
        assert_eq!(missing(&file, READ, false, &of(&[7])), READ);
    }

    #[test]
    fn a_new_file_needs_its_folder_and_an_old_one_does_not() {
        let mut file = NamedFile {
            folders: vec![component("/", 0o40755, 0)],
            target: Some(component("/x", 0o100_666, 0)),
            links: Vec::new(),
        };
        let create = open(WRITE_ONLY | CREATE);
        assert_eq!(refused(&file, "", create, &caller(5, 0)), None);
        file.target = None;
        assert_eq!(refused(&file, "", create, &caller(5, 0)).unwrap().1, WRITE);
        assert_eq!(refused(&file, "", create, &caller(5, OVERRIDE)), None);
    }

    #[test]
    fn what_a_group_or_a_list_may_allow_is_not_refused() {
        let mut file = component("/x", 0o100_640, 0);
        assert_eq!(missing(&file, READ, false, &caller(5, 0)), 0);
        assert_eq!(missing(&file, WRITE, false, &caller(5, 0)), WRITE);
        file.xattrs.push("system.posix_acl_access".into());
        assert_eq!(missing(&file, WRITE, false, &caller(5, 0)), 0);
        // Even root executes only what somebody may execute.
        let file = component("/x", 0o100_644, 0);
        assert_eq!(missing(&file, SEARCH, false, &caller(0, OVERRIDE)), SEARCH);
    }
}
