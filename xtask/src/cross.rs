//! Static programs for the guest: the real recorder, and the C programs of scenarios.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::process::{self, command};
use crate::{dirs, host};

/// A guest's architecture, by Debian's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Arch {
    Arm64,
    #[value(alias = "x86-64", alias = "x86_64")]
    Amd64,
}

impl Arch {
    pub(crate) const ALL: [Self; 2] = [Self::Arm64, Self::Amd64];

    /// This machine's.
    pub(crate) fn host() -> Result<Self> {
        match std::env::consts::ARCH {
            "aarch64" => Ok(Self::Arm64),
            "x86_64" => Ok(Self::Amd64),
            other => anyhow::bail!("capture is not for {other}"),
        }
    }

    /// Debian's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::Amd64 => "amd64",
        }
    }

    /// The processor's name, as `uname -m` has it.
    pub(crate) fn cpu(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64",
            Self::Amd64 => "x86_64",
        }
    }

    /// Rust's name.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::Amd64 => "x86_64-unknown-linux-gnu",
        }
    }
}

/// Builds a static `capture`, and returns the program's path.
pub(crate) fn capture(arch: Arch) -> Result<PathBuf> {
    program(arch, "capture", "release")
}

/// A guest's architecture, and the recorder in it.
#[derive(clap::Args)]
pub(crate) struct Guest {
    /// Architecture of the guest
    #[arg(long, value_enum, default_value = "arm64")]
    pub(crate) arch: Arch,

    /// Use this static program as the recorder instead of building it
    #[arg(long, value_name = "PROGRAM")]
    capture: Option<PathBuf>,
}

impl Guest {
    /// The recorder.
    pub(crate) fn capture(&self) -> Result<PathBuf> {
        capture_or(self.capture.as_ref(), self.arch)
    }
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            arch: Arch::Arm64,
            capture: None,
        }
    }
}

/// The recorder: the program that was named, else the workspace's own.
pub(crate) fn capture_or(named: Option<&PathBuf>, arch: Arch) -> Result<PathBuf> {
    named.map_or_else(|| capture(arch), |program| Ok(program.clone()))
}

/// Builds a package's static program of the same name with a profile of the workspace, and returns its path.
pub(crate) fn program(arch: Arch, package: &str, profile: &str) -> Result<PathBuf> {
    host::require(host::CROSS)?;
    let target_dir = dirs::target("guest");
    let triple = arch.triple();
    let mut cargo = match arch {
        Arch::Arm64 => {
            // Debian has the standard library for arm64; rustup would have to download it.
            let mut cargo = command("/usr/bin/cargo");
            cargo
                .env("RUSTC", "/usr/bin/rustc")
                .env("CC_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-gcc")
                .env(
                    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
                    "aarch64-linux-gnu-gcc",
                );
            cargo
        }
        Arch::Amd64 => command("cargo"),
    };
    cargo
        .current_dir(dirs::repo())
        .args(["build", "--quiet", "--locked", "--profile", profile])
        .args(["--package", package])
        .args(["--target", triple, "--target-dir"])
        .arg(&target_dir)
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    process::run(&mut cargo)?;
    Ok(target_dir.join(triple).join(profile).join(package))
}

/// Compiles every `*.c` in `dir` into a static program in `out`, and returns their paths.
pub(crate) fn c_programs(arch: Arch, dir: &Path, out: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Ok(Vec::new());
    };
    let mut sources: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    sources.sort();
    if !sources.is_empty() {
        host::require(host::CROSS)?;
        fs::create_dir_all(out)?;
    }
    let gcc = match arch {
        Arch::Arm64 => "aarch64-linux-gnu-gcc",
        Arch::Amd64 => "gcc",
    };
    let mut programs = Vec::new();
    for source in sources {
        let program = out.join(source.file_stem().context("a C file has a name")?);
        let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified());
        let fresh = modified(&program)
            .is_ok_and(|built| modified(&source).is_ok_and(|written| written < built));
        if !fresh {
            let mut compile = command(gcc);
            compile
                .args(["-O1", "-static", "-Wall", "-o"])
                .arg(&program)
                .arg(&source);
            process::quiet(&mut compile)?;
        }
        programs.push(program);
    }
    Ok(programs)
}
