//! Origins on made-up recordings of each way that errors travel.

use std::collections::HashSet;

use format_spec::record::{Architecture, FunctionCode, ReturnType};

use super::*;
use crate::{
    code,
    graph::Calls,
    load::{Bundle, TraceStream},
    testing::Kernel,
};

/// A bundle whose session 1 holds what the kernel did, and session 0 what the sentinels saw.
fn bundle(kernel: &Kernel, sentinels: Option<&Kernel>) -> Bundle {
    let mut trace = vec![kernel.stream()];
    if let Some(sentinels) = sentinels {
        trace.push(TraceStream::of(0, &sentinels.events));
    }
    Bundle {
        symbols: kernel.table(),
        trace,
        ..Bundle::default()
    }
}

fn find(bundle: &Bundle, syscall: u32, errno: u16) -> Vec<Origin> {
    let calls = Calls::new(bundle);
    let code = &bundle.code;
    let kernel = code::Kernel::new(bundle.symbols.all(), code, &[], &[], Architecture::Aarch64);
    origins(
        bundle,
        &calls,
        &kernel,
        &Task {
            syscall,
            errno,
            threads: &HashSet::new(),
        },
    )
}

fn only(bundle: &Bundle, syscall: u32, errno: u16) -> Origin {
    let mut found = find(bundle, syscall, errno);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[test]
fn the_deepest_call_that_returned_the_errno_is_the_origin() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.enter("path_mount");
    kernel.returned("lookup_mnt", 0);
    kernel.enter("attach_recursive_mnt.isra.0");
    kernel.returned("count_mounts", -28);
    kernel.returned("cleanup_mounts", 0);
    kernel.leave_with("attach_recursive_mnt.isra.0", Some(-28));
    kernel.leave_with("path_mount", Some(-28));
    kernel.leave_with("__arm64_sys_mount", Some(-28));
    kernel.syscall_exit(40, -28);
    let origin = only(&bundle(&kernel, None), 40, 28);
    assert_eq!(origin.function, "count_mounts");
    let path = [
        "__arm64_sys_mount",
        "path_mount",
        "attach_recursive_mnt.isra.0",
        "count_mounts",
    ];
    assert_eq!(origin.path, path);
    assert_eq!(origin.how, How::ReturnValues);
    assert_eq!(origin.translated, None);
}

#[test]
fn an_error_that_the_caller_handled_is_no_origin() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(34);
    kernel.enter("__arm64_sys_mkdirat");
    kernel.enter("ext4_add_entry");
    // No room in the first block, then in a new one: handled. Then the quota says no for real.
    kernel.returned("add_dirent_to_buf", -28);
    kernel.returned("ext4_append", 0);
    kernel.returned("add_dirent_to_buf", 0);
    kernel.leave_with("ext4_add_entry", Some(0));
    kernel.returned("ext4_reserve", -28);
    kernel.leave_with("__arm64_sys_mkdirat", Some(-28));
    kernel.syscall_exit(34, -28);
    assert_eq!(
        only(&bundle(&kernel, None), 34, 28).function,
        "ext4_reserve"
    );
}

#[test]
fn void_junk_and_upper_halves_do_not_mislead() {
    let mut kernel = Kernel::new();
    kernel.returning("unlock_mount", ReturnType::Void);
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.returned("count_mounts", 0x1234_ffff_ffe4);
    kernel.returned("unlock_mount", -28);
    kernel.leave_with("__arm64_sys_mount", Some(-28));
    kernel.syscall_exit(40, -28);
    assert_eq!(
        only(&bundle(&kernel, None), 40, 28).function,
        "count_mounts"
    );
}

#[test]
fn what_the_origin_was_told_is_kept() {
    let mut kernel = Kernel::new();
    kernel.returning("inc_ucount", ReturnType::Pointer);
    kernel.syscall_enter(27);
    kernel.enter("__arm64_sys_inotify_add_watch");
    kernel.returned("inc_ucount", 0);
    kernel.leave_with("__arm64_sys_inotify_add_watch", Some(-28));
    kernel.syscall_exit(27, -28);
    let origin = only(&bundle(&kernel, None), 27, 28);
    assert_eq!(origin.how, How::SyscallItself);
    let told: Vec<_> = origin
        .told
        .iter()
        .map(|told| (told.function.as_str(), told.outcome))
        .collect();
    assert_eq!(told, [("inc_ucount", Outcome::Null)]);
}

