//! The analyzer.
#![forbid(unsafe_code)]
fn main() {}
