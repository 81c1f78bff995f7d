//! The checks that real kernels' code makes, as C.

use super::{
    super::{Recorded, checks},
    fixture::{Fixture, KERNELS},
};

#[test]
fn look() {
    for name in KERNELS {
        let fixture = Fixture::read(name);
        for (function, errno) in [
            ("count_mounts", 28u16), ("alloc_fd", 24), ("__alloc_fd", 24), ("inc_ucount", 28), ("copy_process", 11), ("alloc_pid", 11), ("alloc_pid", 12),
            ("do_mmap", 12), ("do_mmap", 11), ("do_prlimit", 1), ("key_alloc", 122), ("newseg", 28), ("split_vma", 12), ("ioctx_alloc", 11),
            ("generic_write_check_limits", 27), ("inode_newsize_ok", 27), ("create_user_ns", 28), ("alloc_mnt_ns", 28), ("mqueue_create_attr", 28),
            ("mqueue_get_inode", 24), ("inotify_update_watch", 28), ("__vm_enough_memory", 12), ("devpts_new_index", 28), ("unix_create1", 23), ("alloc_empty_file", 23),
            ("pids_can_fork", 11), ("ep_insert", 28), ("do_epoll_ctl", 28), ("do_epoll_ctl", 22), ("__inet_bind", 98), ("__inet_bind", 13), ("perf_event_open", 13), ("bpf_prog_load", 1), ("newary", 28), ("do_msgsnd", 11), ("pipe_set_size", 1), ("expand_files", 24), ("copy_net_ns", 28), ("do_inotify_init", 24), ("__arm64_sys_inotify_add_watch", 28), ("__x64_sys_inotify_add_watch", 28),
        ] {
            let Some(address) = fixture.address(function) else { continue };
            let found = checks(&fixture.kernel, address, errno, &[], &Recorded::default()).unwrap();
            println!("{name} {function} {errno}:");
            for check in found {
                println!("    {:x} {} ", check.at - address, check.condition);
            }
        }
    }
}
