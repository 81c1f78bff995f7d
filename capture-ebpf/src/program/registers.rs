//! The caller's registers: `struct pt_regs`, which is the same on 5.10 to 7.2.

use aya_ebpf::helpers::bpf_probe_read_kernel;

/// Offsets in `struct pt_regs` of arm64 (`arch/arm64/include/asm/ptrace.h`), in bytes.
#[cfg(bpf_target_arch = "aarch64")]
mod layout {
    /// `orig_x0`, then `regs[1]` to `regs[5]`: the result has replaced `regs[0]`.
    pub(super) const ARGS: [u64; 6] = [272, 8, 16, 24, 32, 40];
    /// `pstate`, `orig_x0`, `syscallno` (32 bits).
    pub(super) const CALL: u64 = 264;

    /// Bit 4 of `pstate` is `PSR_MODE32_BIT`.
    pub(super) const fn is_compat(call: [u64; 3]) -> bool {
        call[0] & 0x10 != 0
    }

    pub(super) const fn number(call: [u64; 3]) -> u64 {
        call[2]
    }
}

/// Offsets in `struct pt_regs` of x86-64 (`arch/x86/include/asm/ptrace.h`), in bytes.
#[cfg(bpf_target_arch = "x86_64")]
mod layout {
    /// `di`, `si`, `dx`, `r10`, `r8`, `r9`.
    pub(super) const ARGS: [u64; 6] = [112, 104, 96, 56, 72, 64];
    /// `orig_ax`, whose lower half is the number; `ip`; `cs`.
    pub(super) const CALL: u64 = 120;

    /// `cs` is `__USER32_CS` in a 32-bit program.
    pub(super) const fn is_compat(call: [u64; 3]) -> bool {
        call[2] & 0xffff == 0x23
    }

    pub(super) const fn number(call: [u64; 3]) -> u64 {
        call[0]
    }
}

/// A syscall, as the registers tell.
pub(crate) enum Call {
    /// Of a 32-bit program, with other numbers.
    Compat,
    /// Its number; beyond all numbers for none.
    Native(u32),
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

    /// Which syscall ends; `None` when the registers cannot be read.
    #[inline(always)]
    pub(crate) fn call(&self) -> Option<Call> {
        // One read for both: they are neighbours.
        let words = unsafe { bpf_probe_read_kernel((self.0 + layout::CALL) as *const [u64; 3]) };
        Some(match words {
            Ok(words) if layout::is_compat(words) => Call::Compat,
            Ok(words) => Call::Native(layout::number(words) as u32),
            Err(_) => return None,
        })
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
