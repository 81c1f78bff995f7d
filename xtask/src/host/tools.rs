//! Rust tools that Debian does not package, built once into the cache.

use std::path::PathBuf;

use anyhow::Result;

use crate::dirs;
use crate::process::{command, run};

/// The newest that links with the libLLVM of Debian's rustc-web without LLVM's development files.
const BPF_LINKER: &str = "0.10.4";

/// The BPF linker's program.
pub(crate) fn bpf_linker() -> Result<PathBuf> {
    install("bpf-linker", Some(BPF_LINKER))
}

/// The checker of licences, advisories and duplicates: the one on PATH, else one in the cache.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    if command("cargo-deny")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success())
    {
        return Ok("cargo-deny".into());
    }
    install("cargo-deny", None)
}

fn install(name: &str, version: Option<&str>) -> Result<PathBuf> {
    let label = version.map_or_else(|| name.to_owned(), |version| format!("{name}-{version}"));
    let root = dirs::cache("tools")?.join(label);
    let program = root.join("bin").join(name);
    if !program.exists() {
        let mut cargo = command("cargo");
        cargo
            .args(["install", "--quiet", "--locked", name, "--root"])
            .arg(&root);
        if let Some(version) = version {
            cargo.args(["--version", version]);
        }
        run(&mut cargo)?;
    }
    Ok(program)
}
