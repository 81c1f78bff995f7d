//! The failing call, as far as limits ask: which kind it is, and how much it is about.

use format_spec::record::Failure;

use crate::{evidence::sysctl, load::Bundle, names::syscall_name};

/// A failing call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) failure: &'a Failure,
    pub(super) kind: Kind,
}

/// Kinds of calls that limits tell apart; lengths and sizes are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Mmap {
        length: u64,
        prot: u64,
        flags: u64,
    },
    Mprotect {
        length: u64,
        prot: u64,
    },
    Munmap,
    Mremap {
        old: u64,
        new: u64,
        flags: u64,
    },
    Mlock {
        length: u64,
    },
    Mlockall {
        flags: u64,
    },
    /// `clone`, `clone3`, `fork`, `vfork`; the flags of `clone3` are in memory.
    Clone {
        flags: Option<u64>,
    },
    Unshare {
        flags: u64,
    },
    Exec,
    Setns,
    Shmget {
        size: u64,
        flags: u64,
    },
    Shmctl,
    Semget {
        semaphores: u64,
    },
    Semop {
        operations: u64,
    },
    Msgget,
    Msgsnd {
        size: u64,
    },
    /// A key with a payload of so many bytes.
    AddKey {
        payload: u64,
    },
    /// A key ring.
    Keyctl,
    IoSetup {
        events: u64,
    },
    /// What works on an io_uring.
    IoUring,
    /// `write` and the like of so many bytes.
    Write {
        length: u64,
    },
    /// `ftruncate` and `truncate` to so many bytes, `fallocate` of so many behind its offset.
    Resize {
        length: u64,
    },
    /// What makes so many descriptors.
    Open {
        descriptors: u64,
    },
    /// `F_SETPIPE_SZ`.
    PipeSize {
        size: u64,
    },
    Mount {
        flags: u64,
    },
    Umount,
    Mkdir,
    Other,
}

/// `CLONE_VM`, `CLONE_VFORK` (`include/uapi/linux/sched.h`).
pub(super) const CLONE_VM: u64 = 0x100;
const CLONE_VFORK: u64 = 0x4000;

/// `F_SETPIPE_SZ` (`include/uapi/linux/fcntl.h`).
const F_SETPIPE_SZ: u64 = 1031;

/// `F_DUPFD` and `F_DUPFD_CLOEXEC`.
const F_DUPFD: [u64; 2] = [0, 1030];

impl<'a> Call<'a> {
    pub(super) fn new(bundle: &'a Bundle, failure: &'a Failure) -> Self {
        let name = syscall_name(bundle.architecture(), failure.syscall);
        let flags = bundle.fact(failure, "clone_args.flags");
        Self {
            bundle,
            failure,
            kind: kind(&name, failure.args, flags),
        }
    }

    /// A fact of the failing task.
    pub(super) fn fact(&self, name: &str) -> Option<u64> {
        self.bundle.fact(self.failure, name)
    }

    pub(super) fn page_size_bytes(&self) -> u64 {
        self.bundle.page_size_bytes().max(1)
    }

    /// Whole pages of so many bytes.
    pub(super) fn pages(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.page_size_bytes())
    }

    /// Whole pages, in bytes.
    pub(super) fn in_pages(&self, bytes: u64) -> u64 {
        self.pages(bytes).saturating_mul(self.page_size_bytes())
    }

    /// `OVERCOMMIT_NEVER` (`include/uapi/linux/mman.h`): what asks for no reserve is accounted too.
    pub(super) fn never_overcommits(&self) -> bool {
        sysctl(self.bundle, Some(self.failure), "vm.overcommit_memory") == Some(2)
    }

    /// Whether it only changes the memory of its process.
    pub(super) const fn is_of_memory(&self) -> bool {
        matches!(
            self.kind,
            Kind::Mmap { .. }
                | Kind::Mprotect { .. }
                | Kind::Munmap
                | Kind::Mremap { .. }
                | Kind::Mlock { .. }
                | Kind::Mlockall { .. }
        )
    }

    /// Whether it makes a process or a thread.
    pub(super) const fn is_clone(&self) -> bool {
        matches!(self.kind, Kind::Clone { .. })
    }
}

fn kind(name: &str, args: [u64; 6], clone3: Option<u64>) -> Kind {
    let [first, second, third, fourth, ..] = args;
    match name {
        "mmap" | "mmap2" => Kind::Mmap {
            length: second,
            prot: third,
            flags: fourth,
        },
        "mprotect" | "pkey_mprotect" => Kind::Mprotect {
            length: second,
            prot: third,
        },
        "munmap" | "madvise" => Kind::Munmap,
        "mremap" => Kind::Mremap {
            old: second,
            new: third,
            flags: fourth,
        },
        "mlock" | "mlock2" => Kind::Mlock { length: second },
        "mlockall" => Kind::Mlockall { flags: first },
        "clone" => Kind::Clone { flags: Some(first) },
        "clone3" => Kind::Clone { flags: clone3 },
        "fork" => Kind::Clone { flags: Some(0) },
        "vfork" => Kind::Clone {
            flags: Some(CLONE_VM | CLONE_VFORK),
        },
        "unshare" => Kind::Unshare { flags: first },
        "execve" | "execveat" => Kind::Exec,
        "setns" => Kind::Setns,
        "shmget" => Kind::Shmget {
            size: second,
            flags: third,
        },
        "shmctl" => Kind::Shmctl,
        "semget" => Kind::Semget { semaphores: second },
        "semop" | "semtimedop" => Kind::Semop { operations: third },
        "msgget" => Kind::Msgget,
        "msgsnd" => Kind::Msgsnd { size: third },
        "add_key" => Kind::AddKey { payload: fourth },
        "keyctl" => Kind::Keyctl,
        "io_setup" => Kind::IoSetup { events: first },
        "io_uring_setup" | "io_uring_register" | "io_uring_enter" => Kind::IoUring,
        "write" | "pwrite64" => Kind::Write { length: third },
        "fallocate" => Kind::Resize { length: fourth },
        "ftruncate" | "truncate" => Kind::Resize { length: second },
        "pipe" | "pipe2" | "socketpair" => Kind::Open { descriptors: 2 },
        "open" | "openat" | "openat2" | "creat" | "socket" | "accept" | "accept4" | "dup"
        | "epoll_create" | "epoll_create1" | "eventfd" | "eventfd2" | "signalfd" | "signalfd4"
        | "timerfd_create" | "memfd_create" | "inotify_init" | "inotify_init1"
        | "fanotify_init" => Kind::Open { descriptors: 1 },
        "fcntl" if second == F_SETPIPE_SZ => Kind::PipeSize { size: third },
        "fcntl" if F_DUPFD.contains(&second) => Kind::Open { descriptors: 1 },
        "mount" => Kind::Mount { flags: fourth },
        "umount2" | "umount" => Kind::Umount,
        "mkdir" | "mkdirat" => Kind::Mkdir,
        _ => Kind::Other,
    }
}
