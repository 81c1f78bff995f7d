//! What the recorder and the analyzer must know of Linux alike.

pub mod interrupt;
pub mod mountinfo;
