//! Arithmetic, comparisons and selections.

use yaxpeax_arm::armv8::a64::{Instruction, Opcode, Operand, ShiftStyle};

use super::{
    super::step::{
        Binary, Compare, Comparison, Effect, Fold, Only, Register, SCRATCH, Source, Step, ZERO,
    },
    operands::{
        condition, immediate, is_narrow, is_sign_extension, is_unshifted, masked, register,
    },
};

pub(super) fn arithmetic(plain: Step, instruction: &Instruction) -> Step {
    let operands = &instruction.operands;
    let narrow = is_narrow(&operands[0]);
    let mut registers: Vec<Register> = operands.iter().filter_map(register).collect();
    let plain = match shifted(&operands[2]) {
        Some(by) if registers.len() == 3 => {
            let from = std::mem::replace(&mut registers[2], SCRATCH[1]);
            plain.set(SCRATCH[1], Source::Fold { from, by, narrow })
        }
        _ => plain,
    };
    let constant = operands[1..]
        .iter()
        .find_map(immediate)
        .map(|value| masked(value, narrow));
    let (Some(&to), from) = (registers.first(), registers.get(1).copied()) else {
        return plain;
    };
    let fold = |by| match (from, constant) {
        (Some(from), Some(_)) => Source::Fold { from, by, narrow },
        _ => match (binary(instruction.opcode), &registers[1..]) {
            (Some(by), &[a, b]) => Source::Binary {
                by,
                of: [a, b],
                narrow,
            },
            _ => Source::Mix(registers[1..].to_vec()),
        },
    };
    let value = constant.unwrap_or(0);
    match instruction.opcode {
        Opcode::CCMP | Opcode::CCMN => {
            let compared = &registers[..registers.len().min(2)];
            plain.then(Effect::Compare(Compare {
                registers: compared.to_vec(),
                constant: (compared.len() == 1).then_some(value),
                by: match instruction.opcode {
                    Opcode::CCMP => Comparison::Subtract,
                    _ => Comparison::Add,
                },
                narrow,
                only: Some(Only {
                    when: condition(operands),
                    flags: match operands[2] {
                        Operand::Immediate(flags) => u8::try_from(flags).unwrap_or(0),
                        _ => 0,
                    },
                }),
            }))
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
            let by = match instruction.opcode {
                Opcode::ADDS => Comparison::Add,
                Opcode::SUBS => Comparison::Subtract,
                Opcode::ANDS => Comparison::And,
                _ => Comparison::Other,
            };
            plain
                .compare(by, &registers[1..], constant, narrow)
                .set(to, source)
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
                .set(to, Source::Either([a, SCRATCH[0]], condition(operands)))
        }
        Opcode::UBFM => match (from, &operands[2], &operands[3]) {
            (Some(from), Operand::Immediate(rotated), Operand::Immediate(last)) => {
                bit_field(plain, to, from, (*rotated, *last), narrow)
            }
            _ => plain.set(to, Source::Mix(registers[1..].to_vec())),
        },
        Opcode::MADD if registers.get(3) == Some(&ZERO) => {
            let of = [registers[1], registers[2]];
            let by = Binary::Multiply;
            plain.set(to, Source::Binary { by, of, narrow })
        }
        Opcode::UDIV => plain.set(to, fold(Fold::Add(0))),
        Opcode::MSR | Opcode::SYS(_) | Opcode::HINT => plain,
        // Part of the old value stays.
        Opcode::BFM => plain.set(to, Source::Mix(registers)),
        _ => plain.set(to, Source::Mix(registers[1..].to_vec())),
    }
}

/// What is done to the last operand before it is used.
fn shifted(operand: &Operand) -> Option<Fold> {
    let Operand::RegShift(style, by, ..) = *operand else {
        return None;
    };
    match (style, by) {
        (ShiftStyle::LSL | ShiftStyle::UXTX | ShiftStyle::SXTX, 0) => None,
        (ShiftStyle::LSL | ShiftStyle::UXTX | ShiftStyle::SXTX, by) => Some(Fold::ShiftLeft(by)),
        (ShiftStyle::LSR, by) => Some(Fold::ShiftRight(by)),
        (ShiftStyle::UXTB, 0) => Some(Fold::And(0xff)),
        (ShiftStyle::UXTH, 0) => Some(Fold::And(0xffff)),
        (ShiftStyle::UXTW, 0) => Some(Fold::And(0xffff_ffff)),
        (ShiftStyle::SXTW, 0) => Some(Fold::SignExtend32),
        _ => None,
    }
}

fn binary(opcode: Opcode) -> Option<Binary> {
    Some(match opcode {
        Opcode::ADD | Opcode::ADDS => Binary::Add,
        Opcode::SUB | Opcode::SUBS => Binary::Subtract,
        Opcode::AND | Opcode::ANDS => Binary::And,
        Opcode::ORR => Binary::Or,
        Opcode::EOR => Binary::Xor,
        Opcode::UDIV => Binary::Divide,
        _ => return None,
    })
}

/// `ubfm`: shifts and bit fields, by how far the register is rotated and which of its bits is the last.
fn bit_field(
    step: Step,
    to: Register,
    from: Register,
    (rotated, last): (u32, u32),
    narrow: bool,
) -> Step {
    let width = if narrow { 32 } else { 64 };
    let mask = |bits: u32| Fold::And(u64::MAX.checked_shr(64 - bits.clamp(1, 64)).unwrap_or(0));
    let shift = |by: u32| u8::try_from(by).unwrap_or(u8::MAX);
    let folds = if last >= rotated {
        let right = (rotated > 0).then(|| Fold::ShiftRight(shift(rotated)));
        let kept = (last + 1 < width).then(|| mask(last - rotated + 1));
        [right, kept]
    } else {
        let kept = (last + 1 != rotated).then(|| mask(last + 1));
        [
            kept,
            Some(Fold::ShiftLeft(shift(width.saturating_sub(rotated)))),
        ]
    };
    let mut source = from;
    let mut step = step;
    for by in folds.into_iter().flatten() {
        let from = std::mem::replace(&mut source, to);
        step = step.set(to, Source::Fold { from, by, narrow });
    }
    if source == from && to != from {
        step = step.set(to, Source::Copy { from, narrow });
    }
    step
}
