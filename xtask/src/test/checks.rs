//! Checks of the source: each passes or fails as a whole.

use std::process::Command;

use anyhow::Result;

use super::Outcome;
use crate::process::{command, run};
use crate::totals::Totals;
use crate::{dirs, ebpf, generated, host};

fn cargo(args: &[&str]) -> Command {
    let mut cargo = command("cargo");
    cargo.current_dir(dirs::repo()).args(args);
    cargo
}

fn check(command: &mut Command) -> Result<Outcome> {
    run(command)?;
    Ok(Outcome::Ran(Totals::PASSED))
}

pub(super) fn format() -> Result<Outcome> {
    check(&mut cargo(&["fmt", "--all", "--check"]))
}

pub(super) fn lints() -> Result<Outcome> {
    let args = [
        "clippy",
        "--quiet",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    check(&mut cargo(&args))
}

pub(super) fn documentation() -> Result<Outcome> {
    let args = [
        "doc",
        "--quiet",
        "--locked",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    check(cargo(&args).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Licences, sources and duplicates; advisories too, where their database can be fetched.
pub(super) fn dependencies() -> Result<Outcome> {
    let deny = host::cargo_deny()?;
    let with = |args: &[&str]| {
        let mut deny = command(&deny);
        deny.current_dir(dirs::repo()).args(args);
        deny
    };
    run(&mut with(&[
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    if run(&mut with(&["--log-level", "error", "fetch", "db"])).is_err() {
        println!("advisories are not checked: their database cannot be fetched here");
        return Ok(Outcome::Ran(Totals::PASSED));
    }
    check(&mut with(&["--log-level", "error", "check", "advisories"]))
}

pub(super) fn bpf_objects() -> Result<Outcome> {
    if let Err(why) = host::can_require(host::EBPF) {
        return Ok(Outcome::Skipped(why));
    }
    match ebpf::check()? {
        None => Ok(Outcome::Ran(Totals::PASSED)),
        Some(other_toolchain) => Ok(Outcome::Skipped(other_toolchain)),
    }
}

pub(super) fn generated_files() -> Result<Outcome> {
    generated::check()?;
    Ok(Outcome::Ran(Totals::PASSED))
}
