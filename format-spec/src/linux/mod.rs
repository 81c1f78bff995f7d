//! What the recorder and the analyzer must know of Linux alike.

pub mod arguments;
pub mod cgroup;
pub mod interrupt;
pub mod mountinfo;
pub mod wait;
