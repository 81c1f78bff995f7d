//! Which arguments of which syscalls are strings worth keeping, and which one is a file descriptor.

use capture_ebpf::{Arguments, MAX_SYSCALLS};
use format_spec::record::Failure;

use crate::names;

/// Syscalls whose arguments are NUL-terminated strings (`const char __user *` in `include/linux/syscalls.h`), with
/// the places of the strings. Names that the architecture does not have are passed over.
///
/// Of mount(2) the file system's own options are among them: most file systems take a string.
const STRINGS: &[(&str, &[u8])] = &[
    ("access", &[0]),
    ("acct", &[0]),
    ("add_key", &[0, 1]),
    ("chdir", &[0]),
    ("chmod", &[0]),
    ("chown", &[0]),
    ("chroot", &[0]),
    ("creat", &[0]),
    ("delete_module", &[0]),
    ("execve", &[0]),
    ("execveat", &[1]),
    ("faccessat", &[1]),
    ("faccessat2", &[1]),
    ("fanotify_mark", &[4]),
    ("fchmodat", &[1]),
    ("fchmodat2", &[1]),
    ("fchownat", &[1]),
    ("fgetxattr", &[1]),
    ("file_getattr", &[1]),
    ("file_setattr", &[1]),
    ("finit_module", &[1]),
    ("fremovexattr", &[1]),
    ("fsconfig", &[2]),
    ("fsetxattr", &[1]),
    ("fsopen", &[0]),
    ("fspick", &[1]),
    ("futimesat", &[1]),
    ("getxattr", &[0, 1]),
    ("init_module", &[2]),
    ("inotify_add_watch", &[1]),
    ("lchown", &[0]),
    ("lgetxattr", &[0, 1]),
    ("link", &[0, 1]),
    ("linkat", &[1, 3]),
    ("listxattr", &[0]),
    ("llistxattr", &[0]),
    ("lremovexattr", &[0, 1]),
    ("lsetxattr", &[0, 1]),
    ("lstat", &[0]),
    ("memfd_create", &[0]),
    ("mkdir", &[0]),
    ("mkdirat", &[1]),
    ("mknod", &[0]),
    ("mknodat", &[1]),
    ("mount", &[0, 1, 2, 4]),
    ("mount_setattr", &[1]),
    ("move_mount", &[1, 3]),
    ("mq_open", &[0]),
    ("mq_unlink", &[0]),
    ("name_to_handle_at", &[1]),
    ("newfstatat", &[1]),
    ("open", &[0]),
    ("open_tree", &[1]),
    ("open_tree_attr", &[1]),
    ("openat", &[1]),
    ("openat2", &[1]),
    ("pivot_root", &[0, 1]),
    ("quotactl", &[1]),
    ("readlink", &[0]),
    ("readlinkat", &[1]),
    ("removexattr", &[0, 1]),
    ("rename", &[0, 1]),
    ("renameat", &[1, 3]),
    ("renameat2", &[1, 3]),
    ("request_key", &[0, 1]),
    ("rmdir", &[0]),
    ("setxattr", &[0, 1]),
    ("stat", &[0]),
    ("statfs", &[0]),
    ("statx", &[1]),
    ("swapoff", &[0]),
    ("swapon", &[0]),
    ("symlink", &[0, 1]),
    ("symlinkat", &[0, 2]),
    ("truncate", &[0]),
    ("umount2", &[0]),
    ("unlink", &[0]),
    ("unlinkat", &[1]),
    ("uselib", &[0]),
    ("utime", &[0]),
    ("utimensat", &[1]),
    ("utimes", &[0]),
];

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

/// `AT_FDCWD` as the int that it is.
const AT_FDCWD: u64 = 0xffff_ff9c;

