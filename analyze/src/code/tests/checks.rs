//! The checks that real kernels' code makes, as C.

use super::{
    super::{Asked, Recorded, ToldBy, checks},
    assembled::{self, AT},
    fixture::{Fixture, KERNELS},
};
use format_spec::record::Architecture;

/// The conditions under which the code of `function` returns `errno`, nothing recorded; none where the kernel of the
/// fixture lacks the function.
fn conditions(kernel: &str, function: &str, errno: u16) -> Option<Vec<String>> {
    let fixture = Fixture::read(kernel);
    let address = fixture.address(function)?;
    let found = checks(
        &fixture.kernel,
        &Asked {
            address,
            errno,
            places: &[],
            callers: &[],
        },
        &Recorded::default(),
    )
    .unwrap();
    let list = found.list.into_iter();
    Some(list.map(|check| check.condition).collect())
}

/// Kernels whose types were recorded.
const TYPED: [&str; 3] = ["6.1-arm64", "6.1-amd64", "7.2-arm64"];

/// Conditions of every kernel that has the function and whose types were recorded; names that differ between kernels in
/// braces.
const CONDITIONS: [(&str, u16, &[&str]); 13] = [
    (
        "count_mounts",
        28,
        &[
            "ns->{mounts|nr_mounts} >= {fs.mount-max|sysctl_mount_max}",
            "ns->{mounts|nr_mounts} + ns->pending_mounts >= {fs.mount-max|sysctl_mount_max}",
            "ns->pending_mounts + ns->{mounts|nr_mounts} + a count > {fs.mount-max|sysctl_mount_max}",
        ],
    ),
    (
        "do_mmap",
        12,
        &["current->mm->map_count > {vm.max_map_count|sysctl_max_map_count}"],
    ),
    (
        "split_vma",
        12,
        &["{mm|vma->vm_mm}->map_count >= {vm.max_map_count|sysctl_max_map_count}"],
    ),
    (
        "alloc_mnt_ns",
        28,
        &["inc_ucount(user_ns, current->cred->euid.val, 5) == 0"],
    ),
    (
        "copy_net_ns",
        28,
        &["inc_ucount(user_ns, current->cred->euid.val, 4) == 0"],
    ),
    (
        "do_inotify_init",
        24,
        &["inc_ucount(current->cred->user_ns, current->cred->euid.val, 8) == 0"],
    ),
    (
        "create_user_ns",
        28,
        &[
            "new->user_ns->level > 32",
            "inc_ucount(new->user_ns, new->euid.val, 0) == 0",
        ],
    ),
    (
        "do_msgsnd",
        22,
        &["msgsz > current->nsproxy->ipc_ns->msg_ctlmax"],
    ),
    (
        "inode_newsize_ok",
        27,
        &["offset > current->signal->rlim[1].rlim_cur"],
    ),
    (
        "may_init_module",
        1,
        &["!capable(16)", "modules_disabled != 0"],
    ),
    (
        "newary",
        28,
        &["{params->u.nsems + ns->used_sems|ns->used_sems + params->u.nsems} > ns->sem_ctls[1]"],
    ),
    ("alloc_fd", 24, &["one of 3 values >= end"]),
    (
        "do_prlimit",
        1,
        &["{(resource & a value) == 0x7 && |}new_rlim->rlim_max > {fs.nr_open|sysctl_nr_open}"],
    ),
];

/// Whether a condition is the expected one, with one of the names in each pair of braces.
fn is_it(condition: &str, expected: &str) -> bool {
    match expected.split_once('{') {
        None => condition == expected,
        Some((before, rest)) => {
            let (names, after) = rest.split_once('}').unwrap();
            names
                .split('|')
                .any(|name| is_it(condition, &format!("{before}{name}{after}")))
        }
    }
}

