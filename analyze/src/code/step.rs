//! One machine instruction, as far as it moves values: what both decoders produce and the flow works on.

/// A general register; [`Convention`] says which is which. The last numbers are scratch registers of the decoders.
pub(super) type Register = u8;

/// Registers that a state has: up to 32 of the architecture and the decoders' own.
pub(super) const REGISTERS: usize = 36;

/// A register that always reads as zero; writes to it are lost.
pub(super) const ZERO: Register = 32;

/// Scratch registers, for an instruction that needs more than one [`Effect`].
pub(super) const SCRATCH: [Register; 2] = [33, 34];

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Length, in bytes.
    pub(super) len: u8,
    /// What it does, in order.
    pub(super) effects: Vec<Effect>,
    /// Where it goes.
    pub(super) exit: Exit,
}

/// One thing that an instruction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// A register gets a value.
    Set(Register, Source),
    /// Memory gets a register's value.
    Store(Place, Register),
    /// The flags are set from these registers; `adds` keeps what they were set from before (`ccmp`).
    Compare {
        registers: Vec<Register>,
        constant: Option<u64>,
        adds: bool,
    },
    /// Every register may have changed: an instruction that the decoder does not know.
    ForgetAll,
}

/// Where a register's new value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A number.
    Constant(u64),
    /// An address relative to the kernel image.
    Address(u64),
    /// Another register, its lower 32 bits alone if so.
    Copy { from: Register, narrow: bool },
    /// Another register and a constant, in 32 bits if so.
    Fold {
        from: Register,
        by: Fold,
        narrow: bool,
    },
    /// The sum of two registers: an address may be one of them.
    Sum(Register, Register),
    /// Arithmetic on registers.
    Mix(Vec<Register>),
    /// Memory.
    Load(Place),
    /// One of two registers; the flags decide.
    Either(Register, Register),
    /// The current task.
    CurrentTask,
}

/// Arithmetic with a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    Add(u64),
    And(u64),
    Or(u64),
    Xor(u64),
    Negate,
    SignExtend32,
}

impl Fold {
    /// The result.
    pub(super) fn apply(self, value: u64) -> u64 {
        match self {
            Self::Add(by) => value.wrapping_add(by),
            Self::And(by) => value & by,
            Self::Or(by) => value | by,
            Self::Xor(by) => value ^ by,
            Self::Negate => value.wrapping_neg(),
            Self::SignExtend32 => {
                let low = u32::try_from(value & 0xffff_ffff).unwrap_or_default();
                i64::from(low.cast_signed()).cast_unsigned()
            }
        }
    }
}

/// A place in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) base: Base,
    /// A register that is added.
    pub(super) index: Option<Register>,
    /// Bytes that are added.
    pub(super) offset: i64,
    /// Size of the access, in bytes.
    pub(super) size: u8,
}

/// What an address starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// A register.
    Register(Register),
    /// The kernel image: the offset is the address relative to it.
    Image,
    /// The processor's own data (x86-64 `gs`): the offset is the variable's place in it.
    PerCpu,
}

/// Where an instruction goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// To the next instruction.
    Next,
    /// There.
    Jump(u64),
    /// There or to the next one, by what is tested.
    Branch { to: u64, on: Test },
    /// To a function and back; `None` for a pointer.
    Call(Option<u64>),
    /// Where a register says.
    Indirect,
    /// Back to the caller.
    Return,
    /// Nowhere: the code never gets past it.
    Stop,
}

/// What a branch tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// The flags; it jumps when what was compared differs.
    Different,
    /// The flags, in any other way.
    Flags,
    /// A register.
    Register(Register),
}

/// How functions of an architecture are called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Convention {
    /// Registers of the first six arguments.
    pub(super) arguments: [Register; 6],
    /// Register of the result.
    pub(super) result: Register,
    /// Stack pointer.
    pub(super) stack: Register,
    /// Registers that a call may change, one bit each.
    pub(super) changed: u64,
}

impl Step {
    /// An instruction that does nothing of interest.
    pub(super) fn plain(len: u8) -> Self {
        Self {
            len,
            effects: Vec::new(),
            exit: Exit::Next,
        }
    }

    /// Adds an effect.
    pub(super) fn then(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Sets a register; writes to [`ZERO`] are dropped.
    pub(super) fn set(self, to: Register, source: Source) -> Self {
        if to == ZERO {
            self
        } else {
            self.then(Effect::Set(to, source))
        }
    }

    /// Sets the flags.
    pub(super) fn compare(self, registers: &[Register], constant: Option<u64>) -> Self {
        self.then(Effect::Compare {
            registers: registers.to_vec(),
            constant,
            adds: false,
        })
    }

    /// Leaves for `exit`.
    pub(super) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}
