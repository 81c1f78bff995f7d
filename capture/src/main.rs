//! `capture` records, on a production Linux host, why syscalls fail. `analyze` explains it elsewhere, later.
//!
//! # Data flow
//!
//! ```text
//!  kernel ── capture-ebpf: sys_exit ──┐ counts, samples with facts
//!  /proc /sys cgroups statfs ─────────┤ snapshots
//!  tracefs: graph, return probes ─────┤ pages, formats, probes         recorder ──> output ──> incident.etz
//!  kallsyms, BTF, kcore ──────────────┘ symbols, code, sysctls, types
//! ```
//!
//! - [`cli`]: what is asked for; [`containers`]: which control groups that means; [`preflight`]: what the host allows.
//! - [`sources`]: failing syscalls and snapshots; [`sentinels`]: functions that fail but once; [`zoom`]: the functions
//!   of what fails again, both by [`tracefs`]; [`kernel`]: names and types for all; [`evidence`]: code and names;
//!   [`reach`]: what a syscall can call, so that little else is hooked.
//! - [`recorder`]: the main loop, and the policy of what is worth a zoom.
//! - [`guard`]: puts tracing back, whatever happens; [`output`]: the bundle's file.
//!
//! Principles: the success path of a syscall costs one compare; every buffer, list and wait is bounded; whatever is
//! left out is counted, by reason; nothing is changed on the host that the guard cannot take back.
#![forbid(unsafe_code)]

mod cli;
mod clock;
mod containers;
mod cost;
mod error;
mod evidence;
mod guard;
mod kernel;
mod names;
mod output;
mod preflight;
mod procfs;
mod reach;
mod recorder;
mod refusals;
mod sentinels;
mod sources;
mod tracefs;
mod zoom;

use std::{env, process::ExitCode};

use clap::{CommandFactory, Parser, error::ErrorKind};
use format_spec::linux::wait;

use cli::{Action, Cli};
use error::NOT_RECORDED;
use recorder::{Done, Kept};
use tracefs::Tracefs;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_usage(&error),
    };
    let failed = match cli.record.command.is_empty() {
        true => 1,
        false => NOT_RECORDED,
    };
    let result = match cli.action {
        Some(Action::Check) => preflight::check(),
        Some(Action::Cleanup) => guard::cleanup(Tracefs::find().ok().as_ref().map(Tracefs::root)),
        Some(Action::Guard) => guard::stand(),
        Some(Action::Snapshots) => {
            sources::snapshot::serve_recorder();
            Ok(())
        }
        #[cfg(feature = "manual")]
        Some(Action::Manual { folder }) => manual::write(Cli::command(), &folder)
            .map_err(|error| error::Error::new(folder.display().to_string(), error)),
        None if cli.record.output.is_none() => {
            let error = Cli::command().error(
                ErrorKind::MissingRequiredArgument,
                "name a file to write: -o incident.etz",
            );
            return wrong_usage(&error);
        }
        None => match recorder::record(&cli.record) {
            Ok(Done {
                command_status: Some(status),
                ..
            }) => return ExitCode::from(wait::shell_status(status)),
            Ok(Done { kept, .. }) => match kept {
                Kept::Bundle => Ok(()),
                Kept::Nothing => return ExitCode::from(3),
            },
            Err(error) => Err(error),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("capture: {error}");
            ExitCode::from(error.exit_status().unwrap_or(failed))
        }
    }
}

/// Says what is wrong with the command line, or prints the help or the version that it asks for.
fn wrong_usage(error: &clap::Error) -> ExitCode {
    // Nobody is there to be told when this fails.
    let _ = error.print();
    let of_command = env::args_os().skip_while(|word| word != "--").nth(1);
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if of_command.is_some() => ExitCode::from(NOT_RECORDED),
        _ => ExitCode::from(2),
    }
}
