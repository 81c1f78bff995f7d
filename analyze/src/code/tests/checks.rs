//! The checks that real kernels' code makes, as C.

use super::{
    super::{Recorded, checks},
    fixture::{Fixture, KERNELS},
};

/// The conditions under which the code of `function` returns `errno`, nothing recorded; none where the kernel of the
/// fixture lacks the function.
fn conditions(kernel: &str, function: &str, errno: u16) -> Option<Vec<String>> {
    let fixture = Fixture::read(kernel);
    let address = fixture.address(function)?;
    let found = checks(&fixture.kernel, address, errno, &[], &Recorded::default()).unwrap();
    let list = found.list.into_iter();
    Some(list.map(|check| check.condition).collect())
}

/// Conditions that must be the same on all kernels that have the function: (function, errno, one of its conditions).
const SAME: [(&str, u16, &str); 6] = [
    (
        "alloc_mnt_ns",
        28,
        "inc_ucount(arg0, current->cred->euid.val, 5, …) == 0",
    ),
    (
        "copy_net_ns",
        28,
        "inc_ucount(arg1, current->cred->euid.val, 4, …) == 0",
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
    ("may_init_module", 1, "!capable(16, …)"),
    (
        "inode_newsize_ok",
        27,
        "arg1 > current->signal->rlim[1].rlim_cur",
    ),
];

#[test]
fn conditions_are_read_from_code() {
    let mut wrong = Vec::new();
    for kernel in KERNELS {
        for (function, errno, expected) in SAME {
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
        let found: [String; 1] = conditions(kernel, "do_mmap", 12)
            .unwrap()
            .try_into()
            .unwrap();
        let named = ["sysctl_max_map_count", "vm.max_map_count"];
        let expected = named.map(|limit| [format!("current->mm->map_count > {limit}")]);
        assert!(expected.contains(&found), "{kernel}: {found:?}");
    }
}
