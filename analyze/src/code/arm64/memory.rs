//! Loads and stores.

use yaxpeax_arm::armv8::a64::{Instruction, Operand};

use super::{
    super::step::{Base, Effect, Fold, Place, Register, SCRATCH, Source, Step, ZERO},
    operands::{base_register, is_narrow, number, register},
};

/// Loads and stores of all kinds: the memory operand is the last one.
pub(super) fn memory(plain: Step, instruction: &Instruction, address: u64) -> Step {
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

pub(super) fn is_memory(operands: &[Operand; 4]) -> bool {
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
