//! Who belongs to the recorder, and who to the command that it records.

use aya_ebpf::helpers::{bpf_get_current_pid_tgid, bpf_get_current_task, bpf_probe_read_kernel};

use crate::maps::{FLAGS, HELPERS, OF_COMMAND, OWN_TGID, TGID, TREE};

/// `PF_FORKNOEXEC`, `include/linux/sched.h`: forked, and no program was executed since.
const FORKED: u32 = 0x40;

/// Value in [`TREE`] of what the recorder itself forked: the command, which is the recorder's own code at first.
const COMMAND: u8 = 1;

/// Value in [`TREE`] of what the command forked.
const DESCENDANT: u8 = 2;

/// The current process has forked `child`, a `task_struct` that does not run yet (`kernel_clone`, `kernel/fork.c`).
#[inline(always)]
pub(crate) fn note(child: u64) {
    let parent = current();
    let Ok(child) =
        (unsafe { bpf_probe_read_kernel((child + u64::from(TGID.load())) as *const u32) })
    else {
        return;
    };
    // A thread of the same process.
    if child == parent {
        return;
    }
    let value = if parent == OWN_TGID.load() {
        COMMAND
    } else if is_of_command(parent) {
        DESCENDANT
    } else {
        return;
    };
    let _ = TREE.insert(child, value, 0);
}

/// Whether the recorded command, or a descendant of it, is that process.
#[inline(always)]
pub(crate) fn is_of_command(tgid: u32) -> bool {
    OF_COMMAND.load() != 0 && unsafe { TREE.get(tgid) }.is_some()
}

/// Whether the current process is the recorder's own: itself, a helper, or the command before it is executed.
#[inline(always)]
pub(crate) fn is_recorder(tgid: u32) -> bool {
    let is_helper = |helpers: &[u32; 2]| tgid == helpers[0] || tgid == helpers[1];
    if tgid == OWN_TGID.load() || HELPERS.get(0).is_some_and(is_helper) {
        return true;
    }
    if OF_COMMAND.load() == 0 || unsafe { TREE.get(tgid) } != Some(&COMMAND) {
        return false;
    }
    let flags = (unsafe { bpf_get_current_task() } + u64::from(FLAGS.load())) as *const u32;
    matches!(unsafe { bpf_probe_read_kernel(flags) }, Ok(flags) if flags & FORKED != 0)
}

/// The current process.
#[inline(always)]
pub(crate) fn current() -> u32 {
    (bpf_get_current_pid_tgid() >> 32) as u32
}
