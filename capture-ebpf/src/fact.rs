//! How the program finds integers in kernel structures: recipes that user space made from BTF.

use core::mem::size_of;

/// Most facts.
pub const MAX_FACTS: usize = 96;

/// Words of the bit set that says which facts a failure has.
pub const FACT_WORDS: usize = MAX_FACTS.div_ceil(64);

/// Most pointers that one recipe follows.
pub const MAX_DEREFS: usize = 6;

/// The way to one integer: from the failing task's `task_struct`, `derefs` times add `offsets[i]` and follow the
/// pointer there, then add `last` and read `size` bytes.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Recipe {
    /// Pointers to follow, at most [`MAX_DEREFS`].
    pub derefs: u8,
    /// Size of the integer, in bytes: 1 to 8.
    pub size: u8,
    /// Zero.
    pub reserved: [u8; 2],
    /// Offset of the integer, in bytes.
    pub last: u32,
    /// Offsets of the pointers, in bytes.
    pub offsets: [u32; MAX_DEREFS],
}

const _: () = assert!(size_of::<Recipe>() == 32);

/// All recipes: the one entry of an array map.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Recipes {
    /// How many there are.
    pub len: u64,
    /// The recipes; a fact's number is its place here.
    pub recipes: [Recipe; MAX_FACTS],
}

const _: () = assert!(size_of::<Recipes>() == 8 + 32 * MAX_FACTS);
