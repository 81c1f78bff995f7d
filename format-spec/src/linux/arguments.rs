//! What the arguments of syscalls are (`include/linux/syscalls.h`, alike from 6.1 to 7.2): which is a descriptor, which
//! strings are paths, and where each path leads from.

use crate::record::PathArgument;

/// Syscalls with a file descriptor among their arguments, by its place. Of those with two, the one that is written
/// to, or on which something is made.
const DESCRIPTORS: &[(u8, &[&str])] = &[
    (
        0,
        &[
            "accept",
            "accept4",
            "bind",
            "close",
            "connect",
            "dup",
            "dup2",
            "dup3",
            "epoll_ctl",
            "epoll_pwait",
            "epoll_pwait2",
            "epoll_wait",
            "execveat",
            "faccessat",
            "faccessat2",
            "fadvise64",
            "fallocate",
            "fanotify_mark",
            "fchdir",
            "fchmod",
            "fchmodat",
            "fchmodat2",
            "fchown",
            "fchownat",
            "fcntl",
            "fdatasync",
            "fgetxattr",
            "file_getattr",
            "file_setattr",
            "finit_module",
            "flistxattr",
            "flock",
            "fremovexattr",
            "fsconfig",
            "fsetxattr",
            "fsmount",
            "fspick",
            "fstat",
            "fstatfs",
            "fsync",
            "ftruncate",
            "futimesat",
            "getdents",
            "getdents64",
            "getpeername",
            "getsockname",
            "getsockopt",
            "inotify_add_watch",
            "inotify_rm_watch",
            "io_uring_enter",
            "io_uring_register",
            "ioctl",
            "landlock_add_rule",
            "landlock_restrict_self",
            "listen",
            "lseek",
            "mkdirat",
            "mknodat",
            "mount_setattr",
            "mq_getsetattr",
            "mq_notify",
            "mq_timedreceive",
            "mq_timedsend",
            "name_to_handle_at",
            "newfstatat",
            "open_by_handle_at",
            "open_tree",
            "openat",
            "openat2",
            "pidfd_getfd",
            "pidfd_send_signal",
            "pread64",
            "preadv",
            "preadv2",
            "pwrite64",
            "pwritev",
            "pwritev2",
            "quotactl_fd",
            "read",
            "readahead",
            "readlinkat",
            "readv",
            "recvfrom",
            "recvmmsg",
            "recvmsg",
            "sendfile",
            "sendmmsg",
            "sendmsg",
            "sendto",
            "setns",
            "setsockopt",
            "shutdown",
            "signalfd",
            "signalfd4",
            "statx",
            "sync_file_range",
            "syncfs",
            "timerfd_gettime",
            "timerfd_settime",
            "unlinkat",
            "utimensat",
            "vmsplice",
            "write",
            "writev",
        ],
    ),
    (1, &["symlinkat", "tee"]),
    (
        2,
        &[
            "copy_file_range",
            "linkat",
            "move_mount",
            "renameat",
            "renameat2",
            "splice",
        ],
    ),
    (4, &["mmap"]),
];

/// Strings that are no paths: names of types, keys, options and attributes.
const NOT_PATHS: &[(&str, &[u8])] = &[
    ("add_key", &[0, 1]),
    ("fgetxattr", &[1]),
    ("finit_module", &[1]),
    ("fremovexattr", &[1]),
    ("fsconfig", &[2]),
    ("fsetxattr", &[1]),
    ("fsopen", &[0]),
    ("getxattr", &[1]),
    ("init_module", &[2]),
    ("lgetxattr", &[1]),
    ("lremovexattr", &[1]),
    ("lsetxattr", &[1]),
    ("memfd_create", &[0]),
    ("mount", &[2, 4]),
    ("mq_open", &[0]),
    ("mq_unlink", &[0]),
    ("removexattr", &[1]),
    ("request_key", &[0, 1]),
    ("setxattr", &[1]),
];

/// Syscalls with a path that may lead from the folder behind a descriptor, which stands just before it; beside these,
/// those whose name ends with `at` or `at2`.
const FROM_DESCRIPTOR: &[&str] = &[
    "fanotify_mark",
    "file_getattr",
    "file_setattr",
    "fspick",
    "mount_setattr",
    "move_mount",
    "name_to_handle_at",
    "open_tree",
    "open_tree_attr",
    "statx",
];

