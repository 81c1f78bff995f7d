//! A candidate of permission bits: what `namei -l` would show.

use super::{Candidate, Kind, Subject};
use crate::{
    evidence::{Component, NamedFile},
    names::base_name,
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

/// Functions that compare permission bits (`fs/namei.c`, `fs/posix_acl.c`), and the syscalls' walks into which they
/// are inlined.
const CHECKS: [&str; 7] = [
    "acl_permission_check",
    "do_inode_permission",
    "generic_permission",
    "inode_permission",
    "link_path_walk",
    "may_lookup",
    "posix_acl_permission",
];

/// Candidates of the permission bits of the path that the call named.
pub(super) fn candidates(subject: &Subject<'_>) -> Option<Candidate> {
    let origin = subject.origin;
    let by_bits = origin.is_none_or(|origin| CHECKS.contains(&base_name(&origin.function)));
    if subject.group.errno != EACCES || !by_bits {
        return None;
    }
    let file = subject.file?;
    let asked = asked(&subject.group.syscall_name, &subject.sample?.args)?;
    let caller = Caller {
        uid: subject
            .fact("cred.fsuid")
            .or_else(|| Some(subject.sample?.uid.into()))?,
        capabilities: subject.fact("cred.cap_effective").unwrap_or(0),
    };
    let (component, bits) = refused(file, asked, caller)?;
    let Component {
        path,
        mode,
        uid,
        gid,
        ..
    } = component;
    let mode = mode & 0o7777;
    let verb = verb(bits);
    let user = caller.uid;
    let summary = format!("uid {user} may not {verb} {path}: mode {mode:04o} of {uid}:{gid}");
    let mut candidate = Candidate::new("file:mode", summary);
    candidate.says(
        Kind::State,
        40,
        format!("{path} has mode {mode:04o}, owner {uid}, group {gid}"),
    );
    if subject.fs_type == Some("proc") {
        let text = "programs that list processes live with what /proc keeps from other users";
        candidate.denies(Kind::State, 25, text);
    }
    if let Some(origin) = origin {
        let text = format!("{} compares the permission bits", origin.function);
        candidate.says(Kind::Origin, 30, text);
    }
    candidate.remedy = shlex::try_quote(path)
        .map(|path| vec![format!("`namei -l {path}`"), format!("`getfacl {path}`")])
        .unwrap_or_default();
    Some(candidate)
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
#[derive(Debug, Clone, Copy)]
struct Caller {
    uid: u64,
    capabilities: u64,
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
        "stat" | "lstat" | "newfstatat" | "statx" | "statfs" | "readlink" | "readlinkat"
        | "chmod" | "fchmodat" | "chown" | "fchownat" | "utimensat" | "mount" => search(0),
        _ => return None,
    })
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

/// The first component that refuses, and what it refuses.
fn refused(file: &NamedFile, asked: Asked, caller: Caller) -> Option<(&Component, u32)> {
    let creates = asked.creates && file.target.is_none();
    let folder = asked.folder | if creates { WRITE } else { 0 };
    let last = file.folders.len().checked_sub(1)?;
    let on_the_way = file.folders.iter().enumerate().map(|(index, component)| {
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

/// Those of `bits` that the mode certainly refuses to the caller. Groups and access lists are not known: what the
/// group's bits or a list might allow is not counted (`fs/namei.c`, `acl_permission_check`, `generic_permission`).
fn missing(component: &Component, bits: u32, folder: bool, caller: Caller) -> u32 {
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
        mode >> 3 | mode
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

fn verb(bits: u32) -> &'static str {
    match bits {
        bits if bits & WRITE != 0 => "write",
        bits if bits & READ != 0 => "read",
        _ => "search or execute",
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
        }
    }

    fn caller(uid: u64, capabilities: u64) -> Caller {
        Caller { uid, capabilities }
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
        let found = refused(&file, asked, caller(1000, 0)).unwrap();
        assert_eq!((found.0.path.as_str(), found.1), ("/a", SEARCH));
        assert_eq!(refused(&file, asked, caller(0, 0)), None);
        let found = refused(&file, asked, caller(1000, READ_SEARCH));
        assert_eq!(found, None);
    }

    #[test]
    fn a_new_file_needs_its_folder_and_an_old_one_does_not() {
        let mut file = NamedFile {
            folders: vec![component("/", 0o40755, 0)],
            target: Some(component("/x", 0o100_666, 0)),
            links: Vec::new(),
        };
        let create = open(WRITE_ONLY | CREATE);
        assert_eq!(refused(&file, create, caller(5, 0)), None);
        file.target = None;
        assert_eq!(refused(&file, create, caller(5, 0)).unwrap().1, WRITE);
        assert_eq!(refused(&file, create, caller(5, OVERRIDE)), None);
    }

    #[test]
    fn what_a_group_or_a_list_may_allow_is_not_refused() {
        let mut file = component("/x", 0o100_640, 0);
        assert_eq!(missing(&file, READ, false, caller(5, 0)), 0);
        assert_eq!(missing(&file, WRITE, false, caller(5, 0)), WRITE);
        file.xattrs.push("system.posix_acl_access".into());
        assert_eq!(missing(&file, WRITE, false, caller(5, 0)), 0);
        // Even root executes only what somebody may execute.
        let file = component("/x", 0o100_644, 0);
        assert_eq!(missing(&file, SEARCH, false, caller(0, OVERRIDE)), SEARCH);
    }
}
