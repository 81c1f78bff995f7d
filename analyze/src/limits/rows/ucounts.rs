//! What one user may have in a user namespace (`include/linux/user_namespace.h`, `enum ucount_type`).
//!
//! The limits of the namespaces above hold as well; a recording has the use in the task's own alone.

use crate::limits::{
    row::{Row, Scope::UserInNamespace, row},
    term::Term::{Either, Fact, Sysctl},
};

/// `user.max_*`, in the namespace of the task.
macro_rules! own {
    ($id:literal, $unit:literal, $usage:literal, $limit:literal) => {
        row($id, $unit, UserInNamespace, Fact($usage), Fact($limit))
    };
}

/// `fs.*`: another name of the same limit in the initial user namespace.
macro_rules! initial {
    ($id:literal, $unit:literal, $usage:literal, $limit:literal, $sysctl:literal) => {
        row(
            $id,
            $unit,
            UserInNamespace,
            Fact($usage),
            Either(&Fact($limit), &Sysctl($sysctl, 0)),
        )
        .only(Fact("user_ns.level"), 0)
    };
}

pub(super) const ROWS: &[Row] = &[
    own!(
        "sysctl:user.max_user_namespaces",
        "user namespaces",
        "ucount.user_namespaces",
        "ucount_max.user_namespaces"
    ),
    own!(
        "sysctl:user.max_pid_namespaces",
        "PID namespaces",
        "ucount.pid_namespaces",
        "ucount_max.pid_namespaces"
    ),
    own!(
        "sysctl:user.max_uts_namespaces",
        "UTS namespaces",
        "ucount.uts_namespaces",
        "ucount_max.uts_namespaces"
    ),
    own!(
        "sysctl:user.max_ipc_namespaces",
        "IPC namespaces",
        "ucount.ipc_namespaces",
        "ucount_max.ipc_namespaces"
    ),
    own!(
        "sysctl:user.max_net_namespaces",
        "network namespaces",
        "ucount.net_namespaces",
        "ucount_max.net_namespaces"
    ),
    own!(
        "sysctl:user.max_mnt_namespaces",
        "mount namespaces",
        "ucount.mnt_namespaces",
        "ucount_max.mnt_namespaces"
    ),
    own!(
        "sysctl:user.max_cgroup_namespaces",
        "cgroup namespaces",
        "ucount.cgroup_namespaces",
        "ucount_max.cgroup_namespaces"
    ),
    own!(
        "sysctl:user.max_time_namespaces",
        "time namespaces",
        "ucount.time_namespaces",
        "ucount_max.time_namespaces"
    ),
    own!(
        "sysctl:user.max_inotify_instances",
        "inotify instances",
        "ucount.inotify_instances",
        "ucount_max.inotify_instances"
    ),
    initial!(
        "sysctl:fs.inotify.max_user_instances",
        "inotify instances",
        "ucount.inotify_instances",
        "ucount_max.inotify_instances",
        "fs.inotify.max_user_instances"
    ),
    own!(
        "sysctl:user.max_inotify_watches",
        "inotify watches",
        "ucount.inotify_watches",
        "ucount_max.inotify_watches"
    ),
    initial!(
        "sysctl:fs.inotify.max_user_watches",
        "inotify watches",
        "ucount.inotify_watches",
        "ucount_max.inotify_watches",
        "fs.inotify.max_user_watches"
    ),
    own!(
        "sysctl:user.max_fanotify_groups",
        "fanotify groups",
        "ucount.fanotify_groups",
        "ucount_max.fanotify_groups"
    ),
    initial!(
        "sysctl:fs.fanotify.max_user_groups",
        "fanotify groups",
        "ucount.fanotify_groups",
        "ucount_max.fanotify_groups",
        "fs.fanotify.max_user_groups"
    ),
    own!(
        "sysctl:user.max_fanotify_marks",
        "fanotify marks",
        "ucount.fanotify_marks",
        "ucount_max.fanotify_marks"
    ),
    initial!(
        "sysctl:fs.fanotify.max_user_marks",
        "fanotify marks",
        "ucount.fanotify_marks",
        "ucount_max.fanotify_marks",
        "fs.fanotify.max_user_marks"
    ),
];
