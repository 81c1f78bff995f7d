//! x86-64 instructions as [`Step`]s.
//!
//! Kernel conventions relied on: `gs` is the processor's own data (`arch/x86/include/asm/percpu.h`); functions begin
//! with a call or nop of the function tracer, behind `endbr64` where that is in use; returns may be jumps to a
//! `*_return_thunk` (since 5.19), which the caller tells by its name; `ud2` continues behind it, as a warning does.

mod operands;

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess,
    OpKind, RflagsBits,
};

use super::step::{
    Base, Binary, Comparison, Condition, Convention, Effect, Exit, Fold, Place, Register, SCRATCH,
    Source, Step, Test, ZERO,
};
use operands::{
    condition, general, immediate, is_conditional_move, is_immediate, is_same_register, is_set,
    operand, place, width,
};

/// The kernel is built for the System V convention: rdi, rsi, rdx, rcx, r8, r9.
pub(super) const CONVENTION: Convention = Convention {
    arguments: [7, 6, 2, 1, 8, 9],
    result: 0,
    stack: 4,
    changed: 0x0fc7,
};

/// Decodes the instruction at `address`.
pub(super) fn decode(bytes: &[u8], address: u64) -> Step {
    let mut decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    if !decoder.can_decode() {
        return Step::plain(1).exit(Exit::Stop);
    }
    let instruction = decoder.decode();
    if instruction.is_invalid() {
        return Step::plain(1).exit(Exit::Stop);
    }
    let mut step = Step::plain(u8::try_from(instruction.len()).unwrap_or(1));
    step.exit = exit(&instruction);
    effects(step, &instruction)
}

/// Whether an instruction at a function's start is the hook of the function tracer, armed: it changes nothing.
pub(super) fn is_hook(step: &Step) -> bool {
    step.len == 5 && matches!(step.exit, Exit::Call(Some(_)))
}

/// Whether a function is one of the stubs through which indirect calls and jumps go where the processor's own are not
/// trusted (`arch/x86/lib/retpoline.S`): `__x86_indirect_thunk_rax`, since 6.2 also `__x86_indirect_call_thunk_rax` and
/// `__x86_indirect_jump_thunk_rax`, since 6.15 `__x86_indirect_its_thunk_rax` and `__x86_indirect_paranoid_thunk_r11`.
pub(super) fn is_indirect_thunk(function: &str) -> bool {
    function
        .strip_prefix("__x86_indirect_")
        .is_some_and(|rest| rest.contains("thunk_"))
}

fn exit(instruction: &Instruction) -> Exit {
    let target = instruction.near_branch_target();
    match instruction.flow_control() {
        FlowControl::UnconditionalBranch => Exit::Jump(target),
        FlowControl::ConditionalBranch => Exit::Branch {
            to: target,
            on: match instruction.mnemonic() {
                Mnemonic::Jrcxz | Mnemonic::Jecxz => Test::Zero {
                    register: 1,
                    narrow: instruction.mnemonic() == Mnemonic::Jecxz,
                    is: true,
                },
                _ => Test::Flags(condition(instruction)),
            },
        },
        FlowControl::Call if instruction.mnemonic() != Mnemonic::Syscall => {
            Exit::Call(Some(target))
        }
        FlowControl::IndirectCall => Exit::Call(None),
        FlowControl::IndirectBranch => Exit::Indirect,
        FlowControl::Return => Exit::Return,
        FlowControl::Interrupt if instruction.mnemonic() == Mnemonic::Int3 => Exit::Stop,
        _ => Exit::Next,
    }
}

