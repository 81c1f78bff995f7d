//! Rust tools that Debian does not package, built once into the cache.

use std::path::PathBuf;

use anyhow::Result;

use crate::dirs;
use crate::process::{command, quiet};

/// The newest that links with the libLLVM of Debian's rustc-web without LLVM's development files.
const BPF_LINKER: &str = "0.10.4";

/// The BPF linker's program.
pub(crate) fn bpf_linker() -> Result<PathBuf> {
    install("bpf-linker", BPF_LINKER)
}

/// Known to build with this workspace's Rust.
const CARGO_DENY: &str = "0.20.2";

/// The checker of licences, advisories and duplicates: the one on PATH, else one in the cache.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    if command("cargo-deny")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success())
    {
        return Ok("cargo-deny".into());
    }
    install("cargo-deny", CARGO_DENY)
}

/// Known to build with this workspace's Rust.
const CARGO_DEB: &str = "3.8.0";

/// The maker of Debian packages.
pub(crate) fn cargo_deb() -> Result<PathBuf> {
    install("cargo-deb", CARGO_DEB)
}

fn install(name: &str, version: &str) -> Result<PathBuf> {
    let root = dirs::cache("tools")?.join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if !program.exists() {
        eprintln!("building {name} {version}");
        let mut cargo = command("cargo");
        cargo.args([
            "install",
            "--quiet",
            "--locked",
            name,
            "--version",
            version,
            "--root",
        ]);
        quiet(cargo.arg(&root))?;
    }
    Ok(program)
}
