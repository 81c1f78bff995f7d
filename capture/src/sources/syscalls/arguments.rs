//! Which arguments of which syscalls are strings worth keeping, which one is a file descriptor, and which one points to
//! the address of a socket or to a structure of arguments.

use capture_ebpf::{Arguments, MAX_SYSCALLS};
use format_spec::{
    linux::arguments::{self, Start},
    record::Failure,
};

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

/// Syscalls that are given the address of a socket (`struct sockaddr __user *`, `include/linux/syscalls.h`), with the
/// place of the pointer.
const ADDRESSES: &[(&str, u8)] = &[("bind", 1), ("connect", 1), ("sendto", 4)];

/// Syscalls whose arguments are in a structure in memory, with the place of the pointer: `struct clone_args`
/// (`include/uapi/linux/sched.h`).
const STRUCTURES: &[(&str, u8)] = &[("clone3", 0)];

/// The paths among the string arguments of a failure whose beginning is known, and where they lead from.
pub(crate) fn paths(failure: &Failure) -> impl Iterator<Item = (Start, &[u8])> {
    let name = names::syscall_name(failure.syscall);
    failure.paths.iter().filter_map(move |argument| {
        let start = arguments::start(&name, &failure.args, argument)?;
        Some((start, &argument.bytes[..]))
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
    for (name, place) in arguments::descriptors() {
        set(name, &|row| row.descriptor = place);
    }
    for (name, place) in ADDRESSES {
        set(name, &|row| row.address = *place);
    }
    for (name, place) in STRUCTURES {
        set(name, &|row| row.structure = *place);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use capture_ebpf::{MAX_STRINGS, NO_ARGUMENT};

    #[test]
    fn fits_the_slots_and_the_registers() {
        for (name, places) in STRINGS {
            assert!(places.len() <= MAX_STRINGS, "{name}");
            assert!(places.iter().all(|&place| place < 6), "{name}");
        }
        assert!(STRINGS.is_sorted_by_key(|(name, _)| *name));
        assert!(arguments::descriptors().all(|(_, place)| place < 6));
    }

    #[test]
    fn names_are_of_some_architecture() {
        let strings = STRINGS.iter().map(|(name, _)| *name);
        let descriptors = arguments::descriptors().map(|(name, _)| name);
        let memory = ADDRESSES.iter().chain(STRUCTURES).map(|(name, _)| *name);
        for name in strings.chain(descriptors).chain(memory) {
            let here = names::syscall_number(name).is_some();
            let elsewhere = name.parse::<syscalls::x86_64::Sysno>().is_ok();
            assert!(here || elsewhere, "{name}");
        }
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
        assert_eq!((of("bind").address, of("sendto").address), (1, 4));
        assert_eq!(of("write").address, NO_ARGUMENT);
        assert_eq!(
            (of("clone3").structure, of("bind").structure),
            (0, NO_ARGUMENT)
        );
    }
}