#[test]
fn another_errno_from_below_is_a_translation() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(220);
    kernel.enter("__arm64_sys_clone");
    kernel.enter("copy_process");
    kernel.enter("alloc_pid");
    kernel.enter("idr_alloc_cyclic");
    kernel.returned("idr_get_free", -28);
    kernel.leave_with("idr_alloc_cyclic", Some(-28));
    kernel.leave_with("alloc_pid", Some(-11));
    kernel.leave_with("copy_process", Some(-11));
    kernel.leave_with("__arm64_sys_clone", Some(-11));
    kernel.syscall_exit(220, -11);
    let origin = only(&bundle(&kernel, None), 220, 11);
    assert_eq!(origin.function, "alloc_pid");
    let path = vec!["idr_alloc_cyclic".to_owned(), "idr_get_free".to_owned()];
    assert_eq!(
        origin.translated.map(|inner| (inner.path, inner.errno)),
        Some((path, 28))
    );
}

#[test]
fn values_of_probes_are_laid_onto_the_graph() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.enter("path_mount");
    kernel.call("count_mounts");
    kernel.leave("path_mount");
    kernel.leave("__arm64_sys_mount");
    kernel.syscall_exit(40, -28);
    kernel.probe("count_mounts", "path_mount", -28);
    kernel.probe("path_mount", "__arm64_sys_mount", -28);
    kernel.syscall_exit(40, -28);
    let origin = only(&bundle(&kernel, None), 40, 28);
    assert_eq!(
        origin.path,
        ["__arm64_sys_mount", "path_mount", "count_mounts"]
    );
    assert_eq!(origin.how, How::ReturnValues);
}

#[test]
fn sentinels_alone_give_origin_and_path() {
    let mut kernel = Kernel::new();
    let above = [
        "attach_recursive_mnt",
        "path_mount",
        "__arm64_sys_mount",
        "el0_svc",
    ];
    kernel.probe_with_stack("count_mounts", &above, -28);
    kernel.probe_with_stack("attach_recursive_mnt", &above[1..], -28);
    let mut bundle = bundle(&Kernel::new(), Some(&kernel));
    bundle.symbols = kernel.table();
    bundle.failures = vec![format_spec::record::Failure {
        time_ns: 10_000,
        syscall: 40,
        errno: 28,
        pid: 100,
        tgid: 100,
        ..Default::default()
    }];
    let origin = only(&bundle, 40, 28);
    assert_eq!(origin.how, How::Sentinel);
    let path = [
        "__arm64_sys_mount",
        "path_mount",
        "attach_recursive_mnt",
        "count_mounts",
    ];
    assert_eq!(origin.path, path);
    // Of another syscall of the same thread the same hits say nothing.
    bundle.failures[0].syscall = 27;
    assert_eq!(find(&bundle, 27, 28), []);
}

#[test]
fn who_asked_a_sentinel_that_said_null_made_the_errno() {
    let mut kernel = Kernel::new();
    kernel.returning("inc_ucount", ReturnType::Pointer);
    let above = ["__arm64_sys_inotify_add_watch", "el0_svc"];
    kernel.probe_with_stack("inc_ucount", &above, 0);
    let mut bundle = bundle(&Kernel::new(), Some(&kernel));
    bundle.symbols = kernel.table();
    bundle.failures = vec![format_spec::record::Failure {
        time_ns: 10_000,
        syscall: 27,
        errno: 28,
        pid: 100,
        tgid: 100,
        ..Default::default()
    }];
    let origin = only(&bundle, 27, 28);
    assert_eq!(origin.function, "__arm64_sys_inotify_add_watch");
    assert_eq!(origin.told[0].function, "inc_ucount");
}

