//! The registers and stack slots at one point of a function, and what an instruction makes of them.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    step::{Base, Compare, Convention, Effect, Fold, Place, REGISTERS, Register, Source, ZERO},
    value::{Cell, Chain, Root, Value, united},
};

/// Most stack slots that are remembered.
const MAX_SLOTS: usize = 256;

/// What is known at one point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    registers: Vec<Cell>,
    /// By distance from the stack pointer at the entry.
    slots: BTreeMap<i64, Cell>,
    /// What the flags were computed from.
    pub(super) flags: Vec<u16>,
    /// Whether the flags tell two equal values apart: the stack protector's, of the entry and of now.
    pub(super) same: bool,
}

/// Where a load reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A stack slot.
    Slot(i64),
    /// A variable of the image.
    Variable(u64),
    /// Behind a pointer.
    Field(Chain),
}

impl State {
    /// At the function's entry.
    pub(super) fn entry(convention: &Convention) -> Self {
        let mut state = Self::unknown();
        for (number, &register) in (0u8..).zip(&convention.arguments) {
            state.put(register, Cell::of(Value::pointer(Root::Argument(number))));
        }
        state.put(convention.stack, Cell::of(Value::Frame(0)));
        state
    }

    /// Where nothing is known.
    pub(super) fn unknown() -> Self {
        Self {
            registers: vec![Cell::UNKNOWN; REGISTERS],
            slots: BTreeMap::new(),
            flags: Vec::new(),
            same: false,
        }
    }

    /// The content of a register.
    pub(super) fn get(&self, register: Register) -> Cell {
        if register == ZERO {
            return Cell::of(Value::constant(0));
        }
        self.registers
            .get(usize::from(register))
            .cloned()
            .unwrap_or(Cell::UNKNOWN)
    }

    /// The content of a stack slot.
    pub(super) fn slot(&self, offset: i64) -> Cell {
        self.slots.get(&offset).cloned().unwrap_or(Cell::UNKNOWN)
    }

    fn put(&mut self, register: Register, cell: Cell) {
        if let Some(own) = self.registers.get_mut(usize::from(register)) {
            *own = cell;
        }
    }

    /// Takes in what is known on another way to the same point; whether anything changed. Once `widen`, no number is
    /// added any more, so that a loop's counter comes to an end.
    pub(super) fn join(&mut self, other: &Self, widen: bool) -> bool {
        let mut changed = false;
        for (own, theirs) in self.registers.iter_mut().zip(&other.registers) {
            changed |= join_cell(own, theirs, widen);
        }
        let before = self.slots.len();
        self.slots
            .retain(|offset, _| other.slots.contains_key(offset));
        changed |= self.slots.len() != before;
        for (offset, own) in &mut self.slots {
            if let Some(theirs) = other.slots.get(offset) {
                changed |= join_cell(own, theirs, widen);
            }
        }
        let flags = united(&self.flags, &other.flags);
        changed |= flags != self.flags || self.same && !other.same;
        self.flags = flags;
        self.same &= other.same;
        changed
    }

    /// Does what one effect says; `site` is the number of its load.
    pub(super) fn apply(&mut self, effect: &Effect, site: u16) {
        match effect {
            Effect::Set(to, source) => {
                let cell = self.evaluate(source, site);
                self.put(*to, cell);
            }
            Effect::Store(place, from) => {
                if let Target::Slot(offset) = self.target(place) {
                    let cell = self.get(*from);
                    self.slots.insert(offset, cell);
                    if self.slots.len() > MAX_SLOTS {
                        self.slots.pop_first();
                    }
                }
            }
            Effect::Compare(Compare {
                registers, only, ..
            }) => {
                let mut flags = if only.is_some() {
                    self.flags.clone()
                } else {
                    Vec::new()
                };
                for &register in registers {
                    flags = united(&flags, &self.get(register).origins);
                }
                self.flags = flags;
                self.same = match registers.as_slice() {
                    &[a, b] => {
                        is_guard(&self.get(a).value) && self.get(a).value == self.get(b).value
                    }
                    _ => false,
                };
            }
            Effect::ForgetAll => *self = Self::unknown(),
        }
    }

    /// Calls a function: its result is source `site`, and what it may change is unknown.
    ///
    /// A stack slot whose address is an argument is forgotten; what else a callee writes to the stack is not seen.
    pub(super) fn call(&mut self, convention: &Convention, address: u64, site: u16) {
        for &argument in &convention.arguments {
            if let Value::Frame(offset) = self.get(argument).value {
                self.slots.remove(&offset);
            }
        }
        for register in 0..64u8 {
            if convention.changed >> register & 1 != 0 {
                self.put(register, Cell::UNKNOWN);
            }
        }
        let value = Value::pointer(Root::Result(address));
        self.put(
            convention.result,
            Cell {
                value,
                origins: vec![site],
            },
        );
        self.flags.clear();
        self.same = false;
    }

