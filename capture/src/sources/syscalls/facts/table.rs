//! The table of facts, by the structure that holds them.

use format_spec::record::FactUnit::{Bits, Bytes, Count, Id, Pages};

use super::Fact;

/// All facts.
pub(super) fn all() -> impl Iterator<Item = &'static Fact> {
    [
        TASK,
        CREDENTIALS,
        NAMESPACES,
        MOUNTS,
        PIDS,
        RLIMITS,
        FILES,
        FOLDERS,
        DESCRIPTOR,
        ADDRESS,
        CLONE_ARGS,
        MEMORY,
        UCOUNTS,
        UCOUNT_LIMITS,
        IPC,
        IPC_LIMITS,
        USER,
        PIDS_ABOVE,
        UCOUNTS_ABOVE,
        UCOUNT_LIMITS_ABOVE,
    ]
    .into_iter()
    .flatten()
}

const fn fact(
    name: &'static str,
    unit: format_spec::record::FactUnit,
    paths: &'static [&'static str],
) -> Fact {
    Fact { name, unit, paths }
}

/// `task_struct` and `signal_struct` (`include/linux/sched.h`, `include/linux/sched/signal.h`).
const TASK: &[Fact] = &[
    fact("parent.tgid", Id, &["real_parent->tgid"]),
    fact("task.flags", Bits, &["flags"]),
    fact("task.personality", Bits, &["personality"]),
    fact("task.seccomp_mode", Id, &["seccomp.mode"]),
    fact("task.seccomp_filters", Count, &["seccomp.filter_count"]),
    fact("task.atomic_flags", Bits, &["atomic_flags"]),
    fact("task.ptrace", Bits, &["ptrace"]),
    fact("signal.threads", Count, &["signal->nr_threads"]),
    fact("task.policy", Id, &["policy"]),
];

/// `struct cred` (`include/linux/cred.h`); `kernel_cap_t` became one 64-bit word in 6.3.
const CREDENTIALS: &[Fact] = &[
    fact("cred.euid", Id, &["cred->euid"]),
    fact("cred.fsuid", Id, &["cred->fsuid"]),
    fact(
        "cred.cap_effective",
        Bits,
        &["cred->cap_effective.val", "cred->cap_effective.cap[0]@8"],
    ),
    fact(
        "cred.cap_permitted",
        Bits,
        &["cred->cap_permitted.val", "cred->cap_permitted.cap[0]@8"],
    ),
    fact(
        "cred.cap_bounding",
        Bits,
        &["cred->cap_bset.val", "cred->cap_bset.cap[0]@8"],
    ),
    fact("cred.securebits", Bits, &["cred->securebits"]),
];

/// `struct nsproxy` (`include/linux/nsproxy.h`): the inode numbers that `/proc/PID/ns` shows.
const NAMESPACES: &[Fact] = &[
    fact("ns.mnt", Id, &["nsproxy->mnt_ns->ns.inum"]),
    fact("ns.uts", Id, &["nsproxy->uts_ns->ns.inum"]),
    fact("ns.ipc", Id, &["nsproxy->ipc_ns->ns.inum"]),
    fact(
        "ns.pid_for_children",
        Id,
        &["nsproxy->pid_ns_for_children->ns.inum"],
    ),
    fact("ns.net", Id, &["nsproxy->net_ns->ns.inum"]),
    fact("ns.cgroup", Id, &["nsproxy->cgroup_ns->ns.inum"]),
    fact("ns.time", Id, &["nsproxy->time_ns->ns.inum"]),
    fact("ns.user", Id, &["cred->user_ns->ns.inum"]),
    fact("user_ns.level", Count, &["cred->user_ns->level"]),
    fact("user_ns.flags", Bits, &["cred->user_ns->flags"]),
];

