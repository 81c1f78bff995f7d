//! `capture check`: what a recording on this host would hold, and what not and why, in plain words.

use capture_ebpf::RING_BYTES;
use format_spec::record::{Ability, AbilityState};

use super::{abilities, host, require};
use crate::{
    error::Error,
    kernel::Kernel,
    sources::syscalls::{Facts, Focus, Own, Syscalls},
    zoom::Zoom,
};

/// What is recorded wherever the programs load.
const ALWAYS: &[(&str, &str)] = &[
    (
        "failing syscalls",
        "every one counted, by syscall, errno and process; the first of each kind whole, with arguments and paths",
    ),
    (
        "limits and their use",
        "/proc, /sys, control groups and file systems, at the start, at failures, at the end",
    ),
];

/// Prints what this host allows, and changes nothing.
///
/// # Errors
/// When it does not allow to record.
pub(crate) fn check() -> Result<(), Error> {
    let host = host();
    println!(
        "{}, Linux {} on {}",
        host.hostname,
        host.kernel_release,
        std::env::consts::ARCH
    );
    if let Err(error) = require() {
        println!("Nothing can be recorded as this user or in this place.");
        return Err(error);
    }
    let loader = Syscalls::loader()?;
    let kernel = Kernel::load();
    let facts = Facts::resolve(&kernel, true);
    let zoom = Zoom::plan(&kernel);
    // All programs, those for a command too.
    let own = Own {
        command: true,
        ..Own::default()
    };
    if let Err(error) = Syscalls::load(loader, &kernel, &facts, &Focus::default(), RING_BYTES, &own)
    {
        println!("Nothing can be recorded: the kernel does not take the eBPF program that counts.");
        return Err(error);
    }
    let (there, missing): (Vec<Ability>, _) = abilities(&kernel, &facts, &zoom)
        .into_iter()
        .partition(|ability| ability.state == AbilityState::Available);
    println!("Recorded here:");
    for (name, detail) in ALWAYS {
        println!("  {name}: {detail}");
    }
    print(&there);
    if missing.is_empty() {
        println!("Nothing that capture knows of is missing.");
    } else {
        println!("Not recorded here, and why:");
        print(&missing);
    }
    println!("Nothing was changed. A recording needs 20 to 34 MiB of memory; see capture --help.");
    Ok(())
}

fn print(abilities: &[Ability]) {
    for Ability { name, detail, .. } in abilities {
        println!("  {name}: {detail}");
    }
}
