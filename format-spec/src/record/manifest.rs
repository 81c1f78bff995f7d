//! The first record of a bundle: who recorded what, where, and with what means.

use bincode::{Decode, Encode};

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Manifest {
    /// The recorder's version, for example `0.1.0`.
    pub tool_version: String,
    /// The recorder's command line.
    pub command_line: Vec<String>,
    /// The host.
    pub host: Host,
    /// The clocks at one moment, to turn event times into dates.
    pub clocks: Clocks,
    /// What was asked for in time, in nanoseconds; `None` when a command's end or a signal ends the recording.
    pub duration_ns: Option<u64>,
    /// Largest size of the bundle, in bytes.
    pub max_size_bytes: u64,
    /// What the host allows, as preflight found it.
    pub abilities: Vec<Ability>,
    /// What was armed from the start.
    pub armed: Vec<Armed>,
    /// What could not be armed or seen, and why.
    pub missing: Vec<Missing>,
}

impl super::Plain for Manifest {
    const TYPE: u16 = 1;

    fn elements(&self) -> usize {
        self.command_line.len() + self.abilities.len() + self.armed.len() + self.missing.len()
    }
}

/// The host that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Host {
    /// Node name, as uname(2) gives it.
    pub hostname: String,
    /// Kernel release, for example `6.12.107+deb13-arm64`.
    pub kernel_release: String,
    /// Kernel version line of uname(2).
    pub kernel_version: String,
    /// PRETTY_NAME of os-release(5), empty when there is none.
    pub os_release: String,
    /// Architecture.
    pub architecture: Architecture,
    /// Processors that are online.
    pub cpus: u32,
    /// Page size, in bytes.
    pub page_size_bytes: u32,
    /// Memory, in bytes (MemTotal).
    pub memory_bytes: u64,
    /// Random id of this boot, as /proc/sys/kernel/random/boot_id gives it.
    pub boot_id: String,
}

/// Processor architecture of the recorded kernel: it decides syscall numbers and register names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum Architecture {
    /// arm64.
    Aarch64,
    /// x86-64.
    X86_64,
}

/// Three clocks read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Clocks {
    /// CLOCK_REALTIME, nanoseconds since 1970-01-01 UTC.
    pub realtime_ns: u64,
    /// CLOCK_MONOTONIC, nanoseconds: the clock of all events of this bundle.
    pub monotonic_ns: u64,
    /// CLOCK_BOOTTIME, nanoseconds.
    pub boottime_ns: u64,
}

/// One thing that preflight looked at.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Ability {
    /// Short name, for example `function_graph`.
    pub name: String,
    /// Whether it is there.
    pub state: AbilityState,
    /// What was found, in words.
    pub detail: String,
}

/// Whether a means is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum AbilityState {
    /// It works.
    Available,
    /// This kernel does not have it.
    Missing,
    /// It exists, but this caller may not use it, or someone else is using it.
    Denied,
}

/// Something that was armed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Armed {
    /// What, for example `raw_tracepoint/sys_exit`.
    pub what: String,
    /// Its settings, in words.
    pub detail: String,
}

/// Something that could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Missing {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}