#[test]
fn conditions_read_like_the_source() {
    let mut wrong = Vec::new();
    for kernel in TYPED {
        for (function, errno, expected) in CONDITIONS {
            let Some(found) = conditions(kernel, function, errno) else {
                continue;
            };
            for expected in expected {
                if !found.iter().any(|condition| is_it(condition, expected)) {
                    wrong.push(format!(
                        "{kernel} {function} {errno} {expected}: {found:#?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Conditions that must be the same on all kernels that have the function, whether types were recorded or not, but
/// for the names of arguments: (function, errno, one of its conditions).
const UNTYPED: [(&str, u16, &str); 4] = [
    (
        "alloc_mnt_ns",
        28,
        "inc_ucount(arg0, current->cred->euid.val, 5, …) == 0",
    ),
    (
        "do_inotify_init",
        24,
        "inc_ucount(current->cred->user_ns, current->cred->euid.val, 8, …) == 0",
    ),
    (
        "generic_write_check_limits",
        27,
        "current->signal->rlim[1].rlim_cur != -1 && arg1 >= current->signal->rlim[1].rlim_cur",
    ),
    (
        "inode_newsize_ok",
        27,
        "arg1 > current->signal->rlim[1].rlim_cur",
    ),
];

#[test]
fn without_types_arguments_are_numbered() {
    let mut wrong = Vec::new();
    for kernel in KERNELS.into_iter().filter(|kernel| !TYPED.contains(kernel)) {
        for (function, errno, expected) in UNTYPED {
            let Some(found) = conditions(kernel, function, errno) else {
                continue;
            };
            if !found.iter().any(|condition| condition == expected) {
                wrong.push(format!("{kernel} {function} {errno}: {found:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_limit_is_on_the_right_and_nothing_is_subtracted() {
    let found = conditions("6.12-arm64", "count_mounts", 28).unwrap();
    assert_eq!(
        found[..2],
        [
            "*(arg0 + 96) >= sysctl_mount_max",
            "*(arg0 + 96) + *(arg0 + 100) >= sysctl_mount_max"
        ]
    );
    for kernel in KERNELS {
        let found = conditions(kernel, "do_mmap", 12).unwrap();
        let named = ["sysctl_max_map_count", "vm.max_map_count"];
        let expected = named.map(|limit| format!("current->mm->map_count > {limit}"));
        // The other one is of a length that is 0 when it is rounded up.
        let [empty, full] = found.as_slice() else {
            panic!("{kernel}: {found:?}");
        };
        assert!(expected.contains(full), "{kernel}: {found:?}");
        assert!(empty.starts_with('!'), "{kernel}: {found:?}");
    }
}

/// `if (a > 5) return -ENOSPC; if (b > 7) return -ENOSPC; return 0;`
const TWO_CHECKS: [u32; 10] = [
    0x7100_141f, // cmp w0, #5
    0x5400_00a8, // b.hi +20
    0x7100_1c3f, // cmp w1, #7
    0x5400_00a8, // b.hi +20
    0x5280_0000, // mov w0, #0
    0xd65f_03c0, // ret
    0x1280_0360, // mov w0, #-28
    0xd65f_03c0, // ret
    0x1280_0360, // mov w0, #-28
    0xd65f_03c0, // ret
];

#[test]
fn several_checks_of_one_errno_are_told_apart_by_place() {
    let code = TWO_CHECKS.map(u32::to_le_bytes).concat();
    let kernel = assembled::kernel(Architecture::Aarch64, &code);
    let found = |places: &[u64]| {
        let asked = Asked {
            address: AT,
            errno: 28,
            places,
            callers: &[],
        };
        let found = checks(&kernel, &asked, &Recorded::default()).unwrap();
        let conditions = found.list.into_iter().map(|check| check.condition);
        (conditions.collect::<Vec<String>>(), found.by, found.are_all)
    };
    let both = vec!["arg0 > 5".to_owned(), "arg1 > 7".to_owned()];
    assert_eq!(found(&[]), (both.clone(), ToldBy::Code, true));
    assert_eq!(found(&[AT + 24]), (both[..1].to_vec(), ToldBy::Place, true));
    assert_eq!(found(&[AT + 32]), (both[1..].to_vec(), ToldBy::Place, true));
    // A place that is none of this function's.
    assert_eq!(found(&[AT + 400]), (both, ToldBy::Code, true));
}

#[test]
fn a_way_that_no_single_comparison_decides_is_not_kept_quiet() {
    // `if (a > 5) return -ENOSPC; error = -ENOSPC; if (b) error = 0; if (c) error = 0; return error;`
    let code = [
        0x7100_141f, // cmp w0, #5
        0x5400_0108, // b.hi +32
        0x1280_0363, // mov w3, #-28
        0x3400_0041, // cbz w1, +8
        0x5280_0003, // mov w3, #0
        0x3400_0042, // cbz w2, +8
        0x5280_0003, // mov w3, #0
        0x2a03_03e0, // mov w0, w3
        0xd65f_03c0, // ret
        0x1280_0360, // mov w0, #-28
        0xd65f_03c0, // ret
    ];
    let code = code.map(u32::to_le_bytes).concat();
    let kernel = assembled::kernel(Architecture::Aarch64, &code);
    let asked = Asked {
        address: AT,
        errno: 28,
        places: &[],
        callers: &[],
    };
    let found = checks(&kernel, &asked, &Recorded::default()).unwrap();
    assert_eq!(found.list[0].condition, "arg0 > 5");
    assert_eq!((found.list.len(), found.are_all), (1, false));
}

#[test]
fn an_argument_is_what_the_caller_gave() {
    for kernel in KERNELS {
        let fixture = Fixture::read(kernel);
        let Some(address) = fixture.address("alloc_fd") else {
            continue;
        };
        let Some(caller) = fixture.address("get_unused_fd_flags") else {
            continue;
        };
        let asked = Asked {
            address,
            errno: 24,
            places: &[],
            callers: &[caller],
        };
        let found = checks(&fixture.kernel, &asked, &Recorded::default()).unwrap();
        assert!(found.are_all, "{kernel}: {found:#?}");
        let limits = &found.list[0].limits;
        assert!(
            limits.contains(&"rlimit:NOFILE".to_owned()),
            "{kernel}: {found:#?}"
        );
        assert!(
            found.list[0]
                .condition
                .ends_with("= current->signal->rlim[7].rlim_cur"),
            "{kernel}: {found:#?}"
        );
    }
}
