//! What is found in the code of Debian's kernels, on both architectures.

use super::{
    super::{Certainty, summary},
    fixture::{Fixture, KERNELS},
};

/// (function, errno, the limits that its code must blame, all of them). Where a compiler put a function into its
/// caller, the caller stands; a row holds for each kernel that has the function.
const BLAMED: [(&str, u16, &[&str]); 24] = [
    ("count_mounts", 28, &["sysctl:fs.mount-max"]),
    ("alloc_empty_file", 23, &["sysctl:fs.file-max"]),
    ("alloc_mnt_ns", 28, &["sysctl:user.max_mnt_namespaces"]),
    ("copy_process", 11, &["rlimit:NPROC"]),
    ("create_user_ns", 28, &["sysctl:user.max_user_namespaces"]),
    ("copy_net_ns", 28, &["sysctl:user.max_net_namespaces"]),
    ("devpts_new_index", 28, &["sysctl:kernel.pty.max", "sysctl:kernel.pty.reserve"]),
    ("do_inotify_init", 24, &["sysctl:fs.inotify.max_user_instances"]),
    ("do_mmap", 11, &["rlimit:MEMLOCK"]),
    ("do_mmap", 12, &["sysctl:vm.max_map_count"]),
    ("do_prlimit", 1, &["sysctl:fs.nr_open"]),
    ("generic_write_check_limits", 27, &["rlimit:FSIZE"]),
    ("inode_newsize_ok", 27, &["rlimit:FSIZE"]),
    ("inotify_update_watch", 28, &["sysctl:fs.inotify.max_user_watches"]),
    ("ioctx_alloc", 11, &["sysctl:fs.aio-max-nr"]),
    ("key_alloc", 122, &[
        "sysctl:kernel.keys.maxbytes", "sysctl:kernel.keys.maxkeys", "sysctl:kernel.keys.root_maxbytes",
        "sysctl:kernel.keys.root_maxkeys",
    ]),
    ("may_expand_vm", 0, &["rlimit:AS"]),
    ("mqueue_create_attr", 28, &["sysctl:fs.mqueue.queues_max"]),
    ("mqueue_get_inode", 24, &["rlimit:MSGQUEUE"]),
    ("newseg", 28, &["sysctl:kernel.shmall"]),
    ("split_vma", 12, &["sysctl:vm.max_map_count"]),
    ("unix_create1", 23, &["sysctl:fs.file-max"]),
    ("__arm64_sys_inotify_add_watch", 28, &["sysctl:fs.inotify.max_user_watches"]),
    ("__vm_enough_memory", 12, &[
        "sysctl:vm.admin_reserve_kbytes", "sysctl:vm.overcommit_kbytes", "sysctl:vm.overcommit_memory",
        "sysctl:vm.overcommit_ratio", "sysctl:vm.user_reserve_kbytes",
    ]),
];

#[test]
fn limits_are_blamed_without_source() {
    let mut wrong = Vec::new();
    for name in KERNELS {
        let fixture = Fixture::read(name);
        for (function, errno, expected) in BLAMED {
            let Some(address) = fixture.address(function) else {
                continue;
            };
            let facts = summary(&fixture.kernel, address, errno);
            let found: Vec<&str> = facts.reads.iter().map(|read| read.id.as_str()).collect();
            if found != expected {
                wrong.push(format!("{name} {function} {errno}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