/// `struct mnt_namespace` (`fs/mount.h`): `mounts` was renamed `nr_mounts` in 6.11.
const MOUNTS: &[Fact] = &[
    fact(
        "mnt_ns.mounts",
        Count,
        &["nsproxy->mnt_ns->nr_mounts", "nsproxy->mnt_ns->mounts"],
    ),
    fact(
        "mnt_ns.owner_level",
        Count,
        &["nsproxy->mnt_ns->user_ns->level"],
    ),
    fact(
        "mnt_ns.pending_mounts",
        Count,
        &["nsproxy->mnt_ns->pending_mounts"],
    ),
];

/// `struct pid_namespace` (`include/linux/pid_namespace.h`): `pid_max` is per namespace from 6.14 on.
/// Bit 31 of `pid_allocated` is `PIDNS_ADDING`: once it is clear, the namespace is dying and takes no process. The cursor
/// is where the search for the next number begins (`struct idr`, `include/linux/idr.h`).
const PIDS: &[Fact] = &[
    fact(
        "pid_ns.allocated",
        Count,
        &["nsproxy->pid_ns_for_children->pid_allocated"],
    ),
    fact(
        "pid_ns.max",
        Count,
        &["nsproxy->pid_ns_for_children->pid_max"],
    ),
    fact(
        "pid_ns.cursor",
        Id,
        &["nsproxy->pid_ns_for_children->idr.idr_next"],
    ),
    fact(
        "pid_ns.level",
        Count,
        &["nsproxy->pid_ns_for_children->level"],
    ),
    fact(
        "pid_ns.owner_level",
        Count,
        &["nsproxy->pid_ns_for_children->user_ns->level"],
    ),
];

/// Soft limits, `RLIM_INFINITY` being all ones (`include/uapi/asm-generic/resource.h`).
/// `RLIMIT_RSS` and `RLIMIT_LOCKS` limit nothing since 2.6.
const RLIMITS: &[Fact] = &[
    fact("rlimit.CPU", Count, &["signal->rlim[0].rlim_cur"]),
    fact("rlimit.FSIZE", Bytes, &["signal->rlim[1].rlim_cur"]),
    fact("rlimit.DATA", Bytes, &["signal->rlim[2].rlim_cur"]),
    fact("rlimit.STACK", Bytes, &["signal->rlim[3].rlim_cur"]),
    fact("rlimit.CORE", Bytes, &["signal->rlim[4].rlim_cur"]),
    fact("rlimit.NPROC", Count, &["signal->rlim[6].rlim_cur"]),
    fact("rlimit.NOFILE", Count, &["signal->rlim[7].rlim_cur"]),
    fact("rlimit.MEMLOCK", Bytes, &["signal->rlim[8].rlim_cur"]),
    fact("rlimit.AS", Bytes, &["signal->rlim[9].rlim_cur"]),
    fact("rlimit.SIGPENDING", Count, &["signal->rlim[11].rlim_cur"]),
    fact("rlimit.MSGQUEUE", Bytes, &["signal->rlim[12].rlim_cur"]),
    fact("rlimit.NICE", Count, &["signal->rlim[13].rlim_cur"]),
    fact("rlimit.RTPRIO", Count, &["signal->rlim[14].rlim_cur"]),
    fact("rlimit.RTTIME", Count, &["signal->rlim[15].rlim_cur"]),
    fact("rlimit.NOFILE.hard", Count, &["signal->rlim[7].rlim_max"]),
];

/// `struct files_struct` and `struct fdtable` (`include/linux/fdtable.h`).
const FILES: &[Fact] = &[
    fact("files.next_fd", Count, &["files->next_fd"]),
    fact("files.max_fds", Count, &["files->fdt->max_fds"]),
    fact("fs.umask", Bits, &["fs->umask"]),
];

/// `struct mm_struct` (`include/linux/mm_types.h`); its flags became a bitmap in 6.18.
const MEMORY: &[Fact] = &[
    fact("mm.flags", Bits, &["mm->flags.__mm_flags[0]", "mm->flags"]),
    fact("mm.map_count", Count, &["mm->map_count"]),
    fact("mm.total_vm", Pages, &["mm->total_vm"]),
    fact("mm.locked_vm", Pages, &["mm->locked_vm"]),
    fact("mm.pinned_vm", Pages, &["mm->pinned_vm"]),
    fact("mm.data_vm", Pages, &["mm->data_vm"]),
    fact("mm.stack_vm", Pages, &["mm->stack_vm"]),
];

