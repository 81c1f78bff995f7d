//! Every developer chore of the workspace, as `cargo xtask <chore>`.

mod cross;
mod dirs;
mod ebpf;
mod host;
mod process;
mod scenario;
mod vm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer chores: `cargo xtask test` runs all that a change must pass.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    Ebpf(ebpf::Args),
    Vm(vm::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().chore {
        Chore::Ebpf(args) => ebpf::run(&args),
        Chore::Vm(args) => vm::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
