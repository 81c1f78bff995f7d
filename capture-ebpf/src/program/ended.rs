//! How processes end of which failures were sampled.
//!
//! `sched_process_exit` comes when `do_exit` (`kernel/exit.c`, 6.1 to 7.2) has counted the thread out of `signal->live`
//! and has stored its exit code; `group_exit_code` is set before both.

use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP,
    helpers::{bpf_get_current_pid_tgid, bpf_get_current_task},
};
use capture_ebpf::{EXIT_CODE, Exit, GROUP_EXIT_CODE, GROUP_FLAGS, LIVE, Loss};

use crate::{
    count::now_ns,
    facts::follow,
    maps::{EXITS, OF_COMMAND, SAMPLED, TREE, lost},
};

/// `SIGNAL_GROUP_EXIT`, `include/linux/sched/signal.h`: all threads end with `group_exit_code`.
const GROUP_EXIT: u64 = 4;

/// The current thread ends: tells of its process, if it was the last one of it.
#[inline(always)]
pub(crate) fn note() {
    let tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
    let is_sampled = unsafe { SAMPLED.get(tgid) }.is_some();
    if !is_sampled && OF_COMMAND.load() == 0 {
        return;
    }
    let task = unsafe { bpf_get_current_task() };
    let mut live = 0;
    if !follow(task, LIVE, &mut live) || live != 0 {
        return;
    }
    if OF_COMMAND.load() != 0 {
        let _ = TREE.remove(tgid);
    }
    // Of two threads that end at the same moment one finds it still there.
    if !is_sampled || SAMPLED.remove(tgid).is_err() {
        return;
    }
    let Some(mut entry) = EXITS.reserve::<Exit>(0) else {
        return lost(Loss::ExitsFull);
    };
    entry.write(Exit {
        time_ns: now_ns(),
        tgid,
        status: status(task),
    });
    entry.submit(u64::from(BPF_RB_NO_WAKEUP));
}

/// What `wait_task_zombie` gives to the parent.
#[inline(always)]
fn status(task: u64) -> u32 {
    let (mut flags, mut status) = (0, 0);
    let in_group = follow(task, GROUP_FLAGS, &mut flags) && flags & GROUP_EXIT != 0;
    let place = if in_group { GROUP_EXIT_CODE } else { EXIT_CODE };
    follow(task, place, &mut status);
    status as u32
}