/// `struct ucounts` (`include/linux/user_namespace.h`): use by this user in this user namespace. Which numbers the
/// kinds have depends on the kernel's configuration, so they are named.
const UCOUNTS: &[Fact] = &[
    fact(
        "ucount.user_namespaces",
        Count,
        &["cred->ucounts->ucount[UCOUNT_USER_NAMESPACES]"],
    ),
    fact(
        "ucount.pid_namespaces",
        Count,
        &["cred->ucounts->ucount[UCOUNT_PID_NAMESPACES]"],
    ),
    fact(
        "ucount.uts_namespaces",
        Count,
        &["cred->ucounts->ucount[UCOUNT_UTS_NAMESPACES]"],
    ),
    fact(
        "ucount.ipc_namespaces",
        Count,
        &["cred->ucounts->ucount[UCOUNT_IPC_NAMESPACES]"],
    ),
    fact(
        "ucount.net_namespaces",
        Count,
        &["cred->ucounts->ucount[UCOUNT_NET_NAMESPACES]"],
    ),
    fact(
        "ucount.mnt_namespaces",
        Count,
        &["cred->ucounts->ucount[UCOUNT_MNT_NAMESPACES]"],
    ),
    fact(
        "ucount.cgroup_namespaces",
        Count,
        &["cred->ucounts->ucount[UCOUNT_CGROUP_NAMESPACES]"],
    ),
    fact(
        "ucount.time_namespaces",
        Count,
        &["cred->ucounts->ucount[UCOUNT_TIME_NAMESPACES]"],
    ),
    fact(
        "ucount.inotify_instances",
        Count,
        &["cred->ucounts->ucount[UCOUNT_INOTIFY_INSTANCES]"],
    ),
    fact(
        "ucount.inotify_watches",
        Count,
        &["cred->ucounts->ucount[UCOUNT_INOTIFY_WATCHES]"],
    ),
    fact(
        "ucount.fanotify_groups",
        Count,
        &["cred->ucounts->ucount[UCOUNT_FANOTIFY_GROUPS]"],
    ),
    fact(
        "ucount.fanotify_marks",
        Count,
        &["cred->ucounts->ucount[UCOUNT_FANOTIFY_MARKS]"],
    ),
    fact(
        "ucount.rlimit_nproc",
        Count,
        &["cred->ucounts->rlimit[UCOUNT_RLIMIT_NPROC]"],
    ),
    fact(
        "ucount.rlimit_msgqueue",
        Bytes,
        &["cred->ucounts->rlimit[UCOUNT_RLIMIT_MSGQUEUE]"],
    ),
    fact(
        "ucount.rlimit_sigpending",
        Count,
        &["cred->ucounts->rlimit[UCOUNT_RLIMIT_SIGPENDING]"],
    ),
    fact(
        "ucount.rlimit_memlock",
        Bytes,
        &["cred->ucounts->rlimit[UCOUNT_RLIMIT_MEMLOCK]"],
    ),
];

/// `struct ipc_namespace` (`include/linux/ipc_namespace.h`); `ids` are semaphores, messages, shared memory (`ipc/util.h`).
const IPC: &[Fact] = &[
    fact(
        "ipc_ns.semaphore_sets",
        Count,
        &["nsproxy->ipc_ns->ids[0].in_use"],
    ),
    fact("ipc_ns.semaphores", Count, &["nsproxy->ipc_ns->used_sems"]),
    fact(
        "ipc_ns.message_queues",
        Count,
        &["nsproxy->ipc_ns->ids[1].in_use"],
    ),
    fact(
        "ipc_ns.shm_segments",
        Count,
        &["nsproxy->ipc_ns->ids[2].in_use"],
    ),
    fact("ipc_ns.shm_pages", Pages, &["nsproxy->ipc_ns->shm_tot"]),
    fact(
        "ipc_ns.mqueues",
        Count,
        &["nsproxy->ipc_ns->mq_queues_count"],
    ),
];

