#!/usr/bin/env python3
"""Writes tables.txt: what the arguments of each syscall are, and the names of their flags.

    make.py /usr/src/linux-headers-7.2.13+deb14-common > tables.txt

The folder is that of Debian's package linux-headers-*-common. Prototypes come from include/linux/syscalls.h, flags from
the uapi headers. Which argument takes which flags is written down below, as no header says it.
"""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
UAPI = "include/uapi"

# Sets of names: headers, pattern of the names, names that are no member. A trailing "=" means: one of them, not several.
SETS = {
    "open": ([f"{UAPI}/asm-generic/fcntl.h", f"{UAPI}/linux/openat2.h"], r"__O_SYNC|__O_TMPFILE|O_[A-Z]+", "O_ACCMODE|O_RDONLY|O_WRONLY|O_RDWR|O_SYNC|O_TMPFILE|O_NDELAY"),
    "open@arm64": (["arch/arm64/include/uapi/asm/fcntl.h"], r"O_[A-Z]+", ""),
    "pipe": ([f"{UAPI}/asm-generic/fcntl.h"], "O_CLOEXEC|O_NONBLOCK|O_EXCL", ""),
    "mount": ([f"{UAPI}/linux/mount.h"], r"MS_[A-Z]+", "MS_RMT_MASK|MS_MGC_VAL|MS_MGC_MSK|MS_VERBOSE"),
    "umount": (["include/linux/fs.h", "include/linux/fs/super_types.h"], r"MNT_FORCE|MNT_DETACH|MNT_EXPIRE|UMOUNT_NOFOLLOW", ""),
    "mount_attr": ([f"{UAPI}/linux/mount.h"], r"MOUNT_ATTR_[A-Z_]+", "MOUNT_ATTR__ATIME|MOUNT_ATTR_SIZE_VER0|MOUNT_ATTR_RELATIME"),
    "fsopen": ([f"{UAPI}/linux/mount.h"], r"FSOPEN_[A-Z_]+", ""),
    "fsmount": ([f"{UAPI}/linux/mount.h"], r"FSMOUNT_[A-Z_]+", ""),
    "fspick": ([f"{UAPI}/linux/mount.h"], r"FSPICK_[A-Z_]+", ""),
    "fsconfig=": ([f"{UAPI}/linux/mount.h"], r"FSCONFIG_[A-Z_]+", ""),
    "open_tree": ([f"{UAPI}/linux/mount.h", f"{UAPI}/linux/fcntl.h"], r"OPEN_TREE_CLONE|AT_RECURSIVE|AT_SYMLINK_NOFOLLOW|AT_NO_AUTOMOUNT|AT_EMPTY_PATH", ""),
    "move_mount": ([f"{UAPI}/linux/mount.h"], r"MOVE_MOUNT_[A-Z_]+", "MOVE_MOUNT__MASK"),
    "at_access": ([f"{UAPI}/linux/fcntl.h"], "AT_EACCESS|AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH", ""),
    "at_link": ([f"{UAPI}/linux/fcntl.h"], "AT_SYMLINK_FOLLOW|AT_EMPTY_PATH", ""),
    "at_unlink": ([f"{UAPI}/linux/fcntl.h"], "AT_REMOVEDIR", ""),
    "at": ([f"{UAPI}/linux/fcntl.h"], "AT_SYMLINK_NOFOLLOW|AT_NO_AUTOMOUNT|AT_EMPTY_PATH|AT_RECURSIVE|AT_STATX_FORCE_SYNC|AT_STATX_DONT_SYNC", ""),
    "prot": ([f"{UAPI}/asm-generic/mman-common.h"], r"PROT_[A-Z]+", "PROT_NONE"),
    "map": ([f"{UAPI}/linux/mman.h", f"{UAPI}/asm-generic/mman-common.h", f"{UAPI}/asm-generic/mman.h"], r"MAP_[A-Z_]+", "MAP_TYPE|MAP_FILE|MAP_HUGE_[A-Z]+|MAP_SHARED_VALIDATE"),
    "madvise=": ([f"{UAPI}/asm-generic/mman-common.h"], r"MADV_[A-Z_]+", ""),
    "mlockall": ([f"{UAPI}/asm-generic/mman.h"], r"MCL_[A-Z]+", ""),
    "mremap": ([f"{UAPI}/linux/mman.h"], r"MREMAP_[A-Z]+", ""),
    "clone": ([f"{UAPI}/linux/sched.h"], r"CLONE_[A-Z_]+", "CLONE_CLEAR_SIGHAND|CLONE_INTO_CGROUP|CLONE_ARGS_[A-Z0-9_]+|CLONE_NEWTIME"),
    "unshare": ([f"{UAPI}/linux/sched.h"], r"CLONE_NEW[A-Z]+|CLONE_FS|CLONE_FILES|CLONE_SYSVSEM|CLONE_THREAD|CLONE_SIGHAND|CLONE_VM", ""),
    "family=": (["include/linux/socket.h"], r"AF_[A-Z0-9_]+", "AF_MAX|AF_LOCAL|AF_ROUTE"),
    "socket": ([f"{UAPI}/asm-generic/fcntl.h", "include/linux/net.h"], r"SOCK_CLOEXEC|SOCK_NONBLOCK", ""),
    "socket_type=": (["include/linux/net.h"], r"SOCK_STREAM|SOCK_DGRAM|SOCK_RAW|SOCK_RDM|SOCK_SEQPACKET|SOCK_DCCP|SOCK_PACKET", ""),
    "message": (["include/linux/socket.h"], r"MSG_[A-Z_]+", "MSG_TRYHARD|MSG_EOF|MSG_CMSG_COMPAT|MSG_INTERNAL_SENDMSG_FLAGS|MSG_SPLICE_PAGES|MSG_SENDPAGE_[A-Z_]+|MSG_NO_SHARED_FRAGS"),
    "fcntl=": ([f"{UAPI}/asm-generic/fcntl.h", f"{UAPI}/linux/fcntl.h"], r"F_[A-Z0-9_]+", r"F_(RDLCK|WRLCK|UNLCK|EXLCK|SHLCK|OK|LINUX_SPECIFIC_BASE|OWNER_[A-Z]+|SEAL_[A-Z]+)"),
    "ioctl=": ([f"{UAPI}/asm-generic/ioctls.h"], r"(TC|TIO|FIO)[A-Z0-9_]+", r"TIOCPKT_[A-Z]+|TIOCSER_[A-Z]+|TIOCINQ"),
    "rename": ([f"{UAPI}/linux/fs.h"], r"RENAME_[A-Z]+", ""),
    "memfd": ([f"{UAPI}/linux/memfd.h"], r"MFD_[A-Z_]+", ""),
    "epoll_ctl=": ([f"{UAPI}/linux/eventpoll.h"], r"EPOLL_CTL_[A-Z]+", ""),
    "inotify": ([f"{UAPI}/linux/inotify.h"], r"IN_[A-Z_]+", "IN_CLOSE|IN_MOVE|IN_ALL_EVENTS|IN_CLOEXEC|IN_NONBLOCK"),
    "fanotify_init": ([f"{UAPI}/linux/fanotify.h"], r"FAN_(CLOEXEC|NONBLOCK|CLASS_[A-Z_]+|UNLIMITED_[A-Z]+|ENABLE_AUDIT|REPORT_[A-Z_]+)", "FAN_CLASS_NOTIF|FAN_REPORT_DFID_NAME|FAN_REPORT_DFID_NAME_TARGET"),
    "fanotify_mark": ([f"{UAPI}/linux/fanotify.h"], r"FAN_MARK_[A-Z_]+", "FAN_MARK_INODE"),
    "prctl=": ([f"{UAPI}/linux/prctl.h"], r"PR_[A-Z_]+", r"PR_(MCE|FP|UNALIGN|FPEMU|TIMING|ENDIAN|TSC|TASK_PERF|SPEC|PAC|TAGGED|MTE|CAP_AMBIENT|SME|SVE|RISCV|PPC|SCHED_CORE_S|SET_MM|MDWE|SYS_DISPATCH|THP|FUTEX_HASH|CFI|TIMER)_[A-Z_]+"),
    "seccomp=": ([f"{UAPI}/linux/seccomp.h"], r"SECCOMP_(SET|GET)_[A-Z_]+", ""),
    "bpf=": ([f"{UAPI}/linux/bpf.h"], r"BPF_(MAP_(CREATE|LOOKUP_ELEM|UPDATE_ELEM|DELETE_ELEM|GET_NEXT_KEY|LOOKUP_AND_DELETE_ELEM|FREEZE|LOOKUP_BATCH|GET_NEXT_ID|GET_FD_BY_ID)|PROG_(LOAD|ATTACH|DETACH|TEST_RUN|GET_NEXT_ID|GET_FD_BY_ID|QUERY|BIND_MAP)|OBJ_(PIN|GET|GET_INFO_BY_FD)|RAW_TRACEPOINT_OPEN|BTF_(LOAD|GET_FD_BY_ID|GET_NEXT_ID)|TASK_FD_QUERY|LINK_(CREATE|UPDATE|GET_FD_BY_ID|GET_NEXT_ID|DETACH)|ENABLE_STATS|ITER_CREATE|TOKEN_CREATE)", ""),
    "resource=": ([f"{UAPI}/asm-generic/resource.h"], r"RLIMIT_[A-Z]+", ""),
    "ptrace=": ([f"{UAPI}/linux/ptrace.h"], r"PTRACE_[A-Z_]+", r"PTRACE_(EVENT|O|PEEKSIGINFO_SHARED|SYSCALL_INFO)_[A-Z_]+|PTRACE_PEEKSIGINFO_SHARED|PTRACE_SYSCALL_INFO_[A-Z]+"),
    "keyctl=": ([f"{UAPI}/linux/keyctl.h"], r"KEYCTL_[A-Z_]+", r"KEYCTL_(CAPS\d?|SUPPORTS|KDF)_[A-Z_]+"),
    "signal=": ([f"{UAPI}/asm-generic/signal.h"], r"SIG[A-Z0-9]+", "SIGRTMIN|SIGRTMAX|SIGIOT|SIGPOLL|SIGUNUSED|SIGLOST|SIGSTKSZ|SIGEV_[A-Z]+"),
    "ipc": ([f"{UAPI}/linux/ipc.h"], "IPC_CREAT|IPC_EXCL|IPC_NOWAIT", ""),
    "ipc_ctl=": ([f"{UAPI}/linux/ipc.h"], "IPC_RMID|IPC_SET|IPC_STAT|IPC_INFO", ""),
    "random": ([f"{UAPI}/linux/random.h"], r"GRND_[A-Z]+", ""),
    "fallocate": ([f"{UAPI}/linux/falloc.h"], r"FALLOC_FL_[A-Z_]+", ""),
    "schedule=": ([f"{UAPI}/linux/sched.h"], r"SCHED_(NORMAL|FIFO|RR|BATCH|IDLE|DEADLINE|EXT)", ""),
    "clock=": ([f"{UAPI}/linux/time.h"], r"CLOCK_[A-Z_]+", "CLOCK_SGI_CYCLE"),
    "wait": ([f"{UAPI}/linux/wait.h"], r"WNOHANG|WUNTRACED|WSTOPPED|WEXITED|WCONTINUED|WNOWAIT", "WSTOPPED"),
    "splice": (["include/linux/splice.h"], r"SPLICE_F_[A-Z]+", "SPLICE_F_ALL"),
    "xattr": ([f"{UAPI}/linux/xattr.h"], "XATTR_CREATE|XATTR_REPLACE", ""),
    "perf_event": ([f"{UAPI}/linux/perf_event.h"], r"PERF_FLAG_[A-Z_]+", ""),
    "pidfd": ([f"{UAPI}/asm-generic/fcntl.h", f"{UAPI}/linux/pidfd.h"], r"PIDFD_NONBLOCK|PIDFD_THREAD", ""),
    "futex=": ([f"{UAPI}/linux/futex.h"], r"FUTEX_[A-Z_]+", r"FUTEX_(PRIVATE_FLAG|CLOCK_REALTIME|CMD_MASK|WAITERS|OWNER_DIED|TID_MASK|BITSET_MATCH_ANY|[A-Z_]+_PRIVATE)"),
    "futex": ([f"{UAPI}/linux/futex.h"], "FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME", ""),
    "seek=": ([f"{UAPI}/linux/fs.h"], r"SEEK_[A-Z]+", "SEEK_MAX"),
    "flock": ([f"{UAPI}/asm-generic/fcntl.h"], r"LOCK_(SH|EX|NB|UN)", ""),
}
# access(2) and shutdown(2) have no names in the uapi headers; unistd.h and sys/socket.h of the C library have.
EXTRA = {
    "access": [("R_OK", 4), ("W_OK", 2), ("X_OK", 1)],
    "shutdown=": [("SHUT_RD", 0), ("SHUT_WR", 1), ("SHUT_RDWR", 2)],
}
# Which argument of which syscall takes which set: "+" for several sets, one after the other.
USES = """
open 1 open; openat 2 open; creat 1 octal; dup3 2 pipe; pipe2 1 pipe; eventfd2 1 pipe; epoll_create1 0 pipe; inotify_init1 0 pipe
signalfd4 3 pipe; timerfd_create 0 clock= 1 pipe; userfaultfd 0 pipe; mq_open 1 open; open_by_handle_at 2 open
mount 3 mount; umount 1 umount; fsopen 1 fsopen; fsmount 1 fsmount 2 mount_attr; fspick 2 fspick; fsconfig 1 fsconfig=
open_tree 2 open_tree; move_mount 4 move_mount; mount_setattr 2 at
faccessat 2 access; access 1 access; faccessat2 2 access 3 at_access; linkat 4 at_link; unlinkat 2 at_unlink; newfstatat 3 at
statx 2 at; fchownat 4 at; execveat 4 at; utimensat 3 at; fchmodat2 3 at; name_to_handle_at 4 at_link
mmap 2 prot 3 map; mprotect 2 prot; pkey_mprotect 2 prot; madvise 2 madvise=; process_madvise 3 madvise=; mlockall 0 mlockall
mremap 3 mremap; clone 0 clone; unshare 0 unshare; setns 1 unshare
socket 0 family= 1 socket_type=+socket; socketpair 0 family= 1 socket_type=+socket; accept4 3 socket; shutdown 1 shutdown=
sendto 3 message; recvfrom 3 message; sendmsg 2 message; recvmsg 2 message; sendmmsg 3 message; recvmmsg 3 message
fcntl 1 fcntl=; renameat2 4 rename; memfd_create 1 memfd; epoll_ctl 1 epoll_ctl=; inotify_add_watch 2 inotify
fanotify_init 0 fanotify_init 1 open; fanotify_mark 1 fanotify_mark; prctl 0 prctl=; seccomp 0 seccomp=; bpf 0 bpf=
prlimit64 1 resource=; getrlimit 0 resource=; setrlimit 0 resource=; ptrace 0 ptrace=; keyctl 0 keyctl=
kill 1 signal=; tkill 1 signal=; tgkill 2 signal=; rt_sigaction 0 signal=; rt_sigqueueinfo 1 signal=; pidfd_send_signal 1 signal=
shmget 2 ipc; semget 2 ipc; msgget 1 ipc; shmctl 1 ipc_ctl=; msgctl 1 ipc_ctl=; semctl 2 ipc_ctl=; semop 2 ulong; getrandom 2 random
fallocate 1 fallocate; sched_setscheduler 1 schedule=; clock_gettime 0 clock=; clock_settime 0 clock=; clock_nanosleep 0 clock=
wait4 2 wait; waitid 3 wait; splice 5 splice; tee 3 splice; vmsplice 3 splice; setxattr 4 xattr; lsetxattr 4 xattr; fsetxattr 4 xattr
perf_event_open 4 perf_event; pidfd_open 1 pidfd; futex 1 futex=+futex; lseek 2 seek=; flock 1 flock; ioctl 1 ioctl= 2 hex; fcntl 2 hex
mknod 1 octal; mknodat 2 octal; fchmod 1 octal; umask 0 octal
"""


