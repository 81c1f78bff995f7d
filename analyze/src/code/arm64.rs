//! arm64 instructions as [`Step`]s.
//!
//! Kernel conventions relied on: `sp_el0` holds the current task (`arch/arm64/include/asm/current.h`, since 4.10);
//! functions begin with `mov x9, x30` and a patchable instruction (`arch/arm64/kernel/ftrace.c`, since 5.5);
//! `brk` continues behind it, as a warning and a kprobe do (`arch/arm64/include/asm/brk-imm.h`).

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction, Opcode, Operand, ShiftStyle, SizeCode};

use super::step::{
    Base, Convention, Effect, Exit, Fold, Place, Register, SCRATCH, Source, Step, ZERO,
};

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
        Opcode::Bcc(_) | Opcode::BCcc(_) => branch(plain, target(), None),
        Opcode::CBZ | Opcode::CBNZ | Opcode::TBZ | Opcode::TBNZ => {
            branch(plain, target(), register(&operands[0]))
        }
        Opcode::ADR => address_of(plain, operands, address),
        Opcode::ADRP => address_of(plain, operands, address & !0xfff),
        Opcode::MRS => system_register(plain, operands),
        Opcode::MOVZ | Opcode::MOVN | Opcode::MOVK => wide_immediate(plain, instruction),
        _ if is_memory(operands) => memory(plain, instruction, address),
        _ => arithmetic(plain, instruction),
    }
}