#[test]
fn a_deeper_return_value_wins_over_a_sentinel_that_passed_the_error_on() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(220);
    kernel.enter("__arm64_sys_clone");
    kernel.enter("copy_process");
    kernel.returned("pids_can_fork", -11);
    kernel.leave_with("copy_process", Some(-11));
    kernel.leave_with("__arm64_sys_clone", Some(-11));
    kernel.syscall_exit(220, -11);
    let mut sentinels = Kernel::new();
    for name in ["__arm64_sys_clone", "copy_process"] {
        sentinels.function(name);
    }
    sentinels.probe_with_stack("copy_process", &["__arm64_sys_clone"], -11);
    let mut bundle = bundle(&kernel, Some(&sentinels));
    bundle.failures = vec![format_spec::record::Failure {
        time_ns: 10_000,
        syscall: 220,
        errno: 11,
        pid: 100,
        tgid: 100,
        ..Default::default()
    }];
    assert_eq!(only(&bundle, 220, 11).function, "pids_can_fork");
}

/// An open that fails, of which the graph shows what is not hot.
fn open_of_hot_functions(result: i64) -> Kernel {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(56);
    kernel.enter("__arm64_sys_openat");
    kernel.enter("path_openat");
    kernel.leave("path_openat");
    kernel.leave("__arm64_sys_openat");
    kernel.syscall_exit(56, result);
    kernel
}

#[test]
fn a_function_that_is_caught_making_the_error_is_its_origin() {
    let mut probed = open_of_hot_functions(-40);
    let graph = probed.stream();
    probed.events.clear();
    probed.syscall_enter(56);
    let way = ["step_into", "path_openat", "__arm64_sys_openat"];
    // An error that was made on another way, and this one.
    probed.caught("may_lookup", &["path_lookupat", "vfs_statx"], -40);
    probed.caught("pick_link", &way, -40);
    probed.probe("path_openat", "__arm64_sys_openat", -40);
    probed.probe("__arm64_sys_openat", "invoke_syscall", -40);
    probed.syscall_exit(56, -40);
    let mut bundle = bundle(&probed, None);
    bundle.trace = vec![graph, TraceStream::of(2, &probed.events)];
    let origin = only(&bundle, 56, 40);
    assert_eq!((&*origin.function, origin.how), ("pick_link", How::Place));
    assert_eq!(origin.below, Below::Watched);
    let path = [
        "__arm64_sys_openat",
        "path_openat",
        "step_into",
        "pick_link",
    ];
    assert_eq!(origin.path, path);
}

#[test]
fn what_was_caught_on_no_way_to_the_error_is_not_its_origin() {
    for (caller, value) in [("path_lookupat", -40), ("path_openat", -13)] {
        let mut probed = open_of_hot_functions(-40);
        let graph = probed.stream();
        probed.events.clear();
        probed.syscall_enter(56);
        probed.caught("pick_link", &[caller, "__arm64_sys_openat"], value);
        probed.probe("path_openat", "__arm64_sys_openat", -40);
        probed.probe("__arm64_sys_openat", "invoke_syscall", -40);
        probed.syscall_exit(56, -40);
        let mut bundle = bundle(&probed, None);
        bundle.trace = vec![graph, TraceStream::of(2, &probed.events)];
        assert_eq!(only(&bundle, 56, 40).function, "path_openat");
    }
}

#[test]
fn where_an_error_was_made_is_enough() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(56);
    let way = ["path_openat", "__arm64_sys_openat", "invoke_syscall"];
    kernel.caught("pick_link", &way, -40);
    kernel.syscall_exit(56, -40);
    let origin = only(&bundle(&kernel, None), 56, 40);
    assert_eq!((&*origin.function, origin.how), ("pick_link", How::Place));
    assert_eq!(origin.path[0], "__arm64_sys_openat");
}

/// A mount without values: `more` is what it does after the check.
fn mount_without_values(kernel: &mut Kernel, result: i64, more: &[&str]) {
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.enter("path_mount");
    kernel.call("lookup_mnt");
    kernel.call("count_mounts");
    for name in more {
        kernel.call(name);
    }
    kernel.call("mutex_unlock");
    kernel.leave("path_mount");
    kernel.leave("__arm64_sys_mount");
    kernel.syscall_exit(40, result);
}

#[test]
fn without_values_the_parting_of_the_ways_is_inferred() {
    let mut kernel = Kernel::new();
    mount_without_values(&mut kernel, 0, &["mnt_set_mountpoint", "commit_tree"]);
    mount_without_values(&mut kernel, -28, &[]);
    let origin = only(&bundle(&kernel, None), 40, 28);
    assert_eq!(
        (origin.function.as_str(), origin.how),
        ("count_mounts", How::Inferred)
    );
}

