//! Samples: failures sent whole through the ring buffer.

use aya_ebpf::{
    EbpfContext,
    helpers::{bpf_get_current_cgroup_id, generated},
};
use capture_ebpf::{
    Arguments, COMM_LEN, Failure, Loss, MAX_STRINGS, NO_ARGUMENT, STRING_CAP, UNREADABLE,
};

use crate::{
    entered, facts,
    maps::{
        ARGUMENTS, BY_COMM, BY_TGID, FOCUS_COMMS, FOCUS_ERRNOS, FOCUS_SYSCALLS, FOCUS_TGIDS,
        SAMPLES, lost,
    },
    registers::Registers,
};

/// Whether samples of this failure are wanted.
#[inline(always)]
pub(crate) fn in_focus(context: &impl EbpfContext, syscall: u32, errno: u32) -> bool {
    FOCUS_SYSCALLS.get(syscall) == Some(&1)
        && FOCUS_ERRNOS.get(errno) == Some(&1)
        && tgid_in_focus(context)
        && comm_in_focus(context)
}

#[inline(always)]
fn tgid_in_focus(context: &impl EbpfContext) -> bool {
    BY_TGID.load() == 0 || unsafe { FOCUS_TGIDS.get(context.tgid()) }.is_some()
}

#[inline(always)]
fn comm_in_focus(context: &impl EbpfContext) -> bool {
    let comm = || context.command().unwrap_or([0; COMM_LEN]);
    BY_COMM.load() == 0 || unsafe { FOCUS_COMMS.get(comm()) }.is_some()
}

/// Sends one failure.
#[inline(always)]
pub(crate) fn send(
    context: &impl EbpfContext,
    registers: &Registers,
    syscall: u32,
    errno: u32,
    now: u64,
) {
    let Some(mut entry) = SAMPLES.reserve::<Failure>(0) else {
        return lost(Loss::RingFull);
    };
    // The ring buffer's memory is initialized, if with older samples, and any bits are a Failure.
    let failure = unsafe { entry.assume_init_mut() };
    failure.time_ns = now;
    failure.cgroup = unsafe { bpf_get_current_cgroup_id() };
    for index in 0..6 {
        failure.args[index] = registers.arg(index);
    }
    failure.args[6] = 0;
    failure.args[7] = 0;
    failure.syscall = syscall;
    failure.errno = errno;
    failure.tgid = context.tgid();
    failure.pid = context.pid();
    failure.uid = context.uid();
    failure.not_entered = entered::skipped(syscall, failure.pid).into();
    failure.comm = context.command().unwrap_or([0; COMM_LEN]);
    let arguments = ARGUMENTS.get(syscall).copied().unwrap_or(Arguments::NONE);
    facts::read(failure, arguments.descriptor);
    read_strings(failure, &arguments.strings);
    entry.submit(0);
}

#[inline(always)]
fn read_strings(failure: &mut Failure, arguments: &[u8; MAX_STRINGS]) {
    for slot in 0..MAX_STRINGS {
        let string = &mut failure.strings[slot];
        string.reserved = 0;
        string.len = 0;
        string.argument = arguments[slot];
        if string.argument == NO_ARGUMENT {
            continue;
        }
        let pointer = failure.args[usize::from(string.argument & 7)];
        if pointer == 0 {
            string.argument = NO_ARGUMENT;
            continue;
        }
        let bytes = (&raw mut string.bytes).cast();
        let len = unsafe {
            generated::bpf_probe_read_user_str(bytes, STRING_CAP as u32, pointer as *const _)
        };
        string.len = if len < 0 { UNREADABLE } else { len as u16 };
        if len < 0 {
            lost(Loss::StringUnreadable);
        }
    }
}
