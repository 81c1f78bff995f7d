//! Every developer chore of the workspace, as `cargo xtask <chore>`.

mod accuracy;
mod bench;
#[cfg(test)]
mod book;
mod columns;
mod cross;
mod dirs;
mod dist;
mod ebpf;
mod errno;
mod fuzz;
mod generated;
mod host;
mod process;
mod recording;
mod scenario;
mod test;
mod totals;
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
    Accuracy(accuracy::Args),
    Bench(bench::Args),
    /// Write the book's catalogue of known causes, from the analyzer's rules
    Catalogue(generated::Args),
    Dist(dist::Args),
    Ebpf(ebpf::Args),
    Fuzz(fuzz::Args),
    /// Generate the list of the kernel's words that redaction keeps from the analyzer's rules
    LogWords(generated::Args),
    /// Write the recorder's list of failures that healthy programs live with, from the
    /// analyzer's table
    Normal(generated::Args),
    /// Write the recorder's list of sentinels, from the analyzer's rules
    Sentinels(generated::Args),
    /// Generate the list of files that the recorder's snapshots take, from what the analyzer reads
    Snapshots(generated::Args),
    Test(test::Args),
    Vm(vm::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().chore {
        Chore::Accuracy(args) => accuracy::run(&args),
        Chore::Bench(args) => bench::run(&args),
        Chore::Catalogue(args) => generated::CATALOGUE.run(&args),
        Chore::LogWords(args) => generated::LOG_WORDS.run(&args),
        Chore::Normal(args) => generated::NORMAL.run(&args),
        Chore::Sentinels(args) => generated::SENTINELS.run(&args),
        Chore::Snapshots(args) => generated::SNAPSHOTS.run(&args),
        Chore::Test(args) => test::run(&args),
        Chore::Dist(args) => dist::run(&args),
        Chore::Ebpf(args) => ebpf::run(&args),
        Chore::Fuzz(args) => fuzz::run(&args),
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
