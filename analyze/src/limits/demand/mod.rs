//! How much of a limit a call asks for, by subsystem: functions of the call, which records name.

pub(super) mod files;
pub(super) mod ipc;
pub(super) mod keys;
pub(super) mod memory;
pub(super) mod namespaces;
pub(super) mod processes;
#[cfg(test)]
mod tests;

use super::{Asked, Call};

/// What a call asks of a limit, in the limit's own unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// Nothing: the limit cannot be what refused it.
    Nothing,
    /// So much.
    Exactly(u64),
    /// One at least, if anything at all.
    Unknown,
}

impl Demand {
    /// So much; nothing where that is 0.
    pub(super) const fn of(amount: u64) -> Self {
        match amount {
            0 => Self::Nothing,
            _ => Self::Exactly(amount),
        }
    }

    /// One, or nothing.
    pub(super) const fn one_if(asks: bool) -> Self {
        Self::of(if asks { 1 } else { 0 })
    }

    pub(super) const fn asked(self) -> Asked {
        match self {
            Self::Nothing => Asked::Exactly(0),
            Self::Exactly(amount) => Asked::Exactly(amount),
            Self::Unknown => Asked::AtLeast(1),
        }
    }
}

/// The function of a call that says how much it asks for.
pub(super) type Demands = fn(&Call<'_>) -> Demand;

/// Of a limit of which it is not known what a call asks, but that calls which only change the memory of their process ask
/// nothing.
pub(super) const fn unknown(call: &Call<'_>) -> Demand {
    if call.is_of_memory() {
        Demand::Nothing
    } else {
        Demand::Unknown
    }
}

/// Of a limit of which every call that meets it asks for one.
pub(super) const fn one(call: &Call<'_>) -> Demand {
    Demand::one_if(!call.is_of_memory())
}
