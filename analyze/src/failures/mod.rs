//! What failed: failures of one kind and one program together.

mod counted;
mod exception;
mod group;
mod normal;

pub(crate) use counted::is_restart;
pub use group::{Group, groups};
pub use normal::Class;
