//! Operands as registers and numbers.

use yaxpeax_arm::armv8::a64::{Operand, ShiftStyle, SizeCode};

use super::{
    super::step::{Condition, Register, ZERO},
    STACK,
};

/// `sxtw`: the lower 32 bits, signed, to 64.
pub(super) fn is_sign_extension(operands: &[Operand; 4]) -> bool {
    matches!(
        operands,
        [
            Operand::Register(SizeCode::X, _),
            _,
            Operand::Immediate(0),
            Operand::Immediate(31)
        ]
    )
}

pub(super) fn is_unshifted(operand: &Operand) -> bool {
    matches!(operand, Operand::RegShift(ShiftStyle::LSL, 0, ..))
}

pub(super) fn is_narrow(operand: &Operand) -> bool {
    matches!(
        operand,
        Operand::Register(SizeCode::W, _) | Operand::RegisterOrSP(SizeCode::W, _)
    )
}

pub(super) fn register(operand: &Operand) -> Option<Register> {
    match *operand {
        Operand::Register(_, register) | Operand::RegShift(_, _, _, register) => {
            Some(number(register, ZERO))
        }
        Operand::RegisterOrSP(_, register) => Some(base_register(register)),
        _ => None,
    }
}

pub(super) fn base_register(register: u16) -> Register {
    number(register, STACK)
}

pub(super) fn number(register: u16, of_31: Register) -> Register {
    match u8::try_from(register) {
        Ok(number) if number < 31 => number,
        _ => of_31,
    }
}

pub(super) fn immediate(operand: &Operand) -> Option<u64> {
    match *operand {
        Operand::Immediate(value) => Some(value.into()),
        Operand::Imm16(value) => Some(value.into()),
        Operand::Imm64(value) => Some(value),
        Operand::ImmShift(value, shift) => u64::from(value).checked_shl(shift.into()),
        _ => None,
    }
}

pub(super) fn masked(value: u64, narrow: bool) -> u64 {
    if narrow { value & 0xffff_ffff } else { value }
}

/// The condition of a conditional instruction.
pub(super) fn condition(operands: &[Operand; 4]) -> Condition {
    let code = operands.iter().find_map(|operand| match operand {
        Operand::ConditionCode(code) => Some(*code),
        _ => None,
    });
    code.map_or(Condition::Other, of_code)
}

/// A condition by its number (Arm Architecture Reference Manual, C1.2.4).
pub(super) fn of_code(code: u8) -> Condition {
    match code {
        0 => Condition::Equal,
        1 => Condition::Different,
        2 => Condition::AtLeast,
        3 => Condition::Below,
        4 => Condition::Negative,
        5 => Condition::NotNegative,
        8 => Condition::Above,
        9 => Condition::AtMost,
        10 => Condition::GreaterOrEqual,
        11 => Condition::Less,
        12 => Condition::Greater,
        13 => Condition::LessOrEqual,
        _ => Condition::Other,
    }
}