    /// What a source gives.
    fn evaluate(&self, source: &Source, site: u16) -> Cell {
        match source {
            Source::Constant(value) => Cell::of(Value::constant(*value)),
            Source::Address(address) => Cell::of(Value::Address(*address)),
            Source::CurrentTask => Cell::of(Value::pointer(Root::Current)),
            Source::Copy { from, narrow } => {
                let cell = self.get(*from);
                narrowed(cell, *narrow)
            }
            Source::Fold { from, by, narrow } => {
                let Cell { value, origins } = self.get(*from);
                let value = match by {
                    Fold::Add(by) => value.plus(*by),
                    by => value.map(|value| by.apply(value)),
                };
                narrowed(Cell { value, origins }, *narrow)
            }
            Source::Sum(a, b) => self.sum(*a, *b),
            Source::Binary { of, .. } => self.mix(of),
            Source::Mix(registers) => self.mix(registers),
            Source::Either([a, b], _) => {
                let mut cell = self.get(*a).join(&self.get(*b));
                cell.origins = united(&cell.origins, &self.flags);
                cell
            }
            Source::Load(place) => match self.target(place) {
                Target::Slot(offset) => self.slot(offset),
                Target::Variable(address) => {
                    let chain = Chain {
                        root: Root::Variable(address),
                        offsets: Vec::new(),
                    };
                    Cell {
                        value: Value::Pointer(Arc::new(chain), 0),
                        origins: vec![site],
                    }
                }
                Target::Field(chain) => Cell {
                    value: Value::Pointer(Arc::new(chain), 0),
                    origins: vec![site],
                },
            },
        }
    }

    fn mix(&self, registers: &[Register]) -> Cell {
        let mut cell = Cell::UNKNOWN;
        for &register in registers {
            cell.origins = united(&cell.origins, &self.get(register).origins);
        }
        cell
    }

    /// An address stays one when an index is added to it.
    fn sum(&self, a: Register, b: Register) -> Cell {
        let (a, b) = (self.get(a), self.get(b));
        let value = match (&a.value, &b.value) {
            (address @ Value::Address(_), _) | (_, address @ Value::Address(_)) => address.clone(),
            (base, by) | (by, base) if by.single().is_some() => base.plus(by.single().unwrap_or(0)),
            _ => Value::UNKNOWN,
        };
        Cell {
            value,
            origins: united(&a.origins, &b.origins),
        }
    }

    /// Where a place is.
    pub(super) fn target(&self, place: &Place) -> Target {
        let by = place.offset.cast_unsigned();
        match place.base {
            Base::Image => Target::Variable(by),
            Base::PerCpu => Target::Field(Chain {
                root: Root::PerCpu(by),
                offsets: vec![0],
            }),
            Base::Register(base) => {
                let base = self.get(base).value;
                let index = place.index.map(|index| self.get(index).value);
                match (base.plus(by), index) {
                    (Value::Address(address), _) | (_, Some(Value::Address(address))) => {
                        Target::Variable(address)
                    }
                    (Value::Frame(offset), None) => Target::Slot(offset),
                    (Value::Pointer(chain, offset), None) => Target::Field(chain.then(offset)),
                    (_, None) => Target::Field(unknown(vec![place.offset])),
                    (base, Some(index)) => match (base, index.single()) {
                        (Value::Pointer(chain, offset), Some(by)) => {
                            Target::Field(chain.then(offset.wrapping_add_unsigned(by)))
                        }
                        _ => Target::Field(unknown(Vec::new())),
                    },
                }
            }
        }
    }
}

/// Whether a value may be the stack protector's: of the current task (arm64) or of the processor (x86-64).
fn is_guard(value: &Value) -> bool {
    match value {
        Value::Pointer(chain, 0) => {
            chain.offsets.len() == 1 && matches!(chain.root, Root::Current | Root::PerCpu(_))
        }
        _ => false,
    }
}

fn unknown(offsets: Vec<i64>) -> Chain {
    Chain {
        root: Root::Unknown,
        offsets,
    }
}

fn narrowed(cell: Cell, narrow: bool) -> Cell {
    if !narrow {
        return cell;
    }
    let value = match &cell.value {
        // The lower half of a loaded value is still that value.
        Value::Pointer(..) => cell.value.clone(),
        value => value.map(|value| value & 0xffff_ffff),
    };
    Cell { value, ..cell }
}

fn join_cell(own: &mut Cell, theirs: &Cell, widen: bool) -> bool {
    if own == theirs {
        return false;
    }
    let mut joined = own.join(theirs);
    if widen && joined.value != own.value {
        let (constants, _) = own.value.numbers();
        joined.value = Value::Number {
            constants: constants.to_vec(),
            other: true,
        };
    }
    let changed = joined != *own;
    *own = joined;
    changed
}
