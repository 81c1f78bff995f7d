//! What this host allows, looked at before anything is changed. `capture check` prints it alone.

mod check;
mod host;

use std::{fs, path::Path};

use format_spec::record::{Ability, AbilityState, Missing};
use rustix::thread::{CapabilitySet, capabilities};

pub(crate) use check::check;
pub(crate) use host::host;

use crate::{error::Error, kernel::Kernel, sources::syscalls::Facts, zoom::Zoom};

/// Inode number of the initial pid namespace (`PROC_PID_INIT_INO`, `include/linux/proc_ns.h`).
const INITIAL_PID_NS: &str = "pid:[4026531836]";

/// Whether this process may record at all.
///
/// # Errors
/// Missing rights, lockdown, or a pid namespace of its own.
pub(crate) fn require() -> Result<(), Error> {
    require_rights()?;
    if lockdown() == Some("confidentiality") {
        return Err(Error::new(
            "kernel memory",
            "lockdown is in confidentiality mode, which closes it to everyone",
        )
        .hint("boot with lockdown=integrity, or without, to record"));
    }
    let pid_ns = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    if !pid_ns.as_os_str().is_empty() && pid_ns != Path::new(INITIAL_PID_NS) {
        return Err(Error::new(
            "process ids",
            "this is a container with process ids of its own",
        )
        .hint("run on the host, or in a container that shares the host's (--pid=host)"));
    }
    Ok(())
}

fn require_rights() -> Result<(), Error> {
    let sets = capabilities(None).map_err(|error| Error::new("own capabilities", error))?;
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|(capability, _)| !sets.effective.contains(*capability))
        .map(|(_, name)| *name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(
        Error::new("rights", format!("{} missing", missing.join(", ")))
            .hint("run as root: sudo capture …"),
    )
}

/// What the recorder cannot do without: kernel programs, other processes' links, kernel addresses.
const NEEDED: &[(CapabilitySet, &str)] = &[
    (CapabilitySet::SYS_ADMIN, "CAP_SYS_ADMIN"),
    (CapabilitySet::SYS_PTRACE, "CAP_SYS_PTRACE"),
    (CapabilitySet::DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"),
];

/// The lockdown mode in force; `None` where the kernel has none or does not show it.
fn lockdown() -> Option<&'static str> {
    let text = fs::read_to_string("/sys/kernel/security/lockdown").ok()?;
    // For example `none [integrity] confidentiality`.
    let chosen = text.split(['[', ']']).nth(1)?;
    ["none", "integrity", "confidentiality"]
        .into_iter()
        .find(|mode| *mode == chosen)
}

/// What is there and what is not, for `capture check` and the manifest.
pub(crate) fn abilities(kernel: &Kernel, facts: &Facts, zoom: &Zoom<'_>) -> Vec<Ability> {
    let mut abilities = vec![
        ability("lockdown", true, lockdown().unwrap_or("none").to_owned()),
        ability(
            "facts",
            !facts.recipes.is_empty(),
            match facts.missing.len() {
                0 => format!("{} of the failing task", facts.recipes.len()),
                missing => format!(
                    "{} of the failing task; this kernel does not have {missing}: {}",
                    facts.recipes.len(),
                    facts.missing.join(", ")
                ),
            },
        ),
    ];
    for Missing { what, why } in kernel.missing() {
        abilities.push(ability(&what, false, why));
    }
    abilities.extend(zoom.abilities());
    abilities
}

fn ability(name: &str, available: bool, detail: String) -> Ability {
    Ability {
        name: name.into(),
        state: if available {
            AbilityState::Available
        } else {
            AbilityState::Missing
        },
        detail,
    }
}
