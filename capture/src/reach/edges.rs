//! From one function to another, as machine code shows it.

/// An edge out of a function. The address need not be that of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// It calls or jumps there.
    Call(u64),
    /// It takes that address, to pass it on or to keep it.
    Taken(u64),
}

impl Edge {
    /// Where it leads.
    pub(super) fn target(self) -> u64 {
        let (Self::Call(target) | Self::Taken(target)) = self;
        target
    }
}