def values(text, known):
    """Every constant that a header defines, in order."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S).replace("\\\n", " ")
    found = {}

    def number(expression):
        if not re.fullmatch(r"[\w\s()|<>+~-]+", expression):
            return None
        expression = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", expression)
        expression = re.sub(r"\b0+([0-7]+)\b", r"0o\1", expression)
        try:
            return eval(expression, {"__builtins__": {}}, {**known, **found})
        except Exception:
            return None

    for body in re.findall(r"\benum\b[^{;]*\{(.*?)\}", text, flags=re.S):
        nxt = 0
        for entry in re.sub(r"^\s*#.*$", "", body, flags=re.M).split(","):
            match = re.fullmatch(r"\s*(\w+)\s*(?:=\s*(.*?))?\s*", entry, flags=re.S)
            if match:
                value = nxt if match[2] is None else number(match[2])
                if value is not None:
                    found[match[1]], nxt = value, value + 1
    for name, expression in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(\S[^\n]*?)[ \t]*$", text, flags=re.M):
        value = number(expression)
        if value is not None:
            found.setdefault(name, value)
    return found


def kind(argument):
    """What a C parameter is."""
    argument = re.sub(r"\b(const|__user|struct|volatile)\b", " ", argument)
    name = re.findall(r"\w+", argument)[-1] if re.findall(r"\w+", argument) else ""
    if "*" in argument:
        return "ptr"
    if re.fullmatch(r"(dfd|olddfd|newdfd|dirfd|from_dfd|to_dfd|at_fd|old_dfd|new_dfd)", name):
        return "dirfd"
    if re.fullmatch(r"(fd|fildes|fd_in|fd_out|fdin|fdout|epfd|out_fd|in_fd|oldfd|newfd|fs_fd|ufd|pidfd|mountfd|group_fd|ruleset_fd|fanotify_fd|mqdes|uffd)", name):
        return "fd"
    if "umode_t" in argument:
        return "octal"
    if re.search(r"\b(unsigned long|size_t|u64|__u64|aio_context_t)\b", argument):
        return "ulong"
    if re.search(r"\b(long|loff_t|off_t)\b", argument):
        return "long"
    if re.search(r"\b(unsigned|u32|__u32|uid_t|gid_t|qid_t)\b", argument):
        return "uint"
    return "int"


print(f"# Generated by make.py from {ROOT.name}: do not edit.")
print("# syscall NAME KIND...: its arguments; set NAME MEMBER=VALUE...: names of flags, or with = of one value.")
uses = {}
for line in re.split(r"[;\n]", USES):
    words = line.split()
    for index, name in zip(words[1::2], words[2::2]):
        uses[(words[0], int(index))] = name
prototypes = {}
for name, arguments in re.findall(r"asmlinkage long sys_(\w+)\((.*?)\);", (ROOT / "include/linux/syscalls.h").read_text(), flags=re.S):
    kinds = []
    for index, argument in enumerate(arguments.split(",")):
        if argument.strip() != "void":
            kinds.append(uses.get((name, index)) or kind(argument))
    # Several architectures: the first prototype is the one that most have.
    prototypes.setdefault(name, kinds)
# The entry functions of these are named otherwise than the syscall.
for entry, name in (("umount", "umount2"), ("newuname", "uname"), ("newstat", "stat"), ("newlstat", "lstat"), ("newfstat", "fstat"), ("mmap_pgoff", "mmap"), ("fadvise64_64", "fadvise64"), ("sendfile64", "sendfile")):
    if entry in prototypes:
        prototypes[name] = prototypes[entry]
prototypes["mmap"] = ["ptr", "ulong", "prot", "map", "fd", "hex"]
# `sys_clone` differs by architecture in its last two arguments (CONFIG_CLONE_BACKWARDS): pointers all.
prototypes["clone"] = ["clone", "ptr", "ptr", "ptr", "ptr"]
for name in sorted(prototypes):
    print("syscall", name, *prototypes[name])
for name, (headers, pattern, but) in SETS.items():
    known, members = {}, []
    for header in headers:
        path = ROOT / header
        known.update({k: v for k, v in (values(path.read_text(), known) if path.exists() else {}).items() if k not in known})
    for member, value in known.items():
        if re.fullmatch(pattern, member) and not (but and re.fullmatch(but, member)) and value >= 0:
            members.append((member.removeprefix("__"), value))
    if not members:
        sys.exit(f"{name}: no members")
    print("set", name, *(f"{member}={value:#x}" for member, value in members))
for name, members in EXTRA.items():
    print("set", name, *(f"{member}={value:#x}" for member, value in members))
