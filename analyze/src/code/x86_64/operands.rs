//! Operands as registers, places in memory and numbers.

use iced_x86::{Code, ConditionCode, Instruction, Mnemonic, OpKind, Register as Iced};

use super::super::step::{Base, Condition, Place, Register, Source, Step, ZERO};

/// The register that holds operand `index`: its own, or `scratch` with the memory loaded.
pub(super) fn operand(
    step: Step,
    instruction: &Instruction,
    index: u32,
    scratch: Register,
) -> (Step, Register) {
    match instruction.op_kind(index) {
        OpKind::Register => (step, general(instruction.op_register(index))),
        OpKind::Memory => match place(instruction) {
            Some(place) => (step.set(scratch, Source::Load(place)), scratch),
            None => (step.set(scratch, Source::Mix(Vec::new())), scratch),
        },
        _ if is_immediate(instruction, index) => {
            let value = Source::Constant(immediate(instruction, index));
            (step.set(scratch, value), scratch)
        }
        _ => (step.set(scratch, Source::Mix(Vec::new())), scratch),
    }
}

/// The place of the memory operand; `None` for absolute addresses, which move with the kernel.
pub(super) fn place(instruction: &Instruction) -> Option<Place> {
    let size = u8::try_from(instruction.memory_size().size()).unwrap_or(8);
    let displacement = instruction.memory_displacement64().cast_signed();
    let index = general(instruction.memory_index());
    let index = (index != ZERO).then_some(index);
    let base = match (instruction.memory_segment(), instruction.memory_base()) {
        (Iced::GS, Iced::None | Iced::RIP) => Base::PerCpu,
        (Iced::GS | Iced::FS, _) | (_, Iced::None) => return None,
        (_, Iced::RIP) => Base::Image,
        (_, base) => Base::Register(general(base)),
    };
    Some(Place {
        base,
        index,
        offset: displacement,
        size,
    })
}

/// Number of the 64-bit register that `register` is part of; [`ZERO`] when it is no general register.
pub(super) fn general(register: Iced) -> Register {
    let full = register.full_register();
    if full.is_gpr64() {
        u8::try_from(full.number()).unwrap_or(ZERO)
    } else {
        ZERO
    }
}

/// Width of the first operand, in bytes.
pub(super) fn width(instruction: &Instruction) -> usize {
    match instruction.op0_kind() {
        OpKind::Register => instruction.op0_register().size(),
        _ => instruction.memory_size().size(),
    }
}

pub(super) fn is_same_register(instruction: &Instruction) -> bool {
    instruction.op1_kind() == OpKind::Register
        && instruction.op0_register() == instruction.op1_register()
}

pub(super) fn is_immediate(instruction: &Instruction, index: u32) -> bool {
    instruction.try_immediate(index).is_ok()
}

/// An immediate as its operand sees it: 32 bits for a 32-bit operation.
pub(super) fn immediate(instruction: &Instruction, index: u32) -> u64 {
    let value = instruction.try_immediate(index).unwrap_or(0);
    if width(instruction) == 4
        && !matches!(instruction.code(), Code::Pushq_imm32 | Code::Pushq_imm8)
    {
        value & 0xffff_ffff
    } else {
        value
    }
}

pub(super) fn is_set(mnemonic: Mnemonic) -> bool {
    format!("{mnemonic:?}").starts_with("Set") && mnemonic != Mnemonic::Setssbsy
}

pub(super) fn is_conditional_move(mnemonic: Mnemonic) -> bool {
    format!("{mnemonic:?}").starts_with("Cmov")
}

/// The condition of a conditional instruction.
pub(super) fn condition(instruction: &Instruction) -> Condition {
    match instruction.condition_code() {
        ConditionCode::e => Condition::Equal,
        ConditionCode::ne => Condition::Different,
        ConditionCode::b => Condition::Below,
        ConditionCode::ae => Condition::AtLeast,
        ConditionCode::a => Condition::Above,
        ConditionCode::be => Condition::AtMost,
        ConditionCode::l => Condition::Less,
        ConditionCode::ge => Condition::GreaterOrEqual,
        ConditionCode::g => Condition::Greater,
        ConditionCode::le => Condition::LessOrEqual,
        ConditionCode::s => Condition::Negative,
        ConditionCode::ns => Condition::NotNegative,
        _ => Condition::Other,
    }
}
