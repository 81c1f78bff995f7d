//! A Debian userland for the guest: a file system image made of packages, cached by their list.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::cross::Arch;
use crate::process::{command, output, quiet};
use crate::{dirs, host};

const RELEASE: &str = "trixie";

/// Room for what the guest writes, besides the packages.
const FREE_MIB: u64 = 768;

/// The ext4 image with `packages` unpacked (not configured: no second stage is run).
pub(crate) fn image(arch: Arch, packages: &[String]) -> Result<PathBuf> {
    host::require(host::VM)?;
    let mut list: Vec<&str> = packages.iter().map(String::as_str).collect();
    list.sort_unstable();
    let list = list.join(",");
    let digest = Sha256::digest(format!("{RELEASE} {} {FREE_MIB} {list}", arch.name()));
    let id: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let image = dirs::cache("userland")?.join(format!("{}-{id}.ext4", arch.name()));
    if image.exists() {
        return Ok(image);
    }
    if !rustix::process::geteuid().is_root() {
        bail!("a Debian userland for the guest can be made by root only");
    }
    eprintln!("making a Debian userland of {list}");
    let work = tempfile::tempdir_in(dirs::cache("userland")?)?;
    let root = work.path().join("root");
    let mut mmdebstrap = command("mmdebstrap");
    mmdebstrap
        .args(["--quiet", "--mode=root", "--variant=extract"])
        .arg(format!("--architectures={}", arch.name()))
        .arg(format!("--include={list}"))
        .arg(RELEASE)
        .arg(&root)
        .arg(host::mirror()?.0);
    quiet(&mut mmdebstrap)?;

    let used = output(
        command("du")
            .args(["--summarize", "--block-size=1M"])
            .arg(&root),
    )?;
    let used: u64 = used
        .split_whitespace()
        .next()
        .and_then(|n| n.parse().ok())
        .context("du")?;
    let partial = work.path().join("root.ext4");
    File::create(&partial)?.set_len((used + used / 4 + FREE_MIB) << 20)?;
    let mut mkfs = command("mkfs.ext4");
    mkfs.args(["-q", "-F", "-O", "^has_journal", "-d"])
        .arg(&root)
        .arg(&partial);
    quiet(&mut mkfs)?;
    fs::rename(&partial, &image).with_context(|| format!("rename to {}", image.display()))?;
    Ok(image)
}
