//! What one user may have in a user namespace (`include/linux/user_namespace.h`, `enum ucount_type`).
//!
//! `inc_ucount` (`kernel/ucount.c`) compares in the namespace of the task, then in each above for the user who made the one
//! below. It says no with NULL: who asked it makes the errno.

use crate::limits::{
    Relation::AtLeast,
    Unit::Each,
    check::{EMFILE, ENOSPC, before},
    demand::{namespaces, one},
    record::{Record, limit},
    scope::Scope::UserInNamespace,
    term::Term::Fact,
};

/// A kind of namespace.
macro_rules! namespaces {
    ($name:literal, $unit:literal, $demand:ident, [$($function:literal),*]) => {
        limit(
            concat!("sysctl:user.max_", $name),
            Each($unit),
            UserInNamespace,
            Fact(concat!("ucount.", $name)),
            Fact(concat!("ucount_max.", $name)),
        )
        .checks(&[before(&["inc_ucount", $($function),*], ENOSPC, AtLeast)])
        .demand(namespaces::$demand)
    };
}

/// What watches files, by its two names: `user.max_*`, and in the initial user namespace `fs.*`.
macro_rules! watchers {
    ($name:literal, $sysctl:literal, $unit:literal, $errno:ident, [$($function:literal),*], $method:ident) => {
        limit(
            $sysctl,
            Each($unit),
            UserInNamespace,
            Fact(concat!("ucount.", $name)),
            Fact(concat!("ucount_max.", $name)),
        )
        .checks(&[before(&["inc_ucount", $($function),*], $errno, AtLeast)])
        .demand(one)
        .$method(Fact("user_ns.level"), 0)
    };
}

pub(super) const RECORDS: &[Record] = &[
    namespaces!(
        "user_namespaces",
        "user namespaces",
        user,
        ["create_user_ns", "inc_user_namespaces"]
    ),
    namespaces!(
        "pid_namespaces",
        "PID namespaces",
        pid,
        ["create_pid_namespace", "copy_pid_ns", "inc_pid_namespaces"]
    ),
    namespaces!(
        "uts_namespaces",
        "UTS namespaces",
        uts,
        ["clone_uts_ns", "copy_utsname", "inc_uts_namespaces"]
    ),
    namespaces!(
        "ipc_namespaces",
        "IPC namespaces",
        ipc,
        ["create_ipc_ns", "copy_ipcs", "inc_ipc_namespaces"]
    ),
    namespaces!(
        "net_namespaces",
        "network namespaces",
        net,
        ["copy_net_ns", "inc_net_namespaces"]
    ),
    namespaces!(
        "mnt_namespaces",
        "mount namespaces",
        mount,
        ["alloc_mnt_ns", "inc_mnt_namespaces"]
    ),
    namespaces!(
        "cgroup_namespaces",
        "cgroup namespaces",
        cgroup,
        ["copy_cgroup_ns", "inc_cgroup_namespaces"]
    ),
    namespaces!(
        "time_namespaces",
        "time namespaces",
        time,
        ["clone_time_ns", "copy_time_ns", "inc_time_namespaces"]
    ),
    watchers!(
        "inotify_instances",
        "sysctl:user.max_inotify_instances",
        "inotify instances",
        EMFILE,
        ["inotify_new_group", "do_inotify_init"],
        unless
    ),
    watchers!(
        "inotify_instances",
        "sysctl:fs.inotify.max_user_instances",
        "inotify instances",
        EMFILE,
        ["inotify_new_group", "do_inotify_init"],
        only
    ),
    watchers!(
        "inotify_watches",
        "sysctl:user.max_inotify_watches",
        "inotify watches",
        ENOSPC,
        [
            "inotify_new_watch",
            "inotify_update_watch",
            "sys_inotify_add_watch"
        ],
        unless
    ),
    watchers!(
        "inotify_watches",
        "sysctl:fs.inotify.max_user_watches",
        "inotify watches",
        ENOSPC,
        [
            "inotify_new_watch",
            "inotify_update_watch",
            "sys_inotify_add_watch"
        ],
        only
    ),
    watchers!(
        "fanotify_groups",
        "sysctl:user.max_fanotify_groups",
        "fanotify groups",
        EMFILE,
        ["sys_fanotify_init"],
        unless
    ),
    watchers!(
        "fanotify_groups",
        "sysctl:fs.fanotify.max_user_groups",
        "fanotify groups",
        EMFILE,
        ["sys_fanotify_init"],
        only
    ),
    watchers!(
        "fanotify_marks",
        "sysctl:user.max_fanotify_marks",
        "fanotify marks",
        ENOSPC,
        ["fanotify_add_new_mark", "fanotify_add_mark"],
        unless
    ),
    watchers!(
        "fanotify_marks",
        "sysctl:fs.fanotify.max_user_marks",
        "fanotify marks",
        ENOSPC,
        ["fanotify_add_new_mark", "fanotify_add_mark"],
        only
    ),
];
