//! Which arguments of which syscalls are strings worth keeping.

use capture_ebpf::{MAX_STRINGS, MAX_SYSCALLS, NO_ARGUMENT};

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

/// For each syscall number, the places of its strings.
pub(super) fn by_number() -> Vec<[u8; MAX_STRINGS]> {
    let mut table = vec![[NO_ARGUMENT; MAX_STRINGS]; MAX_SYSCALLS as usize];
    for (name, arguments) in STRINGS {
        let slots = names::syscall_number(name).and_then(|number| table.get_mut(number as usize));
        if let Some(slots) = slots {
            for (slot, &argument) in slots.iter_mut().zip(*arguments) {
                *slot = argument;
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_the_slots_and_the_registers() {
        for (name, arguments) in STRINGS {
            assert!(arguments.len() <= MAX_STRINGS, "{name}");
            assert!(arguments.iter().all(|&argument| argument < 6), "{name}");
        }
        assert!(STRINGS.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn is_found_by_number() {
        let mount = names::syscall_number("mount").unwrap();
        assert_eq!(by_number()[mount as usize], [0, 1, 2, 4]);
        let read = names::syscall_number("read").unwrap();
        assert_eq!(by_number()[read as usize], [NO_ARGUMENT; MAX_STRINGS]);
    }
}
