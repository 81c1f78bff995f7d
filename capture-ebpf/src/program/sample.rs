//! Samples: failures sent whole through the ring buffer.

use aya_ebpf::{
    bindings::{BPF_RB_AVAIL_DATA, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP},
    helpers::{
        bpf_get_current_cgroup_id, bpf_get_current_comm, bpf_get_current_pid_tgid,
        bpf_get_current_uid_gid,
        generated::{self, bpf_get_current_ancestor_cgroup_id},
    },
};
use capture_ebpf::{
    Arguments, COMM_LEN, CountKey, ERRNO_WORDS, Failure, Focus, Loss, MAX_CGROUPS, MAX_STRINGS,
    NO_ARGUMENT, SAMPLE_BODY, SAMPLE_HEAD, STRING_CAP, SYSCALL_WORDS, UNREADABLE,
};

use crate::{
    entered, facts,
    maps::{
        ARGUMENTS, BY_CGROUP, BY_COMM, BY_TGID, FOCUS, FOCUS_COMMS, FOCUS_TGIDS, SAMPLE, SAMPLES,
        WAKE_BYTES, lost,
    },
    registers::Registers,
};

/// Whether samples of this failure are wanted.
#[inline(always)]
pub(crate) fn in_focus(key: &CountKey) -> bool {
    let Some(focus) = FOCUS.get(0) else {
        return false;
    };
    let (syscall, errno) = (key.syscall as usize, key.errno as usize);
    let bit = |words: &[u64], index: usize| words[index / 64] >> (index % 64) & 1 == 1;
    bit(&focus.syscalls, syscall % (64 * SYSCALL_WORDS))
        && bit(&focus.errnos, errno % (64 * ERRNO_WORDS))
        && (BY_TGID.load() == 0 || unsafe { FOCUS_TGIDS.get(key.tgid) }.is_some())
        && comm_in_focus()
        && cgroup_in_focus(focus)
}

#[inline(always)]
fn comm_in_focus() -> bool {
    let comm = || bpf_get_current_comm().unwrap_or([0; COMM_LEN]);
    BY_COMM.load() == 0 || unsafe { FOCUS_COMMS.get(comm()) }.is_some()
}

#[inline(always)]
fn cgroup_in_focus(focus: &Focus) -> bool {
    let groups = BY_CGROUP.load() as usize;
    if groups == 0 {
        return true;
    }
    for index in 0..MAX_CGROUPS {
        if index >= groups {
            break;
        }
        let group = focus.cgroups[index];
        if unsafe { bpf_get_current_ancestor_cgroup_id(group.level as i32) } == group.id {
            return true;
        }
    }
    false
}

/// Sends one failure. The recorder wakes up at once for an urgent one and for a ring buffer that fills up; it looks
/// at the others when it wakes up anyway.
#[inline(always)]
pub(crate) fn send(registers: &Registers, key: &CountKey, now: u64, urgent: bool) {
    let Some(sample) = SAMPLE.get_ptr_mut(0).map(<*mut _>::cast::<Failure>) else {
        return;
    };
    // One processor's, and any bits are a Failure.
    let failure = unsafe { &mut *sample };
    failure.time_ns = now;
    failure.cgroup = unsafe { bpf_get_current_cgroup_id() };
    for index in 0..6 {
        failure.args[index] = registers.arg(index);
    }
    failure.args[6] = 0;
    failure.args[7] = 0;
    failure.syscall = key.syscall;
    failure.errno = key.errno;
    failure.tgid = key.tgid;
    failure.pid = bpf_get_current_pid_tgid() as u32;
    failure.uid = bpf_get_current_uid_gid() as u32;
    failure.not_entered = entered::skipped(key.syscall, failure.pid).into();
    failure.comm = bpf_get_current_comm().unwrap_or([0; COMM_LEN]);
    let table = ARGUMENTS.get(0);
    let arguments = table.map_or(Arguments::NONE, |table| {
        table[key.syscall as usize % table.len()]
    });
    let words = facts::read(sample, arguments);
    let body = etz_strings(sample, u32::from_le_bytes(arguments.strings), 4 * words) as usize;
    let wake = urgent || SAMPLES.query(u64::from(BPF_RB_AVAIL_DATA)) > WAKE_BYTES.load();
    let flags = u64::from(if wake {
        BPF_RB_FORCE_WAKEUP
    } else {
        BPF_RB_NO_WAKEUP
    });
    // No more than is in use: most samples take a quarter of what they might. The mask is for the verifier.
    let len = (SAMPLE_HEAD + body) & ((SAMPLE_HEAD + SAMPLE_BODY).next_power_of_two() - 1);
    let bytes = unsafe { core::slice::from_raw_parts(sample.cast_const().cast(), len) };
    if SAMPLES.output::<[u8]>(bytes, flags).is_err() {
        lost(Loss::RingFull);
    }
}

/// Reads the strings at the places `arguments`, four bytes, into the body behind `used` bytes. Returns how many are
/// used then. A global function, which the verifier looks at once.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn etz_strings(failure: *mut Failure, arguments: u32, used: u32) -> u32 {
    let mut used = used;
    for slot in 0..MAX_STRINGS as u32 {
        used += etz_string(failure, slot, (arguments >> (8 * slot)) & 0xff, used);
    }
    used
}

/// Reads the string at the place `argument` into the body behind `used` bytes. Returns how many bytes it takes.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn etz_string(
    failure: *mut Failure,
    slot: u32,
    argument: u32,
    used: u32,
) -> u32 {
    let Some(failure) = (unsafe { failure.as_mut() }) else {
        return 0;
    };
    let string = &mut failure.strings[slot as usize % MAX_STRINGS];
    string.reserved = 0;
    string.len = 0;
    string.argument = argument as u8;
    if string.argument == NO_ARGUMENT {
        return 0;
    }
    let pointer = failure.args[usize::from(string.argument & 7)];
    if pointer == 0 {
        string.argument = NO_ARGUMENT;
        return 0;
    }
    // The room ends a string behind the last place that this leaves.
    let place = used as usize & (SAMPLE_BODY - 1);
    let bytes = unsafe { failure.body.as_mut_ptr().cast::<u8>().add(place) };
    let len = unsafe {
        generated::bpf_probe_read_user_str(bytes.cast(), STRING_CAP as u32, pointer as *const _)
    };
    if len < 0 {
        string.len = UNREADABLE;
        lost(Loss::StringUnreadable);
        return 0;
    }
    string.len = len as u16;
    len as u32
}
