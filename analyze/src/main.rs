//! The `analyze` program.
#![forbid(unsafe_code)]

fn main() {}
