//! What one input may take: memory, and depth of the stack.

use std::{alloc::System, mem, ptr};

use cap::Cap;

/// Most bytes that the fuzzed code may hold at a time. An allocation beyond aborts, which libFuzzer takes for a crash of
/// that very input; its own limit would only be looked at every second, and counts its corpus. That corpus, kept by
/// C++, is not counted here, nor are the few hundred kilobytes of zstd.
const MEMORY: usize = 256 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, MEMORY);

/// Bytes of the stack on which libFuzzer writes down the input.
const SIGNAL_STACK: usize = 256 << 10;

/// Gives signal handlers a stack of their own: without one a stack that overflows ends the process before libFuzzer
/// has kept the input. It sets its handlers later, and leaves the flag as it finds it (`SetSigaction`,
/// `FuzzerUtilPosix.cpp`).
///
/// # Panics
/// When the kernel refuses.
pub fn catch_overflow() {
    let stack = libc::stack_t {
        ss_sp: vec![0u8; SIGNAL_STACK].leak().as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: SIGNAL_STACK,
    };
    // SAFETY: a stack that is never freed, and the default action with another flag.
    let set = unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = libc::SIG_DFL;
        action.sa_flags = libc::SA_ONSTACK;
        [
            libc::sigaltstack(&raw const stack, ptr::null_mut()),
            libc::sigaction(libc::SIGSEGV, &raw const action, ptr::null_mut()),
        ]
    };
    assert_eq!(set, [0, 0], "sigaltstack(2) and sigaction(2)");
}