fn branch(plain: Step, to: Option<u64>, on: Option<Register>) -> Step {
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

/// Loads and stores of all kinds: the memory operand is the last one.
fn memory(plain: Step, instruction: &Instruction, address: u64) -> Step {
    let operands = &instruction.operands;
    let Some((mut place, writeback)) = operands.iter().find_map(|operand| place(operand, address))
    else {
        return plain;
    };
    // Opcodes are named as in the architecture manual, with the kind of access and its width in the name.
    let name = format!("{:?}", instruction.opcode);
    let name = name.split('(').next().unwrap_or_default();
    place.size = size(name, &operands[0]);
    let general: Vec<Register> = operands.iter().filter_map(register).collect();
    let mut step = plain;
    match (name.get(..2), general.as_slice()) {
        (Some("ST"), [status, values @ .., last]) if name.contains("XR") || name.contains("XP") => {
            for &from in values.iter().chain([last]) {
                step = step.then(Effect::Store(place, from));
            }
            step = step.set(*status, Source::Mix(Vec::new()));
        }
        (Some("ST"), values) => {
            for &from in values {
                step = step.then(Effect::Store(place, from));
                place.offset = place.offset.wrapping_add(place.size.into());
            }
        }
        (Some("PR"), _) | (_, []) => {}
        // Compare and swap gives the old value in its first register, all other atomics in the second.
        (Some("CA"), [old, ..]) => step = step.set(*old, Source::Load(place)),
        (Some("SW"), [_, old]) => step = step.set(*old, Source::Load(place)),
        _ if is_atomic(name) => {
            if let [_, old] = general.as_slice() {
                step = step.set(*old, Source::Load(place));
            }
        }
        (_, values) => step = loads(step, values, place),
    }
    match writeback {
        Some((base, offset)) => step.set(base, add(base, offset)),
        None => step,
    }
}

/// One load, or the two of a pair: the base may be one of the registers, and is read first.
fn loads(step: Step, registers: &[Register], place: Place) -> Step {
    match *registers {
        [only] => step.set(only, Source::Load(place)),
        [first, second] => {
            let next = Place {
                offset: place.offset.wrapping_add(place.size.into()),
                ..place
            };
            let copy = Source::Copy {
                from: SCRATCH[0],
                narrow: false,
            };
            step.set(SCRATCH[0], Source::Load(place))
                .set(second, Source::Load(next))
                .set(first, copy)
        }
        _ => step,
    }
}

fn is_atomic(name: &str) -> bool {
    const KINDS: [&str; 8] = ["ADD", "CLR", "EOR", "SET", "SMAX", "SMIN", "UMAX", "UMIN"];
    let kind = name.strip_prefix("LD");
    kind.is_some_and(|kind| KINDS.iter().any(|known| kind.starts_with(known)))
}

/// Size of the access, in bytes, from the name of the instruction and its register.
fn size(name: &str, operand: &Operand) -> u8 {
    if name.ends_with("SW") {
        4
    } else if name.ends_with('B') && !name.ends_with("LDRAB") {
        1
    } else if name.ends_with('H') {
        2
    } else if is_narrow(operand) {
        4
    } else {
        8
    }
}

fn is_memory(operands: &[Operand; 4]) -> bool {
    operands.iter().any(|operand| {
        use Operand::{PCOffset, RegPostIndex, RegPostIndexReg, RegPreIndex, RegRegOffset};
        matches!(
            operand,
            RegPreIndex(..)
                | RegPostIndex(..)
                | RegPostIndexReg(..)
                | RegRegOffset(..)
                | PCOffset(_)
        )
    })
}

/// The place of a memory operand, and what is added to its base afterwards.
fn place(operand: &Operand, address: u64) -> Option<(Place, Option<(Register, i64)>)> {
    let at = |base, index, offset| Place {
        base,
        index,
        offset,
        size: 8,
    };
    Some(match *operand {
        Operand::RegPreIndex(base, offset, writes) => {
            let (base, offset) = (base_register(base), i64::from(offset));
            let place = at(Base::Register(base), None, offset);
            (place, writes.then_some((base, offset)))
        }
        Operand::RegPostIndex(base, offset) => {
            let base = base_register(base);
            (
                at(Base::Register(base), None, 0),
                Some((base, offset.into())),
            )
        }
        Operand::RegPostIndexReg(base, _) => {
            (at(Base::Register(base_register(base)), None, 0), None)
        }
        Operand::RegRegOffset(base, index, ..) => {
            let index = number(index, ZERO);
            (
                at(Base::Register(base_register(base)), Some(index), 0),
                None,
            )
        }
        Operand::PCOffset(offset) => {
            let literal = address.wrapping_add_signed(offset).cast_signed();
            (at(Base::Image, None, literal), None)
        }
        _ => return None,
    })
}

fn add(to: Register, offset: i64) -> Source {
    Source::Fold {
        from: to,
        by: Fold::Add(offset.cast_unsigned()),
        narrow: false,
    }
}

fn arithmetic(plain: Step, instruction: &Instruction) -> Step {
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

/// `sxtw`: the lower 32 bits, signed, to 64.
fn is_sign_extension(operands: &[Operand; 4]) -> bool {
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

fn is_unshifted(operand: &Operand) -> bool {
    matches!(operand, Operand::RegShift(ShiftStyle::LSL, 0, ..))
}

fn is_narrow(operand: &Operand) -> bool {
    matches!(
        operand,
        Operand::Register(SizeCode::W, _) | Operand::RegisterOrSP(SizeCode::W, _)
    )
}

fn register(operand: &Operand) -> Option<Register> {
    match *operand {
        Operand::Register(_, register) | Operand::RegShift(_, _, _, register) => {
            Some(number(register, ZERO))
        }
        Operand::RegisterOrSP(_, register) => Some(base_register(register)),
        _ => None,
    }
}

fn base_register(register: u16) -> Register {
    number(register, STACK)
}

fn number(register: u16, of_31: Register) -> Register {
    match u8::try_from(register) {
        Ok(number) if number < 31 => number,
        _ => of_31,
    }
}

fn immediate(operand: &Operand) -> Option<u64> {
    match *operand {
        Operand::Immediate(value) => Some(value.into()),
        Operand::Imm16(value) => Some(value.into()),
        Operand::Imm64(value) => Some(value),
        Operand::ImmShift(value, shift) => u64::from(value).checked_shl(shift.into()),
        _ => None,
    }
}

fn masked(value: u64, narrow: bool) -> u64 {
    if narrow { value & 0xffff_ffff } else { value }
}