#[test]
fn without_a_successful_tree_clean_up_is_left_out() {
    let mut kernel = Kernel::new();
    mount_without_values(&mut kernel, -28, &["free_vfsmnt"]);
    let origin = only(&bundle(&kernel, None), 40, 28);
    assert_eq!(
        (origin.function.as_str(), origin.how),
        ("count_mounts", How::Inferred)
    );
    assert_eq!(find(&bundle(&kernel, None), 40, 12), []);
}

/// `movn w0, #27; ret`: returns -28.
const RETURNS_ENOSPC: [u8; 8] = [0x60, 0x03, 0x80, 0x12, 0xc0, 0x03, 0x5f, 0xd6];

/// `mov w0, #0; ret`: returns 0.
const RETURNS_ZERO: [u8; 8] = [0x00, 0x00, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6];

fn code(kernel: &mut Kernel, name: &str, bytes: &[u8]) -> FunctionCode {
    FunctionCode {
        address: kernel.function(name),
        bytes: bytes.to_vec(),
    }
}

#[test]
fn of_the_last_calls_the_one_whose_code_makes_the_errno_is_inferred() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.enter("path_mount");
    kernel.enter("security_sb_mount");
    kernel.call("bpf_lsm_sb_mount");
    kernel.leave("security_sb_mount");
    kernel.leave("path_mount");
    kernel.leave("__arm64_sys_mount");
    kernel.syscall_exit(40, -28);
    let blind = bundle(&kernel, None);
    assert_eq!(only(&blind, 40, 28).function, "bpf_lsm_sb_mount");
    let code = vec![
        code(&mut kernel, "bpf_lsm_sb_mount", &RETURNS_ZERO),
        code(&mut kernel, "security_sb_mount", &RETURNS_ZERO),
        code(&mut kernel, "path_mount", &RETURNS_ENOSPC),
    ];
    let seeing = Bundle {
        code,
        ..bundle(&kernel, None)
    };
    let origin = only(&seeing, 40, 28);
    assert_eq!(origin.function, "path_mount");
    assert_eq!(origin.how, How::Inferred);
}

#[test]
fn a_call_without_a_value_is_the_origin_where_its_caller_only_passes_on() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.enter("path_mount");
    kernel.returned("lookup_mnt", 0);
    kernel.call("do_new_mount");
    kernel.call("mutex_unlock");
    kernel.leave_with("path_mount", Some(-28));
    kernel.leave_with("__arm64_sys_mount", Some(-28));
    kernel.syscall_exit(40, -28);
    assert_eq!(only(&bundle(&kernel, None), 40, 28).function, "path_mount");
    // `b do_new_mount`: its result is the caller's.
    let (from, to) = (
        kernel.function("path_mount"),
        kernel.function("do_new_mount"),
    );
    let distance = u32::try_from((to.wrapping_sub(from) / 4) & 0x03ff_ffff).unwrap();
    let branch = (0x1400_0000 | distance).to_le_bytes();
    let seeing = Bundle {
        code: vec![code(&mut kernel, "path_mount", &branch)],
        ..bundle(&kernel, None)
    };
    let origin = only(&seeing, 40, 28);
    assert_eq!(origin.function, "do_new_mount");
    assert_eq!(origin.how, How::Code);
}

#[test]
fn a_security_hook_that_successful_calls_do_not_come_by_is_inferred() {
    let open = |kernel: &mut Kernel, result: i64, hooks: &[(&str, &str)], more: &[&str]| {
        kernel.syscall_enter(56);
        kernel.enter("__arm64_sys_openat");
        kernel.enter("path_openat");
        for (hook, module) in hooks {
            kernel.enter(hook);
            kernel.call(module);
            kernel.leave(hook);
        }
        for name in more {
            kernel.call(name);
        }
        kernel.leave("path_openat");
        kernel.leave("__arm64_sys_openat");
        kernel.syscall_exit(56, result);
    };
    let passing = ("security_file_open", "bpf_lsm_file_open");
    let refusing = ("security_path_mknod", "hook_path_mknod");
    let mut kernel = Kernel::new();
    open(&mut kernel, 3, &[passing], &["fd_install"]);
    open(&mut kernel, -13, &[refusing], &[]);
    let origin = only(&bundle(&kernel, None), 56, 13);
    assert_eq!(origin.function, "hook_path_mknod");
    let mut kernel = Kernel::new();
    open(&mut kernel, 3, &[passing], &["fd_install"]);
    open(&mut kernel, -13, &[passing], &[]);
    let origin = only(&bundle(&kernel, None), 56, 13);
    assert_ne!(origin.function, "bpf_lsm_file_open");
}

