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
    /// The flags are set.
    Compare(Compare),
    /// Every register may have changed: an instruction that the decoder does not know.
    ForgetAll,
}

/// What the flags are set from: one or two registers, or one and a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compare {
    pub(super) registers: Vec<Register>,
    pub(super) constant: Option<u64>,
    pub(super) by: Comparison,
    /// Whether the lower 32 bits alone count.
    pub(super) narrow: bool,
    /// The flags are set only when a condition holds on those from before (`ccmp`), else to a number.
    pub(super) only: Option<Only>,
}

/// How two operands set the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// By their difference (`cmp`).
    Subtract,
    /// By their sum (`cmn`).
    Add,
    /// By the bits that both have (`test`, `tst`).
    And,
    /// By the first one alone, whose operation leaves neither carry nor overflow.
    Result,
    /// In a way that is not followed.
    Other,
}

/// When a conditional comparison compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Only {
    pub(super) when: Condition,
    /// The flags else: negative, zero, carry, overflow from bit 3 down.
    pub(super) flags: u8,
}

/// A condition on the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    Equal,
    Different,
    /// Unsigned.
    Below,
    AtLeast,
    Above,
    AtMost,
    /// Signed.
    Less,
    GreaterOrEqual,
    Greater,
    LessOrEqual,
    Negative,
    NotNegative,
    /// Not followed.
    Other,
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
    /// Arithmetic on two registers, on their lower 32 bits if so.
    Binary {
        by: Binary,
        of: [Register; 2],
        narrow: bool,
    },
    /// Other arithmetic on registers.
    Mix(Vec<Register>),
    /// Memory.
    Load(Place),
    /// The first register when the condition holds, else the second.
    Either([Register; 2], Condition),
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
    ShiftLeft(u8),
    /// Unsigned.
    ShiftRight(u8),
    Negate,
    SignExtend32,
}

/// Arithmetic with two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Binary {
    Add,
    Subtract,
    And,
    Or,
    Xor,
    Multiply,
    /// Unsigned.
    Divide,
}

impl Fold {
    /// The result.
    pub(super) fn apply(self, value: u64) -> u64 {
        match self {
            Self::Add(by) => value.wrapping_add(by),
            Self::And(by) => value & by,
            Self::Or(by) => value | by,
            Self::Xor(by) => value ^ by,
            Self::ShiftLeft(by) => value.checked_shl(by.into()).unwrap_or(0),
            Self::ShiftRight(by) => value.checked_shr(by.into()).unwrap_or(0),
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

/// What must hold for a branch to jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// A condition on the flags.
    Flags(Condition),
    /// A register, its lower 32 bits alone if so, is 0, or is not.
    Zero {
        register: Register,
        narrow: bool,
        is: bool,
    },
    /// A bit of a register is set, or is not.
    Bit {
        register: Register,
        bit: u8,
        is: bool,
    },
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
    pub(super) fn compare(
        self,
        by: Comparison,
        registers: &[Register],
        constant: Option<u64>,
        narrow: bool,
    ) -> Self {
        self.then(Effect::Compare(Compare {
            registers: registers.to_vec(),
            constant,
            by,
            narrow,
            only: None,
        }))
    }

    /// Leaves for `exit`.
    pub(super) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}
