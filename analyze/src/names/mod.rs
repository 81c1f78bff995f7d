//! Names of numbers: syscalls of the recorded architecture, errno values, kernel functions.
//!
//! The tables are those of Linux, whatever the analyzer runs on.

pub mod capability;
pub mod errno;
mod functions;
mod open_flags;
mod syscalls;

pub use errno::{errno_name, errno_number, errno_text};
pub use functions::{base_name, is_named, syscall_of_entry};
pub use open_flags::open_flag;
pub use syscalls::{syscall_name, syscall_number};
