//! arm64 instructions as [`Step`]s.
//!
//! Kernel conventions relied on: `sp_el0` holds the current task (`arch/arm64/include/asm/current.h`, since 4.10);
//! functions begin with `mov x9, x30` and a patchable instruction (`arch/arm64/kernel/ftrace.c`, since 5.5);
//! `brk` continues behind it, as a warning and a kprobe do (`arch/arm64/include/asm/brk-imm.h`).

mod arithmetic;
mod memory;
mod operands;

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction, Opcode, Operand};

use super::step::{Condition, Convention, Effect, Exit, Fold, Register, Source, Step, Test};
use arithmetic::arithmetic;
use memory::{is_memory, memory};
use operands::{immediate, is_narrow, masked, of_code, register};

/// AAPCS64: x0 to x7 are arguments, x0 to x18 and x30 may change in a call.
pub(super) const CONVENTION: Convention = Convention {
    arguments: [0, 1, 2, 3, 4, 5],
    result: 0,
    stack: STACK,
    changed: 0x4007_ffff,
};

/// sp, which shares number 31 with the zero register in encodings.
const STACK: Register = 31;

/// `sp_el0` as `mrs` encodes it: op0 3, op1 0, CRn 4, CRm 1, op2 0.
const SP_EL0: u16 = 0x4208;

/// Decodes the instruction at `address`.
pub(super) fn decode(bytes: &[u8], address: u64) -> Step {
    let Some(word) = bytes.get(..4) else {
        return Step::plain(4).exit(Exit::Stop);
    };
    match InstDecoder::default().decode(&mut U8Reader::new(word)) {
        Ok(instruction) => step(&instruction, address),
        Err(_) => Step::plain(4).then(Effect::ForgetAll),
    }
}

/// Whether the two instructions at a function's start are the hook of the function tracer, armed: it changes nothing.
pub(super) fn is_hook(first: &Step, second: &Step) -> bool {
    let keeps_link = Effect::Set(
        9,
        Source::Copy {
            from: 30,
            narrow: false,
        },
    );
    first.effects == [keeps_link] && matches!(second.exit, Exit::Call(Some(_)))
}

fn step(instruction: &Instruction, address: u64) -> Step {
    let plain = Step::plain(4);
    let operands = &instruction.operands;
    let target = || operands.iter().find_map(|operand| target(operand, address));
    match instruction.opcode {
        Opcode::B => plain.exit(target().map_or(Exit::Stop, Exit::Jump)),
        Opcode::BL => plain.exit(Exit::Call(target())),
        Opcode::BLR | Opcode::BLRAA | Opcode::BLRAAZ | Opcode::BLRAB | Opcode::BLRABZ => {
            plain.exit(Exit::Call(None))
        }
        Opcode::BR | Opcode::BRAA | Opcode::BRAAZ | Opcode::BRAB | Opcode::BRABZ => {
            plain.exit(Exit::Indirect)
        }
        Opcode::RET | Opcode::RETAA | Opcode::RETAB => plain.exit(Exit::Return),
        Opcode::ERET | Opcode::UDF | Opcode::HLT => plain.exit(Exit::Stop),
        Opcode::Bcc(code) | Opcode::BCcc(code) => {
            branch(plain, target(), Some(Test::Flags(of_code(code))))
        }
        Opcode::CBZ | Opcode::CBNZ => {
            let test = register(&operands[0]).map(|register| Test::Zero {
                register,
                narrow: is_narrow(&operands[0]),
                is: instruction.opcode == Opcode::CBZ,
            });
            branch(plain, target(), test)
        }
        Opcode::TBZ | Opcode::TBNZ => {
            let bit = immediate(&operands[1]).and_then(|bit| u8::try_from(bit).ok());
            let test = register(&operands[0])
                .zip(bit)
                .map(|(register, bit)| Test::Bit {
                    register,
                    bit,
                    is: instruction.opcode == Opcode::TBNZ,
                });
            branch(plain, target(), test)
        }
        Opcode::ADR => address_of(plain, operands, address),
        Opcode::ADRP => address_of(plain, operands, address & !0xfff),
        Opcode::MRS => system_register(plain, operands),
        Opcode::MOVZ | Opcode::MOVN | Opcode::MOVK => wide_immediate(plain, instruction),
        _ if is_memory(operands) => memory(plain, instruction, address),
        _ => arithmetic(plain, instruction),
    }
}

fn branch(plain: Step, to: Option<u64>, on: Option<Test>) -> Step {
    let on = on.unwrap_or(Test::Flags(Condition::Other));
    match to {
        Some(to) => plain.exit(Exit::Branch { to, on }),
        None => plain,
    }
}

fn target(operand: &Operand, address: u64) -> Option<u64> {
    match operand {
        Operand::PCOffset(offset) => Some(address.wrapping_add_signed(*offset)),
        _ => None,
    }
}

fn address_of(plain: Step, operands: &[Operand; 4], from: u64) -> Step {
    match (register(&operands[0]), target(&operands[1], from)) {
        (Some(to), Some(value)) => plain.set(to, Source::Address(value)),
        _ => plain,
    }
}

fn system_register(plain: Step, operands: &[Operand; 4]) -> Step {
    let Some(to) = register(&operands[0]) else {
        return plain;
    };
    if matches!(operands[1], Operand::SystemReg(SP_EL0)) {
        plain.set(to, Source::CurrentTask)
    } else {
        plain.set(to, Source::Mix(Vec::new()))
    }
}

fn wide_immediate(plain: Step, instruction: &Instruction) -> Step {
    let (Some(to), Operand::ImmShift(value, shift)) =
        (register(&instruction.operands[0]), instruction.operands[1])
    else {
        return plain;
    };
    let narrow = is_narrow(&instruction.operands[0]);
    let shift = u32::from(shift);
    let value = u64::from(value).checked_shl(shift).unwrap_or(0);
    match instruction.opcode {
        Opcode::MOVK => {
            let kept = !0xffffu64.checked_shl(shift).unwrap_or(0);
            let fold = |by| Source::Fold {
                from: to,
                by,
                narrow,
            };
            plain
                .set(to, fold(Fold::And(kept)))
                .set(to, fold(Fold::Or(value)))
        }
        Opcode::MOVN => plain.set(to, Source::Constant(masked(!value, narrow))),
        _ => plain.set(to, Source::Constant(value)),
    }
}