/// Two calls, the second of which is handed what the first one returned; `distances` in instructions, each from its call.
fn hands_on(distances: [u32; 2]) -> Vec<u8> {
    let call = |words: u32| 0x9400_0000 | (words & 0x03ff_ffff);
    let code = [
        0xa9bf_7bfd_u32, // stp x29, x30, [sp, #-16]!
        call(distances[0]),
        0x2a00_03e1, // mov w1, w0
        call(distances[1]),
        0xa8c1_7bfd, // ldp x29, x30, [sp], #16
        0xd65f_03c0, // ret
    ];
    code.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// `mov w0, w1; ret`: returns its second argument.
const RETURNS_ARGUMENT: [u8; 8] = [0xe0, 0x03, 0x01, 0x2a, 0xc0, 0x03, 0x5f, 0xd6];

#[test]
fn a_function_that_was_handed_the_errno_is_not_the_origin() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(73);
    kernel.enter("__arm64_sys_ppoll");
    kernel.returned("poll_select_finish", -22);
    kernel.leave_with("__arm64_sys_ppoll", Some(-22));
    kernel.syscall_exit(73, -22);
    let distance = |kernel: &mut Kernel, to: &str, word: u64| {
        let from = kernel.function("__arm64_sys_ppoll") + 4 * word;
        u32::try_from((kernel.function(to).wrapping_sub(from) / 4) & 0x03ff_ffff).unwrap()
    };
    let distances = [
        distance(&mut kernel, "do_sys_poll", 1),
        distance(&mut kernel, "poll_select_finish", 3),
    ];
    let finish = code(&mut kernel, "poll_select_finish", &RETURNS_ARGUMENT);
    let entry = code(&mut kernel, "__arm64_sys_ppoll", &hands_on(distances));
    let refuses = [0xa0, 0x02, 0x80, 0x12, 0xc0, 0x03, 0x5f, 0xd6]; // movn w0, #21; ret
    let makes = code(&mut kernel, "do_sys_poll", &refuses);
    let with = |code: Vec<FunctionCode>| Bundle {
        code,
        ..bundle(&kernel, None)
    };
    let unseen = with(vec![entry.clone(), finish.clone()]);
    assert_eq!(only(&unseen, 73, 22).function, "poll_select_finish");
    let origin = only(&with(vec![entry, finish, makes]), 73, 22);
    assert_eq!(origin.path, ["__arm64_sys_ppoll", "do_sys_poll"]);
    assert_eq!(origin.how, How::Code);
}

/// An openat whose last recorded call is `check`, and returns that probes saw of another such failure.
fn refused_after(check: &str, returns: ReturnType, seen: &[(&str, i64)]) -> Origin {
    let mut kernel = Kernel::new();
    kernel.returning(check, returns);
    kernel.syscall_enter(56);
    kernel.enter("__arm64_sys_openat");
    kernel.enter("path_openat");
    kernel.enter("inode_permission");
    kernel.call(check);
    kernel.leave("inode_permission");
    kernel.leave("path_openat");
    kernel.leave("__arm64_sys_openat");
    kernel.syscall_exit(56, -13);
    for &(name, value) in seen {
        kernel.probe(name, "path_openat", value);
    }
    kernel.syscall_exit(56, -13);
    only(&bundle(&kernel, None), 56, 13)
}

#[test]
fn a_check_that_was_seen_to_pass_is_not_inferred() {
    let int = ReturnType::Signed(32);
    let elsewhere = [("one", 0), ("two", 0)];
    let of = |check: i64| {
        let seen = [elsewhere[0], ("kernfs_iop_permission", check), elsewhere[1]];
        refused_after("kernfs_iop_permission", int, &seen)
    };
    let unseen = refused_after("kernfs_iop_permission", int, &elsewhere);
    assert_eq!(unseen.function, "kernfs_iop_permission");
    assert_eq!(unseen.how, How::Inferred);
    let passed = of(0);
    assert_eq!(
        (passed.function.as_str(), passed.how),
        ("inode_permission", How::Inferred)
    );
    // What said no another time may have said no here.
    assert_eq!(of(-1).function, "kernfs_iop_permission");
}

