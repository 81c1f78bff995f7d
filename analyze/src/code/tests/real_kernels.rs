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
    (
        "devpts_new_index",
        28,
        &["sysctl:kernel.pty.max", "sysctl:kernel.pty.reserve"],
    ),
    (
        "do_inotify_init",
        24,
        &["sysctl:fs.inotify.max_user_instances"],
    ),
    ("do_mmap", 11, &["rlimit:MEMLOCK"]),
    ("do_mmap", 12, &["sysctl:vm.max_map_count"]),
    ("do_prlimit", 1, &["sysctl:fs.nr_open"]),
    ("generic_write_check_limits", 27, &["rlimit:FSIZE"]),
    ("inode_newsize_ok", 27, &["rlimit:FSIZE"]),
    (
        "inotify_update_watch",
        28,
        &["sysctl:fs.inotify.max_user_watches"],
    ),
    ("ioctx_alloc", 11, &["sysctl:fs.aio-max-nr"]),
    (
        "key_alloc",
        122,
        &[
            "sysctl:kernel.keys.maxbytes",
            "sysctl:kernel.keys.maxkeys",
            "sysctl:kernel.keys.root_maxbytes",
            "sysctl:kernel.keys.root_maxkeys",
        ],
    ),
    ("may_expand_vm", 0, &["rlimit:AS"]),
    ("mqueue_create_attr", 28, &["sysctl:fs.mqueue.queues_max"]),
    ("mqueue_get_inode", 24, &["rlimit:MSGQUEUE"]),
    ("newseg", 28, &["sysctl:kernel.shmall"]),
    ("split_vma", 12, &["sysctl:vm.max_map_count"]),
    ("unix_create1", 23, &["sysctl:fs.file-max"]),
    (
        "__arm64_sys_inotify_add_watch",
        28,
        &["sysctl:fs.inotify.max_user_watches"],
    ),
    (
        "__vm_enough_memory",
        12,
        &[
            "sysctl:vm.admin_reserve_kbytes",
            "sysctl:vm.overcommit_kbytes",
            "sysctl:vm.overcommit_memory",
            "sysctl:vm.overcommit_ratio",
            "sysctl:vm.user_reserve_kbytes",
        ],
    ),
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

#[test]
fn a_predicate_is_looked_into() {
    for name in ["6.1-arm64", "6.12-arm64", "7.2-arm64"] {
        let evidence = Fixture::read(name).function("may_expand_vm");
        let limit = evidence
            .fields
            .iter()
            .find(|field| field.candidates[0].ids == ["rlimit:AS"])
            .unwrap();
        assert_eq!(limit.candidates[0].certainty, Certainty::Chain, "{name}");
        assert_eq!(limit.candidates[0].field, "rlim[9].rlim_cur");
        assert_eq!(
            limit.effect.decides,
            [0],
            "{name}: too much memory gives false"
        );
    }
}

#[test]
fn arguments_of_deciding_calls_are_constants() {
    for name in KERNELS {
        let fixture = Fixture::read(name);
        let evidence = fixture.function("do_prlimit");
        let capable = evidence
            .calls
            .iter()
            .find(|call| call.name.as_deref() == Some("capable"))
            .unwrap();
        assert_eq!(capable.arguments[0], Some(24), "{name}: CAP_SYS_RESOURCE");
        assert!(capable.effect.decides_errno(1), "{name}");
        let facts = summary(&fixture.kernel, fixture.address("do_prlimit").unwrap(), 1);
        assert_eq!(facts.constant("capable", 0), Some(&[24][..]), "{name}");
        let evidence = fixture.function("create_user_ns");
        let count = evidence
            .calls
            .iter()
            .find(|call| call.name.as_deref() == Some("inc_ucount"))
            .unwrap();
        assert_eq!(
            count.arguments[2],
            Some(0),
            "{name}: UCOUNT_USER_NAMESPACES"
        );
        assert!(count.effect.decides_errno(28), "{name}");
    }
}

#[test]
fn errnos_are_those_of_the_source() {
    // ioctx_alloc (fs/aio.c): EINTR from down_write_killable, EAGAIN, ENOMEM, EINVAL.
    // do_prlimit (kernel/sys.c): EPERM, EINVAL. count_mounts (fs/namespace.c): ENOSPC.
    for name in KERNELS {
        let fixture = Fixture::read(name);
        assert_eq!(
            fixture.function("ioctx_alloc").errnos,
            [4, 11, 12, 22],
            "{name}"
        );
        assert_eq!(fixture.function("do_prlimit").errnos, [1, 22], "{name}");
        assert_eq!(fixture.function("count_mounts").errnos, [28], "{name}");
    }
}

#[test]
fn a_value_that_is_compared_in_a_callee_is_followed_there() {
    // ep_insert (fs/eventpoll.c) passes max_user_watches to percpu_counter_compare().
    for (name, function) in [
        ("6.12-arm64", "do_epoll_ctl"),
        ("7.2-arm64", "do_epoll_ctl_file"),
    ] {
        let evidence = Fixture::read(name).function(function);
        let is_limit = |path: &String| path == "fs.epoll.max_user_watches";
        let limit = evidence
            .variables
            .iter()
            .find(|read| read.sysctls.iter().any(is_limit))
            .unwrap();
        assert!(!limit.effect.compared, "{name}");
        let counts =
            |call: &&super::super::Call| call.name.as_deref() == Some("__percpu_counter_compare");
        let call = evidence.calls.iter().find(counts).unwrap();
        assert!(limit.effect.passed_to.contains(&call.at), "{name}");
        assert!(call.effect.leads_to.contains(&-28), "{name}");
    }
}

#[test]
fn without_code_nothing_is_said() {
    let fixture = Fixture::read("6.12-arm64");
    assert!(super::super::references(&fixture.kernel, 4).is_none());
    assert!(summary(&fixture.kernel, 4, 28).reads.is_empty());
}
