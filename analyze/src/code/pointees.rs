//! Which kernel structure a pointer in another one leads to.
//!
//! The recorder's layouts have offsets, not types. The members are those of 6.1 to 7.2: `include/linux/sched.h`,
//! `nsproxy.h`, `cred.h`, `user_namespace.h`, `fdtable.h`, `mm_types.h`, `fs/mount.h`, `include/net/sock.h`.

/// (structure, member, structure that it points to).
const POINTEES: [(&str, &str, &str); 34] = [
    ("task_struct", "signal", "signal_struct"),
    ("task_struct", "nsproxy", "nsproxy"),
    ("task_struct", "mm", "mm_struct"),
    ("task_struct", "active_mm", "mm_struct"),
    ("task_struct", "cred", "cred"),
    ("task_struct", "real_cred", "cred"),
    ("task_struct", "files", "files_struct"),
    ("task_struct", "fs", "fs_struct"),
    ("task_struct", "group_leader", "task_struct"),
    ("task_struct", "real_parent", "task_struct"),
    ("task_struct", "parent", "task_struct"),
    ("nsproxy", "mnt_ns", "mnt_namespace"),
    ("nsproxy", "uts_ns", "uts_namespace"),
    ("nsproxy", "ipc_ns", "ipc_namespace"),
    ("nsproxy", "pid_ns_for_children", "pid_namespace"),
    ("nsproxy", "net_ns", "net"),
    ("nsproxy", "cgroup_ns", "cgroup_namespace"),
    ("nsproxy", "time_ns", "time_namespace"),
    ("cred", "user", "user_struct"),
    ("cred", "user_ns", "user_namespace"),
    ("cred", "ucounts", "ucounts"),
    ("ucounts", "ns", "user_namespace"),
    ("user_namespace", "parent", "user_namespace"),
    ("user_namespace", "ucounts", "ucounts"),
    ("mnt_namespace", "user_ns", "user_namespace"),
    ("mnt_namespace", "ucounts", "ucounts"),
    ("pid_namespace", "parent", "pid_namespace"),
    ("pid_namespace", "user_ns", "user_namespace"),
    ("ipc_namespace", "user_ns", "user_namespace"),
    ("net", "user_ns", "user_namespace"),
    ("files_struct", "fdt", "fdtable"),
    ("sock", "__sk_common.skc_net.net", "net"),
    ("sock", "__sk_common.skc_net", "net"),
    ("vm_area_struct", "vm_mm", "mm_struct"),
];

/// Structures whose first instance is a variable of the image, and that variable.
pub(super) const INSTANCES: [(&str, &str); 4] = [
    ("net", "init_net"),
    ("ipc_namespace", "init_ipc_ns"),
    ("user_namespace", "init_user_ns"),
    ("pid_namespace", "init_pid_ns"),
];

/// The structure that `field` of `structure` points to.
pub(super) fn pointee(structure: &str, field: &str) -> Option<&'static str> {
    let found = POINTEES
        .iter()
        .find(|(own, member, _)| *own == structure && *member == field);
    found.map(|(_, _, to)| *to)
}
