//! The kernel programs: `sys_exit` counts and samples failing syscalls; `sys_enter`, attached only for a short
//! while, tells calls that seccomp rejected. `sched_process_exit` tells how a process ended of which a failure was
//! sampled; `sched_process_fork`, attached only when a command is recorded, which processes are of it.
//!
//! A successful call costs `sys_exit` one compare. Whatever the program cannot keep is counted in `LOSSES`.
#![no_std]
#![no_main]
#![allow(
    internal_features,
    reason = "BPF has no other way to an atomic add without its result"
)]
#![feature(core_intrinsics)]

mod count;
mod ended;
mod entered;
mod facts;
mod family;
mod maps;
mod registers;
mod sample;

use aya_ebpf::{EbpfContext as _, macros::raw_tracepoint, programs::RawTracePointContext};
use capture_ebpf::{Bucket, CountKey, Loss, MAX_SYSCALLS, is_restart};
use registers::{Call, Registers};

/// Largest errno (`MAX_ERRNO`, `include/linux/err.h`).
const MAX_ERRNO: u64 = 4095;

/// `sys_exit(struct pt_regs *regs, long ret)`, `include/trace/events/syscalls.h`.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub(crate) fn sys_exit(context: RawTracePointContext) -> i32 {
    let result: u64 = context.arg(1);
    if result < MAX_ERRNO.wrapping_neg() {
        return 0;
    }
    etz_failed(context.arg(0), (result.wrapping_neg() & 0xfff) as u32);
    0
}

/// Nothing at all: what a program on `sys_exit` costs at least. Only benchmarks load it.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub(crate) fn sys_exit_floor(_context: RawTracePointContext) -> i32 {
    0
}

/// `sys_enter(struct pt_regs *regs, long id)`.
#[raw_tracepoint(tracepoint = "sys_enter")]
pub(crate) fn sys_enter(context: RawTracePointContext) -> i32 {
    entered::note(context.arg::<u64>(1) as u32, context.pid());
    0
}

/// `sched_process_exit(struct task_struct *p)`, from 6.16 on also `bool group_dead`; `include/trace/events/sched.h`.
#[raw_tracepoint(tracepoint = "sched_process_exit")]
pub(crate) fn sched_process_exit(_context: RawTracePointContext) -> i32 {
    ended::note();
    0
}

/// `sched_process_fork(struct task_struct *parent, struct task_struct *child)`, `include/trace/events/sched.h`.
#[raw_tracepoint(tracepoint = "sched_process_fork")]
pub(crate) fn sched_process_fork(context: RawTracePointContext) -> i32 {
    family::note(context.arg(1));
    0
}

/// A call failed. A function of its own, so that a successful call does not pay for saving its registers; a global
/// one: see [`etz_consider`].
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn etz_failed(registers: u64, errno: u32) -> u32 {
    let tgid = family::current();
    if family::is_recorder(tgid) {
        return 0;
    }
    let registers = Registers::new(registers);
    let syscall = match registers.call() {
        Call::Native(number) => number,
        Call::Compat => {
            maps::lost(Loss::Compat);
            return 0;
        }
        Call::NoSyscall => {
            maps::lost(Loss::NoSyscall);
            return 0;
        }
        Call::None => return 0,
    };
    // Of no process: waits are interrupted all the time, and nobody looks for whose.
    if is_restart(errno) {
        count::uncounted(syscall, errno);
        return 0;
    }
    let key = CountKey {
        syscall,
        tgid,
        errno,
    };
    match count::again(&key) {
        Some((_, false)) => maps::lost(Loss::OverRate),
        Some((before, true)) => consider(&registers, &key, before),
        None => {
            let before = count::first(&key);
            consider(&registers, &key, before);
        }
    }
    0
}

/// Sends a failure whole, if it is wanted and the rate allows it; `before` of its key came earlier.
#[inline(always)]
fn consider(registers: &Registers, key: &CountKey, before: u64) {
    let kind = Bucket::key(key.syscall, key.errno);
    etz_consider(registers.address(), kind, key.tgid, before);
}

/// [`consider`], as a global function: the verifier looks at it once, not once for each way that leads to it, which
/// takes a second. It takes integers, as pointers would have to be of types that the kernel knows.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn etz_consider(registers: u64, kind: u64, tgid: u32, before: u64) -> u32 {
    let (syscall, errno) = Bucket::of_key(kind);
    let key = CountKey {
        syscall: syscall % MAX_SYSCALLS,
        tgid,
        errno: errno.into(),
    };
    if sample::in_focus(&key) {
        let now = count::now_ns();
        if count::may_sample(&key, before, now) {
            let urgent = before < maps::FIRST.load();
            // Until it ends; a full table evicts the oldest.
            let _ = maps::SAMPLED.insert(tgid, 1, 0);
            sample::send(&Registers::new(registers), &key, now, urgent);
        } else {
            maps::lost(Loss::OverRate);
        }
    }
    0
}

/// Helpers such as `bpf_probe_read_kernel` are for programs under the GPL or with it.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