fn effects(step: Step, instruction: &Instruction) -> Step {
    if !matches!(step.exit, Exit::Next) {
        return step;
    }
    let narrow = instruction.op_count() > 0 && width(instruction) == 4;
    let destination = general(instruction.op0_register());
    let is_wide = width(instruction) >= 4;
    match (instruction.mnemonic(), instruction.op0_kind()) {
        (Mnemonic::Nop | Mnemonic::Endbr64 | Mnemonic::Pause | Mnemonic::Lfence, _) => step,
        (Mnemonic::Push, _) => push(step, instruction),
        (Mnemonic::Pop, OpKind::Register) => pop(step, destination),
        (Mnemonic::Leave, _) => {
            let copy = Source::Copy {
                from: 5,
                narrow: false,
            };
            pop(step.set(4, copy), 5)
        }
        (Mnemonic::Lea, _) => lea(step, instruction, destination),
        (Mnemonic::Mov, OpKind::Memory) => {
            let (step, from) = operand(step, instruction, 1, SCRATCH[0]);
            match place(instruction) {
                Some(place) => step.then(Effect::Store(place, from)),
                None => step,
            }
        }
        (Mnemonic::Mov | Mnemonic::Movzx, OpKind::Register) if is_wide && destination != ZERO => {
            if is_immediate(instruction, 1) {
                return step.set(destination, Source::Constant(immediate(instruction, 1)));
            }
            let (step, from) = operand(step, instruction, 1, SCRATCH[0]);
            step.set(destination, Source::Copy { from, narrow })
        }
        (Mnemonic::Movsxd | Mnemonic::Movsx, OpKind::Register) if is_wide => {
            let (step, from) = operand(step, instruction, 1, SCRATCH[0]);
            let by = Fold::SignExtend32;
            step.set(destination, Source::Fold { from, by, narrow })
        }
        (Mnemonic::Cdqe, _) => {
            let by = Fold::SignExtend32;
            step.set(
                0,
                Source::Fold {
                    from: 0,
                    by,
                    narrow: false,
                },
            )
        }
        (Mnemonic::Xor | Mnemonic::Sub, OpKind::Register) if is_same_register(instruction) => step
            .compare(Comparison::Other, &[], None, narrow)
            .set(destination, Source::Constant(0)),
        // All ones or nothing, by the carry.
        (Mnemonic::Sbb, OpKind::Register) if is_same_register(instruction) => step
            .set(
                SCRATCH[0],
                Source::Constant(if narrow { 0xffff_ffff } else { u64::MAX }),
            )
            .set(
                destination,
                Source::Either([SCRATCH[0], ZERO], Condition::Below),
            ),
        (mnemonic, _) if is_set(mnemonic) => step.set(SCRATCH[0], Source::Constant(1)).set(
            destination,
            Source::Either([SCRATCH[0], ZERO], condition(instruction)),
        ),
        (mnemonic, OpKind::Register) if is_conditional_move(mnemonic) => {
            let (step, from) = operand(step, instruction, 1, SCRATCH[0]);
            let sides = [from, destination];
            step.set(destination, Source::Either(sides, condition(instruction)))
        }
        (Mnemonic::Cmp | Mnemonic::Test, _) => {
            let by = match instruction.mnemonic() {
                Mnemonic::Cmp => Comparison::Subtract,
                _ => Comparison::And,
            };
            // Of a byte or half a word in a register nothing is known but where it comes from.
            let by = if is_wide || instruction.op0_kind() == OpKind::Memory || by == Comparison::And
            {
                by
            } else {
                Comparison::Other
            };
            let narrow = !is_wide || narrow;
            let (step, a) = operand(step, instruction, 0, SCRATCH[0]);
            if is_immediate(instruction, 1) {
                return step.compare(by, &[a], Some(immediate(instruction, 1)), narrow);
            }
            let (step, b) = operand(step, instruction, 1, SCRATCH[1]);
            step.compare(by, &[a, b], None, narrow)
        }
        (mnemonic, OpKind::Register) if is_wide && destination != ZERO => {
            match fold(mnemonic, instruction) {
                Some(by) => folded(step, destination, mnemonic, by, narrow),
                None => match binary(mnemonic, instruction) {
                    Some(by) => {
                        let (step, from) = operand(step, instruction, 1, SCRATCH[0]);
                        let of = [destination, from];
                        flags(step, by, of, narrow)
                            .set(destination, Source::Binary { by, of, narrow })
                    }
                    None => other(step, instruction),
                },
            }
        }
        _ => other(step, instruction),
    }
}

fn fold(mnemonic: Mnemonic, instruction: &Instruction) -> Option<Fold> {
    match mnemonic {
        Mnemonic::Inc => return Some(Fold::Add(1)),
        Mnemonic::Dec => return Some(Fold::Add(u64::MAX)),
        Mnemonic::Neg => return Some(Fold::Negate),
        Mnemonic::Not => return Some(Fold::Xor(u64::MAX)),
        _ => {}
    }
    if instruction.op_count() != 2 || !is_immediate(instruction, 1) {
        return None;
    }
    let value = immediate(instruction, 1);
    match mnemonic {
        Mnemonic::Add => Some(Fold::Add(value)),
        Mnemonic::Sub => Some(Fold::Add(value.wrapping_neg())),
        Mnemonic::And => Some(Fold::And(value)),
        Mnemonic::Or => Some(Fold::Or(value)),
        Mnemonic::Xor => Some(Fold::Xor(value)),
        Mnemonic::Shl => Some(Fold::ShiftLeft(u8::try_from(value).ok()?)),
        Mnemonic::Shr => Some(Fold::ShiftRight(u8::try_from(value).ok()?)),
        _ => None,
    }
}

