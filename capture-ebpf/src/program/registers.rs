//! The caller's registers: `struct pt_regs`, which is the same on 5.10 to 7.2.

use aya_ebpf::helpers::bpf_probe_read_kernel;
use capture_ebpf::MAX_SYSCALLS;

/// Offsets in `struct pt_regs` of arm64 (`arch/arm64/include/asm/ptrace.h`), in bytes.
#[cfg(bpf_target_arch = "aarch64")]
mod layout {
    /// `orig_x0`, then `regs[1]` to `regs[5]`: the result has replaced `regs[0]`.
    pub(super) const ARGS: [u64; 6] = [272, 8, 16, 24, 32, 40];
    /// `pstate`, `orig_x0`, `syscallno` (32 bits).
    pub(super) const CALL: u64 = 264;

    /// Bit 4 of `pstate` is `PSR_MODE32_BIT`.
    pub(super) fn is_compat(call: [u64; 3]) -> bool {
        call[0] & 0x10 != 0
    }

    pub(super) const fn number(call: [u64; 3]) -> u32 {
        call[2] as u32
    }
}

/// Offsets in `struct pt_regs` of x86-64 (`arch/x86/include/asm/ptrace.h`), in bytes.
#[cfg(bpf_target_arch = "x86_64")]
mod layout {
    use aya_ebpf::helpers::{bpf_get_current_task, bpf_probe_read_kernel};

    use crate::maps::STATUS;

    /// `di`, `si`, `dx`, `r10`, `r8`, `r9`.
    pub(super) const ARGS: [u64; 6] = [112, 104, 96, 56, 72, 64];
    /// `orig_ax`, whose lower half is the number; `ip`; `cs`.
    pub(super) const CALL: u64 = 120;

    /// `__USER32_CS` (`arch/x86/include/asm/segment.h`): the code segment of a 32-bit program.
    const USER32_CS: u64 = 0x23;

    /// `TS_COMPAT` (`arch/x86/include/asm/thread_info.h`): the call came through a 32-bit gate, which 64-bit programs may
    /// use too (`int 0x80`). It is set until after `sys_exit` (`arch_exit_to_user_mode_prepare`).
    const TS_COMPAT: u32 = 2;

    /// `__X32_SYSCALL_BIT` (`arch/x86/include/uapi/asm/unistd.h`).
    const X32: u32 = 0x4000_0000;

    /// First number that x32 alone has (`arch/x86/entry/syscalls/syscall_64.tbl`); those before mean the same.
    const X32_ALONE: u32 = 512;

    #[inline(always)]
    pub(super) fn is_compat(call: [u64; 3]) -> bool {
        call[2] & 0xffff == USER32_CS
            || is_x32(call) && number(call) >= X32_ALONE
            || by_32_bit_gate()
    }

    #[inline(always)]
    fn by_32_bit_gate() -> bool {
        let offset = u64::from(STATUS.load());
        let status = (unsafe { bpf_get_current_task() } + offset) as *const u32;
        offset != 0
            && matches!(unsafe { bpf_probe_read_kernel(status) }, Ok(status) if status & TS_COMPAT != 0)
    }

    /// -1 has the bit too.
    const fn is_x32(call: [u64; 3]) -> bool {
        let number = call[0] as u32;
        number & X32 != 0 && (number as i32) >= 0
    }

    pub(super) const fn number(call: [u64; 3]) -> u32 {
        match is_x32(call) {
            true => call[0] as u32 & !X32,
            false => call[0] as u32,
        }
    }
}

/// A syscall, as the registers tell.
pub(crate) enum Call {
    /// By a number of 32-bit programs.
    Compat,
    /// Its number.
    Native(u32),
    /// A number beyond all syscalls.
    NoSyscall,
    /// None: after sigreturn(2), or a tracer has changed the number; or the registers cannot be read.
    None,
}

/// The registers at the end of a syscall.
pub(crate) struct Registers(u64);

impl Registers {
    pub(crate) fn new(address: u64) -> Self {
        Self(address)
    }

    pub(crate) fn address(&self) -> u64 {
        self.0
    }

    /// Which syscall ends.
    #[inline(always)]
    pub(crate) fn call(&self) -> Call {
        // One read for both: they are neighbours.
        let words = unsafe { bpf_probe_read_kernel((self.0 + layout::CALL) as *const [u64; 3]) };
        let Ok(words) = words else {
            return Call::None;
        };
        match layout::number(words) {
            u32::MAX => Call::None,
            _ if layout::is_compat(words) => Call::Compat,
            number if number < MAX_SYSCALLS => Call::Native(number),
            _ => Call::NoSyscall,
        }
    }

    /// Argument `index`, 0 to 5.
    #[inline(always)]
    pub(crate) fn arg(&self, index: usize) -> u64 {
        self.read(layout::ARGS[index])
    }

    #[inline(always)]
    fn read(&self, offset: u64) -> u64 {
        unsafe { bpf_probe_read_kernel((self.0 + offset) as *const u64) }.unwrap_or(0)
    }
}