/// `AT_FDCWD` as the int that it is.
const AT_FDCWD: u64 = 0xffff_ff9c;

/// Where a path leads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// The root of the process.
    Root,
    /// Its working folder.
    WorkingFolder,
    /// The folder behind a descriptor.
    Descriptor {
        /// The descriptor.
        number: u32,
        /// Whether it is the [descriptor argument](descriptor) of the call, of which the recorder reads facts.
        recorded: bool,
    },
}

/// Syscalls with a file descriptor among their arguments, and its place.
pub fn descriptors() -> impl Iterator<Item = (&'static str, u8)> {
    let each = |&(place, names): &(u8, &'static [&'static str])| {
        names.iter().map(move |name| (*name, place))
    };
    DESCRIPTORS.iter().flat_map(each)
}

/// The place of the descriptor argument of `syscall`; `None` when it has none.
#[must_use]
pub fn descriptor(syscall: &str) -> Option<u8> {
    let (place, _) = DESCRIPTORS
        .iter()
        .find(|(_, names)| names.contains(&syscall))?;
    Some(*place)
}

/// Whether the string argument at `place` is a path.
#[must_use]
pub fn is_path(syscall: &str, place: u8) -> bool {
    let other = NOT_PATHS.iter().find(|(name, _)| *name == syscall);
    other.is_none_or(|(_, places)| !places.contains(&place))
}

/// Where the path argument `path` of `syscall` leads from; `None` when it is no path, is empty, or was cut.
#[must_use]
pub fn start(syscall: &str, args: &[u64; 6], path: &PathArgument) -> Option<Start> {
    if !is_path(syscall, path.argument) || path.truncated || path.bytes.is_empty() {
        return None;
    }
    if path.bytes.starts_with(b"/") {
        return Some(Start::Root);
    }
    let is_at = syscall.trim_end_matches('2').ends_with("at");
    let before = path.argument.checked_sub(1);
    let Some(place) = before.filter(|_| is_at || FROM_DESCRIPTOR.contains(&syscall)) else {
        return Some(Start::WorkingFolder);
    };
    // A descriptor is an int: the upper half of the register is undefined.
    let number = args.get(usize::from(place))? & 0xffff_ffff;
    if number == AT_FDCWD {
        return Some(Start::WorkingFolder);
    }
    Some(Start::Descriptor {
        number: u32::try_from(number).ok()?,
        recorded: descriptor(syscall) == Some(place),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(syscall: &str, args: [u64; 3], place: u8, bytes: &str) -> Option<Start> {
        let path = PathArgument {
            argument: place,
            bytes: bytes.into(),
            truncated: false,
        };
        start(syscall, &[args[0], args[1], args[2], 0, 0, 0], &path)
    }

    #[test]
    fn paths_are_told_from_names() {
        assert_eq!(started("mount", [0; 3], 1, "b"), Some(Start::WorkingFolder));
        assert_eq!(started("mount", [0; 3], 2, "tmpfs"), None);
        assert_eq!(started("setxattr", [0; 3], 1, "user.a"), None);
        assert_eq!(started("openat", [5, 0, 0], 1, "/x"), Some(Start::Root));
        assert_eq!(started("openat", [5, 0, 0], 1, ""), None);
    }

    #[test]
    fn a_path_leads_from_the_descriptor_before_it() {
        let behind = |number, recorded| Some(Start::Descriptor { number, recorded });
        // The upper half of an int's register means nothing.
        let here = 0xdead_0000_0000 | AT_FDCWD;
        assert_eq!(
            started("openat", [here, 0, 0], 1, "x"),
            Some(Start::WorkingFolder)
        );
        assert_eq!(started("openat", [5, 0, 0], 1, "x"), behind(5, true));
        assert_eq!(started("renameat2", [5, 0, 6], 1, "x"), behind(5, false));
        assert_eq!(started("renameat2", [5, 0, 6], 3, "x"), behind(6, true));
        assert_eq!(started("statx", [7, 0, 0], 1, "x"), behind(7, true));
        // Its descriptor is no folder.
        assert_eq!(
            started("inotify_add_watch", [5, 0, 0], 1, "x"),
            Some(Start::WorkingFolder)
        );
    }

    #[test]
    fn a_call_has_one_descriptor() {
        let mut names: Vec<_> = descriptors().map(|(name, _)| name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!((descriptor("mmap"), descriptor("mkdir")), (Some(4), None));
    }
}
