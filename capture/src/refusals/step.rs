//! One arm64 instruction: where it goes on, and which registers still hold a value behind it.
//!
//! Arm Architecture Reference Manual, C4 (encodings). What is not known to leave a register alone counts as writing it.

/// `x19` to `x28`: a called function gives them back as they were (AAPCS64).
const CALLEE_SAVED: u32 = 0x1ff8_0000;

/// Where execution goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// At the next instruction.
    On,
    /// This many instructions further.
    To(isize),
    /// Either.
    OnOrTo(isize),
    /// Back to the caller.
    Return,
    /// Nowhere: a trap.
    Stop,
    /// Somewhere unknown.
    Unknown,
}

/// Executes `word`. `holders` has a bit for each register that holds `value`, in its lower half at least.
pub(super) fn step(word: u32, holders: u32, value: i64) -> (Next, u32) {
    let holds = |register: u32| holders >> (register & 31) & 1 == 1;
    match word {
        // ret, retaa, retab
        _ if word & 0xffff_fc1f == 0xd65f_0000 || word & 0xffff_fbff == 0xd65f_0bff => {
            (Next::Return, holders)
        }
        // b
        _ if word & 0xfc00_0000 == 0x1400_0000 => (Next::To(signed(word, 0, 26)), holders),
        _ if is_call(word) => (Next::On, holders & CALLEE_SAVED),
        // b.cond, bc.cond
        _ if word & 0xff00_0000 == 0x5400_0000 => (Next::OnOrTo(signed(word, 5, 19)), holders),
        // cbz, cbnz: the value is not 0.
        _ if word & 0x7e00_0000 == 0x3400_0000 => {
            let taken = holds(word).then_some(word >> 24 & 1 == 1);
            (branch(taken, signed(word, 5, 19)), holders)
        }
        // tbz, tbnz: the bit is known, when it is one of the lower half.
        _ if word & 0x7e00_0000 == 0x3600_0000 => {
            let bit = word >> 19 & 31;
            let is_known = holds(word) && word >> 31 == 0;
            let taken = is_known.then_some((value >> bit & 1 == 1) == (word >> 24 & 1 == 1));
            (branch(taken, signed(word, 5, 14)), holders)
        }
        // br, braa and the rest of the branches to a register
        _ if word & 0xfe00_0000 == 0xd600_0000 => (Next::Unknown, 0),
        // brk
        _ if word & 0xffe0_001f == 0xd420_0000 => (Next::Stop, 0),
        // mov register, register (orr with the zero register), and sxtw
        _ if word & 0x7fe0_ffe0 == 0x2a00_03e0 => (Next::On, copy(holders, word, word >> 16)),
        _ if word & 0xffff_fc00 == 0x9340_7c00 => (Next::On, copy(holders, word, word >> 5)),
        _ => (Next::On, holders & !written(word)),
    }
}

/// bl, blr, blraa.
pub(super) fn is_call(word: u32) -> bool {
    word & 0xfc00_0000 == 0x9400_0000 || word & 0xfeff_f000 == 0xd63f_0000
}

/// How many instructions further the function begins that a bl calls.
pub(super) fn called(word: u32) -> Option<isize> {
    (word & 0xfc00_0000 == 0x9400_0000).then(|| signed(word, 0, 26))
}

/// ldp x29, x30, from the stack.
pub(super) fn is_frame_down(word: u32) -> bool {
    word & 0xfe40_7fff == 0xa840_7bfd
}

fn branch(taken: Option<bool>, distance: isize) -> Next {
    match taken {
        None => Next::OnOrTo(distance),
        Some(true) => Next::To(distance),
        Some(false) => Next::On,
    }
}

fn copy(holders: u32, to: u32, from: u32) -> u32 {
    let bit = 1 << (to & 31);
    if holders >> (from & 31) & 1 == 1 {
        holders | bit
    } else {
        holders & !bit
    }
}

/// The registers that `word` may write, but for the stack pointer and the zero register.
fn written(word: u32) -> u32 {
    let bit = |shift: u32| 1_u32 << (word >> shift & 31);
    let registers = match word {
        // hint, barriers, msr: nothing. Other than loads and stores, everything names its result in the lowest bits.
        _ if word & 0xfff0_0000 == 0xd500_0000 => 0,
        _ if word & 0x0a00_0000 != 0x0800_0000 => bit(0),
        // Vector registers and stores: only the base may be written back.
        _ if word & 0x0400_0000 != 0 || is_plain_store(word) => bit(5),
        // ldp; ldr and atomics; ldr of a literal
        _ if word & 0x3a00_0000 == 0x2800_0000 => bit(0) | bit(5) | bit(10),
        _ if word & 0x3a00_0000 == 0x3800_0000 => bit(0) | bit(5),
        _ if word & 0x3b00_0000 == 0x1800_0000 => bit(0),
        // Exclusives, compare and swap: results, status, base.
        _ => bit(0) | bit(5) | bit(10) | bit(16),
    };
    registers & 0x7fff_ffff
}

/// str, stur, sttr in all widths, stp, stlr: they read the registers that they name, but may change the base.
fn is_plain_store(word: u32) -> bool {
    let single = word & 0x3bc0_0000 == 0x3900_0000
        || word & 0x3be0_0000 == 0x3800_0000
        || word & 0x3be0_0c00 == 0x3820_0800;
    let pair = word & 0x3a40_0000 == 0x2800_0000;
    let release = word & 0x3fff_fc00 == 0x089f_fc00;
    single || pair || release
}

/// A signed field of `bits` bits from bit `from` on.
fn signed(word: u32, from: u32, bits: u32) -> isize {
    let field = word << (32 - from - bits);
    (field.cast_signed() >> (32 - bits)) as isize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_signed() {
        assert_eq!(step(0x17ff_ffd0, 1, -28).0, Next::To(-48));
        assert_eq!(step(0x5400_03c2, 1, -28).0, Next::OnOrTo(30));
        assert_eq!(step(0xd61f_0200, 1, -28).0, Next::Unknown);
    }

    #[test]
    fn registers_that_are_written_no_longer_hold_it() {
        for (word, registers) in [
            (0xa8c6_7bfd, 1 << 29 | 1 << 30), // ldp x29, x30, [sp], #96
            (0xf940_23f9, 1 << 25),           // ldr x25, [sp, #64]
            (0x9102_0300, 1),                 // add x0, x24, #0x80
            (0xd538_4100, 1),                 // mrs x0, sp_el0
            (0x88e1_7c02, 1 << 1 | 1 << 2),   // casa w1, w2, [x0]
            (0x8804_7ca3, 1 << 4),            // stxr w4, w3, [x5]
        ] {
            let left = step(word, 0x7fff_ffff, -28).1;
            assert_eq!(left & registers, 0, "{word:#x}");
        }
        for (word, register) in [
            (0xb900_5ff3, 19_u32), // str w19, [sp, #92]
            (0xa901_53f3, 19),     // stp x19, x20, [sp, #16]
            (0x089f_fc1f, 1),      // stlrb wzr, [x0]
            (0xf834_681f, 20),     // str xzr, [x0, x20]
            (0xd503_23bf, 0),      // autiasp
            (0xf940_23f9, 0),      // ldr x25, [sp, #64]
            (0x6b16_027f, 19),     // cmp w19, w22
        ] {
            let left = step(word, 0x7fff_ffff, -28).1;
            assert_eq!(left >> register & 1, 1, "{word:#x}");
        }
    }
}
