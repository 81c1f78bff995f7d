//! Which calls the kernel entered: seccomp turns a call down before `sys_enter`, but `sys_exit` sees it.
//!
//! True of the generic entry code and of arm64's own from 5.10 on. Only threads under a filter are noted, and only
//! while the recorder watches.

use aya_ebpf::helpers::{bpf_get_current_task, bpf_ktime_get_ns, bpf_probe_read_kernel};

use crate::maps::{ENTERED, SECCOMP_MODE, START_TIME, WATCHED_SINCE};

/// `SECCOMP_MODE_FILTER`, `include/uapi/linux/seccomp.h`.
const FILTER: i32 = 2;

/// Notes that a thread entered a syscall.
#[inline(always)]
pub(crate) fn note(syscall: u32, pid: u32) {
    if is_filtered(unsafe { bpf_get_current_task() }) {
        let now = unsafe { bpf_ktime_get_ns() };
        // A full table evicts the oldest.
        let _ = ENTERED.insert(pid, [now, u64::from(syscall)], 0);
    }
}

/// Whether the thread ends a syscall that it did not enter.
///
/// False where that is not known: nobody watches, the thread is older than the watch and has entered no call since,
/// or it entered the same one just before.
#[inline(always)]
pub(crate) fn skipped(syscall: u32, pid: u32) -> bool {
    etz_skipped(syscall, pid) != 0
}

/// [`skipped`], as a global function, which the verifier looks at once.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn etz_skipped(syscall: u32, pid: u32) -> u32 {
    let since = WATCHED_SINCE.get(0).copied().unwrap_or(0);
    if since == 0 {
        return 0;
    }
    let task = unsafe { bpf_get_current_task() };
    if let Some(&[time, entered]) = unsafe { ENTERED.get(pid) }
        && time >= since
    {
        return u32::from(entered != u64::from(syscall));
    }
    // A thread of after the watch's beginning, whose calls before the filter were not noted.
    let start = (task + u64::from(START_TIME.load())) as *const u64;
    let start = unsafe { bpf_probe_read_kernel(start) }.unwrap_or(0);
    u32::from(start > since && is_filtered(task))
}

#[inline(always)]
fn is_filtered(task: u64) -> bool {
    let mode = (task + u64::from(SECCOMP_MODE.load())) as *const i32;
    matches!(unsafe { bpf_probe_read_kernel(mode) }, Ok(FILTER))
}
