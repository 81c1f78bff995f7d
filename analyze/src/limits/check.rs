//! Where the kernel compares a limit, and how.

use super::{Call, Relation};
pub(super) use crate::names::errno::{
    EADDRNOTAVAIL, EAGAIN, EDQUOT, EFBIG, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, EPERM,
};

/// One place where the kernel compares use and limit, and refuses.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The function that compares, then those into which compilers inline it, and those that it only tells true or false.
    pub(super) functions: &'static [&'static str],
    /// What that function returns when it refuses.
    pub(super) errno: u16,
    /// How left and right are compared where it refuses.
    pub(super) relation: Relation,
    /// Whether what the call asks for is on the left side.
    pub(super) adds: bool,
    /// Which calls come here.
    pub(super) of: fn(&Call<'_>) -> bool,
}

/// A check of the sum of what is used and what is asked for, for any call.
pub(super) const fn sum(
    functions: &'static [&'static str],
    errno: u16,
    relation: Relation,
) -> Check {
    Check {
        functions,
        errno,
        relation,
        adds: true,
        of: |_| true,
    }
}

/// A check of what is used before anything is added, for any call.
pub(super) const fn before(
    functions: &'static [&'static str],
    errno: u16,
    relation: Relation,
) -> Check {
    Check {
        adds: false,
        ..sum(functions, errno, relation)
    }
}

impl Check {
    /// The same for some calls only.
    pub(super) const fn of(self, of: fn(&Call<'_>) -> bool) -> Self {
        Self { of, ..self }
    }

    /// The function that compares.
    pub(super) const fn function(&self) -> Option<&'static str> {
        match self.functions {
            [first, ..] => Some(*first),
            [] => None,
        }
    }
}