/// `struct user_struct` (`include/linux/sched/user.h`): use by this user on the whole host. The count of epoll
/// watches is off by what processors hold back.
const USER: &[Fact] = &[
    fact(
        "user.epoll_watches",
        Count,
        &["cred->user->epoll_watches.count"],
    ),
    fact("user.unix_inflight", Count, &["cred->user->unix_inflight"]),
    fact("user.pipe_pages", Pages, &["cred->user->pipe_bufs"]),
    fact("user.locked_pages", Pages, &["cred->user->locked_vm"]),
];

/// `struct fs_struct` (`include/linux/fs_struct.h`): working folder and root. Devices are the kernel's `dev_t`: the major
/// number above the 20 bits of the minor one. Mounts are those of mountinfo: `mnt_id` of `struct mount` (`fs/mount.h`),
/// around the `struct vfsmount` that a path points at.
const FOLDERS: &[Fact] = &[
    fact("fs.cwd_device", Id, &["fs->pwd.dentry->d_sb->s_dev"]),
    fact("fs.cwd_inode", Id, &["fs->pwd.dentry->d_inode->i_ino"]),
    fact("fs.root_device", Id, &["fs->root.dentry->d_sb->s_dev"]),
    fact("fs.root_inode", Id, &["fs->root.dentry->d_inode->i_ino"]),
    fact("fs.cwd_mount", Id, &["fs->pwd.mnt->(mount.mnt)mnt_id"]),
    fact("fs.root_mount", Id, &["fs->root.mnt->(mount.mnt)mnt_id"]),
];

/// The file behind the call's descriptor argument (`struct file`, `struct inode`, `struct super_block`,
/// `include/linux/fs.h`). Of `*at` calls it is the folder, and missing with `AT_FDCWD`.
const DESCRIPTOR: &[Fact] = &[
    fact("fd.device", Id, &["fd:f_inode->i_sb->s_dev"]),
    fact("fd.inode", Id, &["fd:f_inode->i_ino"]),
    fact("fd.mode", Bits, &["fd:f_inode->i_mode"]),
    fact("fd.inode_flags", Bits, &["fd:f_inode->i_flags"]),
    fact("fd.size", Bytes, &["fd:f_inode->i_size"]),
    fact("fd.position", Bytes, &["fd:f_pos"]),
    fact("fd.flags", Bits, &["fd:f_flags"]),
    fact("fd.fs_magic", Id, &["fd:f_inode->i_sb->s_magic"]),
    fact("fd.fs_flags", Bits, &["fd:f_inode->i_sb->s_flags"]),
    fact("fd.mount_flags", Bits, &["fd:f_path.mnt->mnt_flags"]),
    fact("fd.mount", Id, &["fd:f_path.mnt->(mount.mnt)mnt_id"]),
];

/// The socket address that the call was given: `sa_family` of `struct sockaddr` (`include/linux/socket.h`), and what
/// is the port, in network byte order, in `struct sockaddr_in` and `struct sockaddr_in6` (`include/uapi/linux/in.h`,
/// `in6.h`).
const ADDRESS: &[Fact] = &[
    fact("address.family", Id, &["address:0@2"]),
    fact("address.port", Id, &["address:2@2"]),
];

/// `struct clone_args` of clone3(2) (`include/uapi/linux/sched.h`).
const CLONE_ARGS: &[Fact] = &[fact("clone_args.flags", Bits, &["structure:0@8"])];

