//! Which calls the kernel entered: seccomp turns a call down before `sys_enter`, but `sys_exit` sees it.
//!
//! True of the generic entry code and of arm64's own from 5.10 on. Only threads under a filter are noted.

use aya_ebpf::helpers::{bpf_get_current_task, bpf_probe_read_kernel};

use crate::maps::{ENTERED, SECCOMP_MODE};

/// `SECCOMP_MODE_FILTER`, `include/uapi/linux/seccomp.h`.
const FILTER: i32 = 2;

/// Notes that a thread entered a syscall.
#[inline(always)]
pub(crate) fn note(syscall: u32, pid: u32) {
    let mode = unsafe { bpf_get_current_task() } + u64::from(SECCOMP_MODE.load());
    if unsafe { bpf_probe_read_kernel(mode as *const i32) } == Ok(FILTER) {
        // A full table evicts the oldest.
        let _ = ENTERED.insert(pid, syscall, 0);
    }
}

/// Whether the thread ends a syscall that it did not enter. False where that is not known: the thread has entered
/// none since the `sys_enter` program was attached, or entered the same one just before.
#[inline(always)]
pub(crate) fn skipped(syscall: u32, pid: u32) -> bool {
    unsafe { ENTERED.get(pid) }.is_some_and(|&entered| entered != syscall)
}
