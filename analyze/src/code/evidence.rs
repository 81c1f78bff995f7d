//! What the machine code of a function shows.

use super::{image::VariableName, value::Chain};

/// What one function reads, compares, calls and returns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionEvidence {
    /// Variables of the kernel image that it reads, by address.
    pub variables: Vec<VariableRead>,
    /// Loads behind pointers that fit a field that holds a limit.
    pub fields: Vec<FieldRead>,
    /// Functions that it calls, by place.
    pub calls: Vec<Call>,
    /// Numbers that it compares something with, by rising value.
    pub compared_constants: Vec<u64>,
    /// errnos that it may return as constants of its own, by rising number.
    pub errnos: Vec<u16>,
}

/// A variable that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableRead {
    /// Its address relative to the kernel image.
    pub address: u64,
    /// Its name, where the kernel lists data symbols.
    pub name: Option<VariableName>,
    /// Sysctls that set it, as dotted paths; more than one where the recorder could not tell them apart.
    pub sysctls: Vec<String>,
    /// What becomes of the value.
    pub effect: ValueEffect,
}

/// A load behind a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRead {
    /// How it is reached.
    pub chain: Chain,
    /// Size of the load, in bytes.
    pub size: u8,
    /// Fields that it may be, the surest first.
    pub candidates: Vec<FieldCandidate>,
    /// What becomes of the value.
    pub effect: ValueEffect,
}

/// A field that a load may be of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldCandidate {
    /// How sure that is.
    pub certainty: Certainty,
    /// Structure, for example `signal_struct`.
    pub structure: String,
    /// Path within it, for example `rlim[7].rlim_cur`.
    pub field: String,
    /// Culprit ids of the limit, `class:name`.
    pub ids: Vec<String>,
}

/// How sure it is which field a load is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// A field of that size is at that offset.
    Offset,
    /// The pointer was itself loaded from where such a structure's pointer is.
    Pointer,
    /// The chain starts at the current task, and each step is a pointer of known type.
    Chain,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Where it is, relative to the kernel image.
    pub at: u64,
    /// The function; `None` when it is called by a pointer.
    pub target: Option<u64>,
    /// Its name.
    pub name: Option<String>,
    /// The first six arguments, those that are constants. A register that the function does not take may hold some
    /// constant too.
    pub arguments: [Option<u64>; 6],
    /// What becomes of the result.
    pub effect: ValueEffect,
}

/// What becomes of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValueEffect {
    /// Something is decided by it, or by what is computed from it.
    pub compared: bool,
    /// Results that follow from such a decision: one side of it always returns this, the other does not. An errno is
    /// negative; 0 and 1 are those of predicates too. By rising number.
    pub decides: Vec<i64>,
    /// Results that one side of such a decision alone can reach soon: within three decisions more; by rising number.
    pub guards: Vec<i64>,
    /// Results that only one side of such a decision may lead to at all, by rising number.
    pub leads_to: Vec<i64>,
    /// The function's result may be computed from it.
    pub returned: bool,
    /// Calls that it is an argument of, by their address: it may count there, as in `percpu_counter_compare()`.
    pub passed_to: Vec<u64>,
}

impl ValueEffect {
    /// Whether the value decides that the function returns this errno.
    #[must_use]
    pub fn decides_errno(&self, errno: u16) -> bool {
        self.decides.contains(&-i64::from(errno))
    }

    /// Takes in what another read of the same place does.
    pub(super) fn merge(&mut self, other: &Self) {
        self.compared |= other.compared;
        self.returned |= other.returned;
        self.passed_to.extend(&other.passed_to);
        self.passed_to.sort_unstable();
        self.passed_to.dedup();
        let lists = [
            (&mut self.decides, &other.decides),
            (&mut self.guards, &other.guards),
            (&mut self.leads_to, &other.leads_to),
        ];
        for (own, theirs) in lists {
            own.extend(theirs);
            own.sort_unstable();
            own.dedup();
        }
    }
}