/// `ucount_max` of the caller's user namespace (`/proc/sys/user` there); those of its ancestors hold as
/// well.
const UCOUNT_LIMITS: &[Fact] = &[
    fact(
        "ucount_max.user_namespaces",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_USER_NAMESPACES]"],
    ),
    fact(
        "ucount_max.pid_namespaces",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_PID_NAMESPACES]"],
    ),
    fact(
        "ucount_max.uts_namespaces",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_UTS_NAMESPACES]"],
    ),
    fact(
        "ucount_max.ipc_namespaces",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_IPC_NAMESPACES]"],
    ),
    fact(
        "ucount_max.net_namespaces",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_NET_NAMESPACES]"],
    ),
    fact(
        "ucount_max.mnt_namespaces",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_MNT_NAMESPACES]"],
    ),
    fact(
        "ucount_max.cgroup_namespaces",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_CGROUP_NAMESPACES]"],
    ),
    fact(
        "ucount_max.time_namespaces",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_TIME_NAMESPACES]"],
    ),
    fact(
        "ucount_max.inotify_instances",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_INOTIFY_INSTANCES]"],
    ),
    fact(
        "ucount_max.inotify_watches",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_INOTIFY_WATCHES]"],
    ),
    fact(
        "ucount_max.fanotify_groups",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_FANOTIFY_GROUPS]"],
    ),
    fact(
        "ucount_max.fanotify_marks",
        Count,
        &["cred->user_ns->ucount_max[UCOUNT_FANOTIFY_MARKS]"],
    ),
];

/// Limits of the caller's IPC namespace, which need not be the recorder's.
const IPC_LIMITS: &[Fact] = &[
    fact("ipc_ns.shmmni", Count, &["nsproxy->ipc_ns->shm_ctlmni"]),
    fact("ipc_ns.shmall", Pages, &["nsproxy->ipc_ns->shm_ctlall"]),
    fact("ipc_ns.shmmax", Bytes, &["nsproxy->ipc_ns->shm_ctlmax"]),
    fact("ipc_ns.semmsl", Count, &["nsproxy->ipc_ns->sem_ctls[0]"]),
    fact("ipc_ns.semmns", Count, &["nsproxy->ipc_ns->sem_ctls[1]"]),
    fact("ipc_ns.semopm", Count, &["nsproxy->ipc_ns->sem_ctls[2]"]),
    fact("ipc_ns.semmni", Count, &["nsproxy->ipc_ns->sem_ctls[3]"]),
    fact("ipc_ns.msgmni", Count, &["nsproxy->ipc_ns->msg_ctlmni"]),
    fact("ipc_ns.msgmax", Bytes, &["nsproxy->ipc_ns->msg_ctlmax"]),
    fact("ipc_ns.msgmnb", Bytes, &["nsproxy->ipc_ns->msg_ctlmnb"]),
    fact(
        "ipc_ns.mqueues_max",
        Count,
        &["nsproxy->ipc_ns->mq_queues_max"],
    ),
    fact(
        "ipc_ns.mqueue_msg_max",
        Count,
        &["nsproxy->ipc_ns->mq_msg_max"],
    ),
    fact(
        "ipc_ns.mqueue_msgsize_max",
        Bytes,
        &["nsproxy->ipc_ns->mq_msgsize_max"],
    ),
];

/// PID namespaces above: a process has a number in each of them (`alloc_pid`, `kernel/pid.c`).
const PIDS_ABOVE: &[Fact] = &[
    fact(
        "pid_ns.parent.inum",
        Id,
        &["nsproxy->pid_ns_for_children->parent->ns.inum"],
    ),
    fact(
        "pid_ns.parent.allocated",
        Count,
        &["nsproxy->pid_ns_for_children->parent->pid_allocated"],
    ),
    fact(
        "pid_ns.parent.max",
        Count,
        &["nsproxy->pid_ns_for_children->parent->pid_max"],
    ),
    fact(
        "pid_ns.parent.cursor",
        Id,
        &["nsproxy->pid_ns_for_children->parent->idr.idr_next"],
    ),
    fact(
        "pid_ns.parent.parent.inum",
        Id,
        &["nsproxy->pid_ns_for_children->parent->parent->ns.inum"],
    ),
    fact(
        "pid_ns.parent.parent.allocated",
        Count,
        &["nsproxy->pid_ns_for_children->parent->parent->pid_allocated"],
    ),
    fact(
        "pid_ns.parent.parent.max",
        Count,
        &["nsproxy->pid_ns_for_children->parent->parent->pid_max"],
    ),
    fact(
        "pid_ns.parent.parent.cursor",
        Id,
        &["nsproxy->pid_ns_for_children->parent->parent->idr.idr_next"],
    ),
];

