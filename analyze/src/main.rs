//! The `analyze` program.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    analyze::cli::main()
}
