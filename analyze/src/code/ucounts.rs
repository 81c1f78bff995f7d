//! Kinds of per-user counts: `enum ucount_type` (`include/linux/user_namespace.h`, 5.13 to 7.2).

/// The sysctls by kind, those of kernels with inotify and fanotify, as all distributions build them.
const SYSCTLS: [&[&str]; 12] = [
    &["user.max_user_namespaces"],
    &["user.max_pid_namespaces"],
    &["user.max_uts_namespaces"],
    &["user.max_ipc_namespaces"],
    &["user.max_net_namespaces"],
    &["user.max_mnt_namespaces"],
    &["user.max_cgroup_namespaces"],
    &["user.max_time_namespaces"],
    // Both files set one variable.
    &[
        "fs.inotify.max_user_instances",
        "user.max_inotify_instances",
    ],
    &["fs.inotify.max_user_watches", "user.max_inotify_watches"],
    &["fs.fanotify.max_user_groups", "user.max_fanotify_groups"],
    &["fs.fanotify.max_user_marks", "user.max_fanotify_marks"],
];

/// Culprit ids of the limit of a kind; none for a number that is no kind.
pub(super) fn ids(kind: u64) -> Vec<String> {
    let found = usize::try_from(kind)
        .ok()
        .and_then(|kind| SYSCTLS.get(kind));
    let paths = found.into_iter().copied().flatten();
    paths.map(|path| format!("sysctl:{path}")).collect()
}