/// The user namespace above that of the task: what it limits of the user who made the lower one (`inc_ucount`,
/// `kernel/ucount.c`).
const UCOUNTS_ABOVE: &[Fact] = &[
    fact(
        "user_ns.parent.inum",
        Id,
        &["cred->user_ns->parent->ns.inum"],
    ),
    fact(
        "user_ns.parent.level",
        Count,
        &["cred->user_ns->parent->level"],
    ),
    fact(
        "ucount.parent.user_namespaces",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_USER_NAMESPACES]"],
    ),
    fact(
        "ucount.parent.pid_namespaces",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_PID_NAMESPACES]"],
    ),
    fact(
        "ucount.parent.uts_namespaces",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_UTS_NAMESPACES]"],
    ),
    fact(
        "ucount.parent.ipc_namespaces",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_IPC_NAMESPACES]"],
    ),
    fact(
        "ucount.parent.net_namespaces",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_NET_NAMESPACES]"],
    ),
    fact(
        "ucount.parent.mnt_namespaces",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_MNT_NAMESPACES]"],
    ),
    fact(
        "ucount.parent.cgroup_namespaces",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_CGROUP_NAMESPACES]"],
    ),
    fact(
        "ucount.parent.time_namespaces",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_TIME_NAMESPACES]"],
    ),
    fact(
        "ucount.parent.inotify_instances",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_INOTIFY_INSTANCES]"],
    ),
    fact(
        "ucount.parent.inotify_watches",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_INOTIFY_WATCHES]"],
    ),
    fact(
        "ucount.parent.fanotify_groups",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_FANOTIFY_GROUPS]"],
    ),
    fact(
        "ucount.parent.fanotify_marks",
        Count,
        &["cred->ucounts->ns->ucounts->ucount[UCOUNT_FANOTIFY_MARKS]"],
    ),
];

/// `ucount_max` of that namespace.
const UCOUNT_LIMITS_ABOVE: &[Fact] = &[
    fact(
        "ucount_max.parent.user_namespaces",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_USER_NAMESPACES]"],
    ),
    fact(
        "ucount_max.parent.pid_namespaces",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_PID_NAMESPACES]"],
    ),
    fact(
        "ucount_max.parent.uts_namespaces",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_UTS_NAMESPACES]"],
    ),
    fact(
        "ucount_max.parent.ipc_namespaces",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_IPC_NAMESPACES]"],
    ),
    fact(
        "ucount_max.parent.net_namespaces",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_NET_NAMESPACES]"],
    ),
    fact(
        "ucount_max.parent.mnt_namespaces",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_MNT_NAMESPACES]"],
    ),
    fact(
        "ucount_max.parent.cgroup_namespaces",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_CGROUP_NAMESPACES]"],
    ),
    fact(
        "ucount_max.parent.time_namespaces",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_TIME_NAMESPACES]"],
    ),
    fact(
        "ucount_max.parent.inotify_instances",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_INOTIFY_INSTANCES]"],
    ),
    fact(
        "ucount_max.parent.inotify_watches",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_INOTIFY_WATCHES]"],
    ),
    fact(
        "ucount_max.parent.fanotify_groups",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_FANOTIFY_GROUPS]"],
    ),
    fact(
        "ucount_max.parent.fanotify_marks",
        Count,
        &["cred->user_ns->parent->ucount_max[UCOUNT_FANOTIFY_MARKS]"],
    ),
];
