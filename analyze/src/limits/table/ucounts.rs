//! What one user may have in a user namespace (`include/linux/user_namespace.h`, `enum ucount_type`).
//!
//! `inc_ucount` (`kernel/ucount.c`) compares in the namespace of the task, then in each above for the user who made the one
//! below.

use crate::limits::{
    Relation::AtLeast,
    Unit::Each,
    check::{Check, EMFILE, ENOSPC, before},
    demand::{namespaces, one},
    record::{Record, limit},
    scope::Scope::UserInNamespace,
    term::Term::{Either, Fact, Sysctl},
};

/// Who asks `inc_ucount` returns its refusal as this.
const NAMESPACE: &[Check] = &[before(&["inc_ucount"], ENOSPC, AtLeast)];
const INSTANCE: &[Check] = &[before(&["inc_ucount"], EMFILE, AtLeast)];

/// `user.max_*`.
macro_rules! own {
    ($id:literal, $unit:literal, $usage:literal, $limit:literal, $checks:expr, $demand:expr) => {
        limit(
            $id,
            Each($unit),
            UserInNamespace,
            Fact($usage),
            Fact($limit),
        )
        .checks($checks)
        .demand($demand)
    };
}

/// `fs.*`: another name of the same limit in the initial user namespace.
macro_rules! initial {
    ($id:literal, $unit:literal, $usage:literal, $limit:literal, $checks:expr, $sysctl:literal) => {
        limit(
            $id,
            Each($unit),
            UserInNamespace,
            Fact($usage),
            Either(&Fact($limit), &Sysctl($sysctl, 0)),
        )
        .checks($checks)
        .demand(one)
        .only(Fact("user_ns.level"), 0)
    };
}

pub(super) const RECORDS: &[Record] = &[
    own!(
        "sysctl:user.max_user_namespaces",
        "user namespaces",
        "ucount.user_namespaces",
        "ucount_max.user_namespaces",
        NAMESPACE,
        namespaces::user
    ),
    own!(
        "sysctl:user.max_pid_namespaces",
        "PID namespaces",
        "ucount.pid_namespaces",
        "ucount_max.pid_namespaces",
        NAMESPACE,
        namespaces::pid
    ),
    own!(
        "sysctl:user.max_uts_namespaces",
        "UTS namespaces",
        "ucount.uts_namespaces",
        "ucount_max.uts_namespaces",
        NAMESPACE,
        namespaces::uts
    ),
    own!(
        "sysctl:user.max_ipc_namespaces",
        "IPC namespaces",
        "ucount.ipc_namespaces",
        "ucount_max.ipc_namespaces",
        NAMESPACE,
        namespaces::ipc
    ),
    own!(
        "sysctl:user.max_net_namespaces",
        "network namespaces",
        "ucount.net_namespaces",
        "ucount_max.net_namespaces",
        NAMESPACE,
        namespaces::net
    ),
    own!(
        "sysctl:user.max_mnt_namespaces",
        "mount namespaces",
        "ucount.mnt_namespaces",
        "ucount_max.mnt_namespaces",
        NAMESPACE,
        namespaces::mount
    ),
    own!(
        "sysctl:user.max_cgroup_namespaces",
        "cgroup namespaces",
        "ucount.cgroup_namespaces",
        "ucount_max.cgroup_namespaces",
        NAMESPACE,
        namespaces::cgroup
    ),
    own!(
        "sysctl:user.max_time_namespaces",
        "time namespaces",
        "ucount.time_namespaces",
        "ucount_max.time_namespaces",
        NAMESPACE,
        namespaces::time
    ),
    own!(
        "sysctl:user.max_inotify_instances",
        "inotify instances",
        "ucount.inotify_instances",
        "ucount_max.inotify_instances",
        INSTANCE,
        one
    ),
    initial!(
        "sysctl:fs.inotify.max_user_instances",
        "inotify instances",
        "ucount.inotify_instances",
        "ucount_max.inotify_instances",
        INSTANCE,
        "fs.inotify.max_user_instances"
    ),
    own!(
        "sysctl:user.max_inotify_watches",
        "inotify watches",
        "ucount.inotify_watches",
        "ucount_max.inotify_watches",
        NAMESPACE,
        one
    ),
    initial!(
        "sysctl:fs.inotify.max_user_watches",
        "inotify watches",
        "ucount.inotify_watches",
        "ucount_max.inotify_watches",
        NAMESPACE,
        "fs.inotify.max_user_watches"
    ),
    own!(
        "sysctl:user.max_fanotify_groups",
        "fanotify groups",
        "ucount.fanotify_groups",
        "ucount_max.fanotify_groups",
        INSTANCE,
        one
    ),
    initial!(
        "sysctl:fs.fanotify.max_user_groups",
        "fanotify groups",
        "ucount.fanotify_groups",
        "ucount_max.fanotify_groups",
        INSTANCE,
        "fs.fanotify.max_user_groups"
    ),
    own!(
        "sysctl:user.max_fanotify_marks",
        "fanotify marks",
        "ucount.fanotify_marks",
        "ucount_max.fanotify_marks",
        NAMESPACE,
        one
    ),
    initial!(
        "sysctl:fs.fanotify.max_user_marks",
        "fanotify marks",
        "ucount.fanotify_marks",
        "ucount_max.fanotify_marks",
        NAMESPACE,
        "fs.fanotify.max_user_marks"
    ),
];
