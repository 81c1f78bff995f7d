//! What the arguments of a syscall are.

use core::mem::size_of;

use crate::{MAX_STRINGS, NO_ARGUMENT};

/// Which arguments of one syscall point to strings, which one is a file descriptor, which one points to the address of a
/// socket, and which one to a structure of arguments.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arguments {
    /// Places of strings, 0 to 5, or [`NO_ARGUMENT`].
    pub strings: [u8; MAX_STRINGS],
    /// Place of the descriptor, 0 to 5, or [`NO_ARGUMENT`].
    pub descriptor: u8,
    /// Place of the pointer to a `struct sockaddr`, 0 to 5, or [`NO_ARGUMENT`].
    pub address: u8,
    /// Place of the pointer to a structure of arguments, such as `struct clone_args`, 0 to 5, or [`NO_ARGUMENT`].
    pub structure: u8,
    /// Zero.
    pub reserved: u8,
}

const _: () = assert!(size_of::<Arguments>() == 8);

impl Arguments {
    /// Neither strings nor a descriptor nor an address nor a structure.
    pub const NONE: Self = Self {
        strings: [NO_ARGUMENT; MAX_STRINGS],
        descriptor: NO_ARGUMENT,
        address: NO_ARGUMENT,
        structure: NO_ARGUMENT,
        reserved: 0,
    };

    /// The eight bytes of the map's value.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        let [a, b, c, d] = self.strings;
        [a, b, c, d, self.descriptor, self.address, self.structure, 0]
    }
}
