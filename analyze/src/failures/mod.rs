//! What failed: failures of one kind and one program together.

mod exception;
mod group;
mod normal;

pub use group::{Group, groups};
pub use normal::Class;
