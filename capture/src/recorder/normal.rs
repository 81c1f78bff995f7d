//! Failures that healthy programs live with, as data.

/// Syscalls that take a path and are used to find out whether something is there.
const LOOKUPS: &[&str] = &[
    "access",
    "chdir",
    "faccessat",
    "faccessat2",
    "getxattr",
    "inotify_add_watch",
    "lgetxattr",
    "listxattr",
    "llistxattr",
    "lstat",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "readlink",
    "readlinkat",
    "stat",
    "statfs",
    "statx",
    "unlink",
    "unlinkat",
];

/// Syscalls that wait or transfer data, and say EAGAIN when there is nothing to do now.
const TRANSFERS: &[&str] = &[
    "accept",
    "accept4",
    "copy_file_range",
    "epoll_pwait",
    "epoll_wait",
    "flock",
    "futex",
    "futex_wait",
    "futex_waitv",
    "io_getevents",
    "io_pgetevents",
    "mq_timedreceive",
    "msgrcv",
    "poll",
    "ppoll",
    "pread64",
    "preadv",
    "preadv2",
    "read",
    "readv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "rt_sigtimedwait",
    "semop",
    "semtimedop",
    "splice",
    "tee",
];

const ATTRIBUTES: &[&str] = &["fgetxattr", "getxattr", "lgetxattr"];

const CREATES: &[&str] = &[
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "open",
    "openat",
    "symlink",
    "symlinkat",
];

/// Every syscall.
const ANY: &[&str] = &[];

/// errnos with the syscalls of which they are normal.
const NORMAL: &[(&str, &[&str])] = &[
    ("EAGAIN", TRANSFERS),
    ("EALREADY", &["connect"]),
    ("EBADF", &["close", "close_range", "fcntl", "fstat"]),
    ("ECHILD", &["wait4", "waitid"]),
    ("ECONNREFUSED", &["connect"]),
    (
        "ECONNRESET",
        &[
            "read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg",
        ],
    ),
    ("EEXIST", CREATES),
    ("EINPROGRESS", &["connect"]),
    ("EINTR", ANY),
    ("EINVAL", &["ioctl", "prctl", "readlink", "readlinkat"]),
    ("EISDIR", &["read"]),
    ("ENODATA", ATTRIBUTES),
    ("ENOENT", LOOKUPS),
    ("ENOENT", &["connect"]),
    ("ENOTCONN", &["getpeername", "shutdown"]),
    ("ENOTDIR", LOOKUPS),
    ("ENOTEMPTY", &["rmdir", "unlinkat"]),
    ("ENOTTY", &["ioctl"]),
    ("ENXIO", &["lseek"]),
    ("EOPNOTSUPP", ATTRIBUTES),
    ("EPIPE", &["read", "write", "writev", "sendto", "sendmsg"]),
    ("ESPIPE", &["lseek"]),
    ("ESRCH", &["kill", "tgkill", "tkill"]),
    (
        "ETIMEDOUT",
        &[
            "futex",
            "futex_wait",
            "futex_waitv",
            "ppoll",
            "rt_sigtimedwait",
        ],
    ),
];

/// errnos with the syscalls of which they are normal as a rule, but not always.
const DOUBTFUL: &[(&str, &[&str])] = &[
    ("EACCES", &["access", "faccessat", "faccessat2"]),
    (
        "EAGAIN",
        &[
            "fcntl",
            "mq_timedsend",
            "msgsnd",
            "sendmmsg",
            "sendmsg",
            "sendto",
            "write",
            "writev",
        ],
    ),
    ("EBADF", &["dup2", "dup3"]),
    ("EEXIST", ANY),
    ("ENODATA", ANY),
    ("ENOENT", ANY),
    ("ENOSYS", ANY),
    ("EOPNOTSUPP", ANY),
    ("ESRCH", ANY),
    ("ETIMEDOUT", ANY),
];

/// Whether healthy programs live with it.
pub(super) fn is_normal(syscall: &str, errno: &str) -> bool {
    lists(NORMAL, syscall, errno)
}

/// Whether it is normal as a rule.
pub(super) fn is_doubtful(syscall: &str, errno: &str) -> bool {
    lists(DOUBTFUL, syscall, errno)
}

fn lists(table: &[(&str, &[&str])], syscall: &str, errno: &str) -> bool {
    let rows = table.iter().filter(|(name, _)| *name == errno);
    rows.map(|(_, syscalls)| *syscalls)
        .any(|syscalls| syscalls.is_empty() || syscalls.contains(&syscall))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names;

    #[test]
    fn all_errnos_exist() {
        for (errno, _) in NORMAL.iter().chain(DOUBTFUL) {
            assert!(names::errno_number(errno).is_some(), "{errno}");
        }
    }

    #[test]
    fn normal_is_not_the_same_for_all() {
        assert!(is_normal("openat", "ENOENT") && is_normal("futex", "EINTR"));
        assert!(!is_normal("mount", "ENOENT") && is_doubtful("mount", "ENOENT"));
        assert!(is_normal("read", "EAGAIN") && !is_normal("clone", "EAGAIN"));
        assert!(!is_doubtful("clone", "EAGAIN") && is_doubtful("sendto", "EAGAIN"));
    }
}