#[test]
fn what_cannot_hold_an_errno_is_not_inferred() {
    for returns in [ReturnType::Bool, ReturnType::Unsigned(32)] {
        let origin = refused_after("is_rlimit_overlimit", returns, &[]);
        assert_eq!(origin.function, "inode_permission");
        assert_eq!(origin.called, ["is_rlimit_overlimit"]);
    }
    let pointer = refused_after("lookup_fast", ReturnType::Pointer, &[]);
    assert_eq!(pointer.function, "lookup_fast");
}

/// A mount that `path_mount` refuses, as its recorded code has it; `more` happens in the same session.
fn refused_mount(code_of: Option<&[u8]>, more: impl Fn(&mut Kernel)) -> Origin {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.returned("path_mount", -28);
    kernel.leave_with("__arm64_sys_mount", Some(-28));
    kernel.syscall_exit(40, -28);
    more(&mut kernel);
    let code = code_of.map(|bytes| code(&mut kernel, "path_mount", bytes));
    let bundle = Bundle {
        code: code.into_iter().collect(),
        ..bundle(&kernel, None)
    };
    only(&bundle, 40, 28)
}

#[test]
fn an_error_may_have_come_from_below_where_that_was_not_watched() {
    // `b do_new_mount`: its result is the caller's.
    let mut kernel = Kernel::new();
    for name in ["__arm64_sys_mount", "path_mount", "do_new_mount"] {
        kernel.function(name);
    }
    let (from, to) = (
        kernel.function("path_mount"),
        kernel.function("do_new_mount"),
    );
    let distance = u32::try_from((to.wrapping_sub(from) / 4) & 0x03ff_ffff).unwrap();
    let passes_on = (0x1400_0000 | distance).to_le_bytes();
    let nothing = |kernel: &mut Kernel| {
        kernel.function("do_new_mount");
    };
    let origin = refused_mount(Some(&passes_on), nothing);
    assert_eq!(origin.function, "path_mount");
    assert_eq!(
        origin.below,
        Below::NotWatched(vec!["do_new_mount".to_owned()])
    );
    // The graph hooks it: it would be there if it had been called.
    let hooked = |kernel: &mut Kernel| {
        kernel.syscall_enter(27);
        kernel.returned("do_new_mount", 0);
        kernel.syscall_exit(27, 0);
    };
    assert_eq!(
        refused_mount(Some(&passes_on), hooked).below,
        Below::Watched
    );
    // `cbz w0, 8; b do_new_mount`, and behind that what returns ENOSPC: it may be either.
    let branch = (0x1400_0000 | (distance - 1)).to_le_bytes();
    let either = [&[0x40, 0x00, 0x00, 0x34], &branch[..], &RETURNS_ENOSPC[..]].concat();
    assert_eq!(
        refused_mount(Some(&either), nothing).below,
        Below::NotAllWatched(vec!["do_new_mount".to_owned()])
    );
    // It cannot hold an errno.
    let void = |kernel: &mut Kernel| {
        kernel.returning("do_new_mount", ReturnType::Bool);
    };
    assert_eq!(refused_mount(Some(&passes_on), void).below, Below::Watched);
    assert_eq!(
        refused_mount(Some(&RETURNS_ENOSPC), nothing).below,
        Below::Watched
    );
    assert_eq!(refused_mount(None, nothing).below, Below::NotKnown);
}

#[test]
fn what_either_of_two_findings_knows_to_be_watched_is() {
    let all = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let not = |names: &[&str]| Below::NotWatched(all(names));
    let both = Below::NotAllWatched(all(&["a", "b"])).and(Below::NotAllWatched(all(&["b"])));
    assert_eq!(both, Below::NotAllWatched(all(&["b"])));
    assert_eq!(not(&["a", "b"]).and(not(&["b", "c"])), not(&["b"]));
    assert_eq!(not(&["a"]).and(not(&["b"])), Below::Watched);
    assert_eq!(Below::NotKnown.and(not(&["b"])), not(&["b"]));
    assert_eq!(not(&["a"]).and(Below::Watched), Below::Watched);
}
