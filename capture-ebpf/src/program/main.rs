//! The kernel programs: `sys_exit` counts and samples failing syscalls; `sys_enter`, attached only for a short
//! while, tells calls that seccomp rejected.
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
mod entered;
mod facts;
mod maps;
mod registers;
mod sample;

use aya_ebpf::{
    EbpfContext as _, helpers::bpf_ktime_get_ns, macros::raw_tracepoint,
    programs::RawTracePointContext,
};
use capture_ebpf::{Loss, MAX_SYSCALLS};
use registers::Registers;

/// Largest errno (`MAX_ERRNO`, `include/linux/err.h`).
const MAX_ERRNO: u64 = 4095;

/// Whether user space never sees this errno: the kernel restarts the call or makes it EINTR on the way out
/// (`ERESTARTSYS`, `ERESTARTNOINTR`, `ERESTARTNOHAND`, `ERESTART_RESTARTBLOCK`; `include/linux/errno.h`).
const fn is_restart(errno: u32) -> bool {
    matches!(errno, 512 | 513 | 514 | 516)
}

/// `sys_exit(struct pt_regs *regs, long ret)`, `include/trace/events/syscalls.h`.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub(crate) fn sys_exit(context: RawTracePointContext) -> i32 {
    let result: u64 = context.arg(1);
    if result < MAX_ERRNO.wrapping_neg() {
        return 0;
    }
    failed(&context, (result.wrapping_neg() & 0xfff) as u32);
    0
}

/// `sys_enter(struct pt_regs *regs, long id)`.
#[raw_tracepoint(tracepoint = "sys_enter")]
pub(crate) fn sys_enter(context: RawTracePointContext) -> i32 {
    entered::note(context.arg::<u64>(1) as u32, context.pid());
    0
}

#[inline(always)]
fn failed(context: &RawTracePointContext, errno: u32) {
    if is_restart(errno) || context.tgid() == maps::OWN_TGID.load() {
        return;
    }
    let registers = Registers::new(context.arg(0));
    if registers.compat() {
        return maps::lost(Loss::Compat);
    }
    // -1 after sigreturn(2) and after a tracer changed the number: no syscall.
    let Some(syscall) = registers.syscall().filter(|&number| number < MAX_SYSCALLS) else {
        return;
    };
    let now = unsafe { bpf_ktime_get_ns() };
    let before = count::count(context, syscall, errno, now);
    if !sample::in_focus(context, syscall, errno) {
        return;
    }
    if count::may_sample(syscall, errno, before, now) {
        sample::send(context, &registers, syscall, errno, now);
    } else {
        maps::lost(Loss::OverRate);
    }
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
