//! Which permissions a call needs of the file that it names, and of the folder that holds it.

/// What a class of users may do, as in one digit of a mode.
pub(super) const READ: u32 = 4;
pub(super) const WRITE: u32 = 2;
pub(super) const SEARCH: u32 = 1;

/// `O_WRONLY`, `O_RDWR`, `O_CREAT` and `O_TRUNC`, the same on arm64 and x86-64
/// (`include/uapi/asm-generic/fcntl.h`).
const ACCESS_MODE: u64 = 3;
pub(super) const WRITE_ONLY: u64 = 1;
const READ_WRITE: u64 = 2;
pub(super) const CREATE: u64 = 0o100;
const TRUNCATE: u64 = 0o1000;

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// Of the file, if it is there.
    pub(super) target: u32,
    /// Of the folder that holds it.
    pub(super) folder: u32,
    /// Whether the file is created when it is not there.
    pub(super) creates: bool,
}

/// What permissions the call needs; `None` for calls that are not known.
pub(super) fn asked(syscall: &str, args: &[u64; 6]) -> Option<Asked> {
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

pub(super) fn open(flags: u64) -> Asked {
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
