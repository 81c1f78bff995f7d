//! How the program finds integers in kernel structures: recipes that user space made from BTF.

use core::mem::size_of;

/// Most facts.
pub const MAX_FACTS: usize = 192;

/// Most pointers that one recipe follows.
pub const MAX_DEREFS: usize = 6;

/// [`Recipe::start`] of a way from the failing task's `task_struct`.
pub const FROM_TASK: u8 = 0;

/// [`Recipe::start`] of a way from the `struct file` behind the call's descriptor argument.
pub const FROM_FILE: u8 = 1;

/// [`Recipe::start`] of what is no way at all: 1 for a process of the recorded command, and not known for others.
pub const IN_COMMAND: u8 = 2;

/// [`Recipe::start`] of a way from the address of a socket that the call was given, in the memory of the process.
pub const FROM_ADDRESS: u8 = 3;

/// [`Recipe::start`] of a way from the structure of arguments that the call was given, in the memory of the process.
pub const FROM_STRUCTURE: u8 = 4;

/// The way to one integer: from the start, `derefs` times add `offsets[i]` and follow the pointer there, then add
/// `last` and read `size` bytes.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Recipe {
    /// Pointers to follow, at most [`MAX_DEREFS`].
    pub derefs: u8,
    /// Size of the integer, in bytes: 1 to 8.
    pub size: u8,
    /// [`FROM_TASK`], [`FROM_FILE`], [`FROM_ADDRESS`], [`FROM_STRUCTURE`] or [`IN_COMMAND`].
    pub start: u8,
    /// Zero.
    pub reserved: u8,
    /// Offset of the integer, in bytes.
    pub last: u32,
    /// Offsets of the pointers, in bytes.
    pub offsets: [u32; MAX_DEREFS],
}

const _: () = assert!(size_of::<Recipe>() == 32);

/// Place of the way from the task to the pointer to its array of open files; size 0 when there is none.
pub const FILES: usize = 0;

/// Place of the way from the task to the length of that array.
pub const FILES_LEN: usize = 1;

/// Place of the way from the task to the number of its process's threads that have not ended.
pub const LIVE: usize = 2;

/// Place of the way from the task to the flags of its process (`signal_struct.flags`).
pub const GROUP_FLAGS: usize = 3;

/// Place of the way from the task to the wait status of a process that ends as a whole.
pub const GROUP_EXIT_CODE: usize = 4;

/// Place of the way from the task to the wait status of the first thread of its process.
pub const EXIT_CODE: usize = 5;

/// Place of the way to fact 0; the others follow.
pub const FIRST_FACT: usize = 6;

/// All recipes: the one entry of an array map.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Recipes {
    /// How many facts there are.
    pub len: u64,
    /// The ways: [`FILES`] to [`EXIT_CODE`], then those of the facts.
    pub all: [Recipe; FIRST_FACT + MAX_FACTS],
}

const _: () = assert!(size_of::<Recipes>() == 8 + 32 * (FIRST_FACT + MAX_FACTS));