/// The paths among the string arguments of a failure that lead from its root or its working folder.
pub(crate) fn paths(failure: &Failure) -> impl Iterator<Item = &[u8]> {
    let name = names::syscall_name(failure.syscall);
    let not = NOT_PATHS.iter().find(|(syscall, _)| *syscall == name);
    let not = not.map_or(&[][..], |(_, places)| *places);
    failure.paths.iter().filter_map(move |argument| {
        // The descriptor of the folder stands just before the path.
        let before = usize::from(argument.argument).checked_sub(1);
        let folder = before.and_then(|place| failure.args.get(place));
        let from_cwd = !name.contains("at") || folder.is_none_or(|fd| fd & 0xffff_ffff == AT_FDCWD);
        let is_path = !not.contains(&argument.argument) && !argument.truncated;
        let reachable = argument.bytes.starts_with(b"/") || from_cwd;
        (is_path && reachable && !argument.bytes.is_empty()).then_some(&argument.bytes[..])
    })
}

/// For each syscall number, what its arguments are.
pub(super) fn by_number() -> Vec<Arguments> {
    let mut table = vec![Arguments::NONE; MAX_SYSCALLS as usize];
    let mut set = |name: &str, change: &dyn Fn(&mut Arguments)| {
        let row = names::syscall_number(name).and_then(|number| table.get_mut(number as usize));
        row.into_iter().for_each(change);
    };
    for (name, places) in STRINGS {
        set(name, &|row| {
            for (slot, &place) in row.strings.iter_mut().zip(*places) {
                *slot = place;
            }
        });
    }
    for (place, names) in DESCRIPTORS {
        for name in *names {
            set(name, &|row| row.descriptor = *place);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use capture_ebpf::{MAX_STRINGS, NO_ARGUMENT};
    use format_spec::record::PathArgument;

    use super::*;

    #[test]
    fn fits_the_slots_and_the_registers() {
        for (name, places) in STRINGS {
            assert!(places.len() <= MAX_STRINGS, "{name}");
            assert!(places.iter().all(|&place| place < 6), "{name}");
        }
        assert!(STRINGS.is_sorted_by_key(|(name, _)| *name));
        assert!(
            DESCRIPTORS
                .iter()
                .all(|(place, names)| *place < 6 && names.is_sorted())
        );
    }

    #[test]
    fn names_are_of_some_architecture() {
        let strings = STRINGS.iter().map(|(name, _)| *name);
        let descriptors = DESCRIPTORS
            .iter()
            .flat_map(|(_, names)| names.iter().copied());
        for name in strings.chain(descriptors) {
            let here = names::syscall_number(name).is_some();
            let elsewhere = name.parse::<syscalls::x86_64::Sysno>().is_ok();
            assert!(here || elsewhere, "{name}");
        }
    }

    #[test]
    fn paths_are_told_from_names_and_from_other_folders() {
        let failure = |name, args: [u64; 2], strings: &[(u8, &str)]| Failure {
            syscall: names::syscall_number(name).unwrap(),
            args: [args[0], args[1], 0, 0, 0, 0],
            paths: strings
                .iter()
                .map(|&(argument, text)| PathArgument {
                    argument,
                    bytes: text.into(),
                    truncated: false,
                })
                .collect(),
            ..Failure::default()
        };
        let mount = failure("mount", [0, 0], &[(0, "/a"), (1, "b"), (2, "tmpfs")]);
        assert_eq!(paths(&mount).collect::<Vec<_>>(), [b"/a".as_slice(), b"b"]);
        let here = failure("openat", [AT_FDCWD, 0], &[(1, "x")]);
        assert_eq!(paths(&here).count(), 1);
        let elsewhere = failure("openat", [5, 0], &[(1, "x")]);
        assert_eq!(paths(&elsewhere).count(), 0);
        assert_eq!(paths(&failure("openat", [5, 0], &[(1, "/x")])).count(), 1);
    }

    #[test]
    fn is_found_by_number() {
        let of = |name| by_number()[names::syscall_number(name).unwrap() as usize];
        assert_eq!(of("mount").strings, [0, 1, 2, 4]);
        assert_eq!(of("mount").descriptor, NO_ARGUMENT);
        assert_eq!(
            (of("write").strings[0], of("write").descriptor),
            (NO_ARGUMENT, 0)
        );
        assert_eq!((of("mmap").descriptor, of("renameat2").descriptor), (4, 2));
    }
}