/// Arithmetic with a constant: the flags are those of a comparison where it is one, else those of the result.
fn folded(step: Step, of: Register, mnemonic: Mnemonic, by: Fold, narrow: bool) -> Step {
    let set = |step: Step| {
        step.set(
            of,
            Source::Fold {
                from: of,
                by,
                narrow,
            },
        )
    };
    let compared = match (mnemonic, by) {
        (Mnemonic::Not, _) => return set(step),
        (Mnemonic::Sub, Fold::Add(value)) => Some((Comparison::Subtract, value.wrapping_neg())),
        (Mnemonic::Add, Fold::Add(value)) => Some((Comparison::Add, value)),
        (Mnemonic::And, Fold::And(value)) => Some((Comparison::And, value)),
        _ => None,
    };
    match compared {
        Some((by, value)) => set(step.compare(by, &[of], Some(value), narrow)),
        None => set(step).compare(Comparison::Result, &[of], Some(0), narrow),
    }
}

/// The flags of arithmetic with two registers, set from what they hold before it.
fn flags(step: Step, by: Binary, of: [Register; 2], narrow: bool) -> Step {
    let by = match by {
        Binary::Add => Comparison::Add,
        Binary::Subtract => Comparison::Subtract,
        Binary::And => Comparison::And,
        _ => Comparison::Other,
    };
    step.compare(by, &of, None, narrow)
}

fn binary(mnemonic: Mnemonic, instruction: &Instruction) -> Option<Binary> {
    if instruction.op_count() != 2 || is_immediate(instruction, 1) {
        return None;
    }
    Some(match mnemonic {
        Mnemonic::Add => Binary::Add,
        Mnemonic::Sub => Binary::Subtract,
        Mnemonic::And => Binary::And,
        Mnemonic::Or => Binary::Or,
        Mnemonic::Xor => Binary::Xor,
        Mnemonic::Imul => Binary::Multiply,
        _ => return None,
    })
}

/// Any other instruction: what it reads goes into all that it writes, the flags included.
fn other(step: Step, instruction: &Instruction) -> Step {
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(instruction);
    let mut read = Vec::new();
    let mut written = Vec::new();
    for used in info.used_registers() {
        let register = general(used.register());
        if register == ZERO {
            continue;
        }
        if reads(used.access()) {
            read.push(register);
        }
        if writes(used.access()) {
            written.push(register);
        }
    }
    let mut step = step;
    let memory = info.used_memory().first().map(|memory| memory.access());
    if let (Some(access), Some(place)) = (memory, place(instruction)) {
        if reads(access) {
            step = step.set(SCRATCH[0], Source::Load(place));
            read.push(SCRATCH[0]);
        }
        if writes(access) {
            step = step
                .set(SCRATCH[1], Source::Mix(Vec::new()))
                .then(Effect::Store(place, SCRATCH[1]));
        }
    }
    if instruction.rflags_written() & (RflagsBits::ZF | RflagsBits::CF) != 0 {
        step = step.compare(Comparison::Other, &read, None, false);
    }
    for register in written {
        step = step.set(register, Source::Mix(read.clone()));
    }
    step
}

fn reads(access: OpAccess) -> bool {
    use OpAccess::{CondRead, Read, ReadCondWrite, ReadWrite};
    matches!(access, Read | CondRead | ReadWrite | ReadCondWrite)
}

fn writes(access: OpAccess) -> bool {
    use OpAccess::{CondWrite, ReadCondWrite, ReadWrite, Write};
    matches!(access, Write | CondWrite | ReadWrite | ReadCondWrite)
}

fn push(step: Step, instruction: &Instruction) -> Step {
    let (step, from) = if is_immediate(instruction, 0) {
        let value = Source::Constant(immediate(instruction, 0));
        (step.set(SCRATCH[0], value), SCRATCH[0])
    } else {
        operand(step, instruction, 0, SCRATCH[0])
    };
    step.set(4, moved_stack(-8))
        .then(Effect::Store(top(), from))
}

fn pop(step: Step, to: Register) -> Step {
    step.set(to, Source::Load(top())).set(4, moved_stack(8))
}

fn moved_stack(by: i64) -> Source {
    Source::Fold {
        from: 4,
        by: Fold::Add(by.cast_unsigned()),
        narrow: false,
    }
}

fn top() -> Place {
    Place {
        base: Base::Register(4),
        index: None,
        offset: 0,
        size: 8,
    }
}

fn lea(step: Step, instruction: &Instruction, to: Register) -> Step {
    let Some(place) = place(instruction) else {
        return step.set(to, Source::Mix(Vec::new()));
    };
    match (place.base, place.index) {
        (Base::Image, None) => step.set(to, Source::Address(place.offset.cast_unsigned())),
        (Base::Register(from), None) => {
            let by = Fold::Add(place.offset.cast_unsigned());
            step.set(
                to,
                Source::Fold {
                    from,
                    by,
                    narrow: false,
                },
            )
        }
        (Base::Register(from), Some(index)) => {
            let by = Fold::Add(place.offset.cast_unsigned());
            let sum = Source::Fold {
                from: SCRATCH[0],
                by,
                narrow: false,
            };
            step.set(SCRATCH[0], Source::Sum(from, index)).set(to, sum)
        }
        _ => step.set(to, Source::Mix(place.index.into_iter().collect())),
    }
}
