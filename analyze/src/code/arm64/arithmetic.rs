//! Arithmetic, comparisons and selections.

use yaxpeax_arm::armv8::a64::{Instruction, Opcode};

use super::{
    super::step::{Effect, Fold, Register, SCRATCH, Source, Step, ZERO},
    operands::{immediate, is_narrow, is_sign_extension, is_unshifted, masked, register},
};

pub(super) fn arithmetic(plain: Step, instruction: &Instruction) -> Step {
    let operands = &instruction.operands;
    let narrow = is_narrow(&operands[0]);
    let registers: Vec<Register> = operands.iter().filter_map(register).collect();
    let constant = operands[1..]
        .iter()
        .find_map(immediate)
        .map(|value| masked(value, narrow));
    let (Some(&to), from) = (registers.first(), registers.get(1).copied()) else {
        return plain;
    };
    let fold = |by| match (from, constant) {
        (Some(from), Some(_)) => Source::Fold { from, by, narrow },
        _ => Source::Mix(registers[1..].to_vec()),
    };
    let value = constant.unwrap_or(0);
    match instruction.opcode {
        Opcode::CCMP | Opcode::CCMN => {
            let compared = &registers[..registers.len().min(2)];
            plain.then(Effect::Compare {
                registers: compared.to_vec(),
                constant: (compared.len() == 1).then_some(value),
                adds: true,
            })
        }
        Opcode::ORR if from == Some(ZERO) && constant.is_some() => {
            plain.set(to, Source::Constant(value))
        }
        Opcode::ORR if from == Some(ZERO) && is_unshifted(&operands[2]) => match registers.get(2) {
            Some(&from) => plain.set(to, Source::Copy { from, narrow }),
            None => plain,
        },
        Opcode::ORN if from == Some(ZERO) && is_unshifted(&operands[2]) => match registers.get(2) {
            Some(&from) => plain.set(
                to,
                Source::Fold {
                    from,
                    by: Fold::Xor(u64::MAX),
                    narrow,
                },
            ),
            None => plain,
        },
        Opcode::ORR => plain.set(to, fold(Fold::Or(value))),
        Opcode::AND => plain.set(to, fold(Fold::And(value))),
        Opcode::EOR => plain.set(to, fold(Fold::Xor(value))),
        Opcode::ADD => match registers.as_slice() {
            [_, a, b] if !narrow => plain.set(to, Source::Sum(*a, *b)),
            _ => plain.set(to, fold(Fold::Add(value))),
        },
        Opcode::SUB => match registers.as_slice() {
            [_, ZERO, b] if is_unshifted(&operands[2]) => plain.set(
                to,
                Source::Fold {
                    from: *b,
                    by: Fold::Negate,
                    narrow,
                },
            ),
            _ => plain.set(to, fold(Fold::Add(value.wrapping_neg()))),
        },
        Opcode::ADDS | Opcode::SUBS | Opcode::ANDS | Opcode::BICS | Opcode::ADCS | Opcode::SBCS => {
            let source = match instruction.opcode {
                Opcode::ADDS => fold(Fold::Add(value)),
                Opcode::SUBS => fold(Fold::Add(value.wrapping_neg())),
                Opcode::ANDS => fold(Fold::And(value)),
                _ => Source::Mix(registers[1..].to_vec()),
            };
            plain.compare(&registers[1..], constant).set(to, source)
        }
        Opcode::SBFM if is_sign_extension(operands) => match from {
            Some(from) => plain.set(
                to,
                Source::Fold {
                    from,
                    by: Fold::SignExtend32,
                    narrow: false,
                },
            ),
            None => plain,
        },
        Opcode::CSEL | Opcode::CSINC | Opcode::CSINV | Opcode::CSNEG => {
            let [_, a, b] = *registers.as_slice() else {
                return plain;
            };
            let other = Source::Fold {
                from: b,
                by: match instruction.opcode {
                    Opcode::CSINC => Fold::Add(1),
                    Opcode::CSINV => Fold::Xor(u64::MAX),
                    Opcode::CSNEG => Fold::Negate,
                    _ => Fold::Add(0),
                },
                narrow,
            };
            plain
                .set(SCRATCH[0], other)
                .set(to, Source::Either(a, SCRATCH[0]))
        }
        Opcode::MSR | Opcode::SYS(_) | Opcode::HINT => plain,
        // Part of the old value stays.
        Opcode::BFM => plain.set(to, Source::Mix(registers)),
        _ => plain.set(to, Source::Mix(registers[1..].to_vec())),
    }
}
