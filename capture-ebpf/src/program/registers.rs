//! The caller's registers: `struct pt_regs`, which is the same on 5.10 to 7.2.

use aya_ebpf::helpers::bpf_probe_read_kernel;

/// Offsets in `struct pt_regs` of arm64 (`arch/arm64/include/asm/ptrace.h`), in bytes.
#[cfg(bpf_target_arch = "aarch64")]
mod layout {
    /// `orig_x0`, then `regs[1]` to `regs[5]`: the result has replaced `regs[0]`.
    pub(super) const ARGS: [u64; 6] = [272, 8, 16, 24, 32, 40];
    /// `syscallno`, 32 bits.
    pub(super) const SYSCALL: u64 = 280;
    /// `pstate`; bit 4 is `PSR_MODE32_BIT`.
    pub(super) const MODE: u64 = 264;

    pub(super) const fn is_compat(mode: u64) -> bool {
        mode & 0x10 != 0
    }
}

/// Offsets in `struct pt_regs` of x86-64 (`arch/x86/include/asm/ptrace.h`), in bytes.
#[cfg(bpf_target_arch = "x86_64")]
mod layout {
    /// `di`, `si`, `dx`, `r10`, `r8`, `r9`.
    pub(super) const ARGS: [u64; 6] = [112, 104, 96, 56, 72, 64];
    /// The lower half of `orig_ax`.
    pub(super) const SYSCALL: u64 = 120;
    /// `cs`: `__USER32_CS` in a 32-bit program.
    pub(super) const MODE: u64 = 136;

    pub(super) const fn is_compat(mode: u64) -> bool {
        mode & 0xffff == 0x23
    }
}

/// The registers at the end of a syscall.
pub(crate) struct Registers(u64);

impl Registers {
    pub(crate) fn new(address: u64) -> Self {
        Self(address)
    }

    /// Whether the program is a 32-bit one, with other syscall numbers.
    #[inline(always)]
    pub(crate) fn compat(&self) -> bool {
        layout::is_compat(self.read(layout::MODE))
    }

    /// The syscall's number; `None` for none.
    #[inline(always)]
    pub(crate) fn syscall(&self) -> Option<u32> {
        let number: i32 =
            unsafe { bpf_probe_read_kernel((self.0 + layout::SYSCALL) as *const i32) }.ok()?;
        u32::try_from(number).ok()
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
