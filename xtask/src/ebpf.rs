//! Builds the BPF objects that `capture` embeds. They are committed: ordinary builds need no BPF toolchain.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::process::{self, command, output};
use crate::{dirs, host};

/// The architectures of the traced kernel: `pt_regs` differs, hence one object for each.
const ARCHES: [&str; 2] = ["aarch64", "x86_64"];

/// rustup's rustc has no `core` for BPF.
const RUSTC: &str = "/usr/bin/rustc";

/// Names what made the objects: another compiler makes other bytes of the same source.
const TOOLCHAIN: &str = "TOOLCHAIN";

/// Rebuild capture-ebpf/objects/etz.ARCH.bpf.o, from the same bytes of source to the same bytes of object
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Compare with the committed objects instead of replacing them; exit 1 when they differ
    #[arg(long)]
    check: bool,
}

/// Writes the objects, or compares them with what is committed.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check {
        if let Some(other_toolchain) = check()? {
            bail!("{other_toolchain}: run cargo xtask ebpf and commit the objects");
        }
        println!("the committed BPF objects are what this source builds to");
        return Ok(());
    }
    host::require(host::EBPF)?;
    let toolchain = Toolchain::prepare()?;
    fs::create_dir_all(objects())?;
    for (name, bytes) in files(&toolchain)? {
        let path = objects().join(&name);
        fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    println!("wrote {} ({})", objects().display(), toolchain.version);
    Ok(())
}

/// Fails unless the committed objects are what this source builds to. Returns a line that says why not
/// when that cannot be known, because another toolchain made them.
pub(crate) fn check() -> Result<Option<String>> {
    host::require(host::EBPF)?;
    let toolchain = Toolchain::prepare()?;
    let committed = fs::read_to_string(objects().join(TOOLCHAIN));
    let committed = committed.context("no BPF objects are committed: run cargo xtask ebpf")?;
    if committed.trim() != toolchain.version {
        let (theirs, ours) = (committed.trim(), toolchain.version);
        return Ok(Some(format!(
            "the BPF objects were made by {theirs}, here is {ours}"
        )));
    }
    for (name, bytes) in files(&toolchain)? {
        if fs::read(objects().join(&name)).ok() != Some(bytes) {
            bail!("{name} is not what this source builds to: run cargo xtask ebpf and commit it");
        }
    }
    Ok(None)
}

fn objects() -> PathBuf {
    dirs::repo().join("capture-ebpf/objects")
}

/// All that belongs into the objects folder, by file name.
fn files(toolchain: &Toolchain) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for arch in ARCHES {
        files.push((format!("etz.{arch}.bpf.o"), toolchain.build(arch)?));
    }
    let sums: String = files
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", hex(&Sha256::digest(bytes))))
        .collect();
    files.push(("SHA256SUMS".into(), sums.into_bytes()));
    files.push((
        TOOLCHAIN.into(),
        format!("{}\n", toolchain.version).into_bytes(),
    ));
    Ok(files)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Debian's rustc, and bpf-linker with the libLLVM that this rustc uses.
struct Toolchain {
    linker: PathBuf,
    version: String,
}

impl Toolchain {
    fn prepare() -> Result<Self> {
        let bpf_linker = host::bpf_linker()?;
        let rustc = output(command(RUSTC).arg("-vV"))?;
        let field = |name: &str| {
            let line = rustc.lines().find_map(|line| line.strip_prefix(name));
            line.with_context(|| format!("no {name:?} in the output of {RUSTC} -vV"))
        };
        let llvm = field("LLVM version: ")?;
        let (major, minor) = (part(llvm, 0)?, part(llvm, 1)?);

        // bpf-linker loads the first libLLVM* that it finds on LD_LIBRARY_PATH: give it this one alone.
        let dir = dirs::cache(&format!("tools/llvm-{major}.{minor}"))?;
        let library = format!("/usr/lib/x86_64-linux-gnu/libLLVM.so.{major}.{minor}");
        let link = dir.join(format!("libLLVM-{major}.so"));
        if !link.exists() {
            symlink(&library, &link).with_context(|| format!("link to {library}"))?;
        }
        let linker = dir.join("bpf-linker");
        let script = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n",
            dir.display(),
            bpf_linker.display()
        );
        fs::write(&linker, script)?;
        fs::set_permissions(&linker, Permissions::from_mode(0o755))?;
        let linked = output(command(&linker).arg("--version"))?;
        let version = format!(
            "rustc {}, LLVM {llvm}, {}",
            field("release: ")?,
            linked.trim()
        );
        Ok(Self { linker, version })
    }

    /// The object for one architecture, with BTF and without DWARF.
    fn build(&self, arch: &str) -> Result<Vec<u8>> {
        let target = dirs::target("ebpf").join(arch);
        let cargo_home = output(command("sh").args(["-c", "echo ${CARGO_HOME:-$HOME/.cargo}"]))?;
        // BTF keeps names of files: without the folders that differ between machines.
        let flags = [
            format!("--cfg=bpf_target_arch=\"{arch}\""),
            "--check-cfg=cfg(bpf_target_arch, values(\"aarch64\", \"x86_64\"))".into(),
            "-Clink-arg=--btf".into(),
            format!("--remap-path-prefix={}=/target", target.display()),
            format!("--remap-path-prefix={}=/src", dirs::repo().display()),
            format!("--remap-path-prefix={}=/cargo", cargo_home.trim()),
        ];
        let mut cargo = command("/usr/bin/cargo");
        cargo
            .current_dir(dirs::repo())
            .args(["build", "--quiet", "--locked", "--profile", "bpf"])
            .args([
                "--package",
                "capture-ebpf",
                "--bin",
                "etz-ebpf",
                "--features",
                "program",
            ])
            .args(["--target", "bpfel-unknown-none", "--target-dir"])
            .arg(&target)
            .env("RUSTC", RUSTC)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
            .env("CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER", &self.linker);
        process::run(&mut cargo)?;
        let built = target.join("bpfel-unknown-none/bpf/etz-ebpf");
        let stripped = target.join("etz.bpf.o");
        process::run(
            command("llvm-strip")
                .arg("-g")
                .arg(&built)
                .arg("-o")
                .arg(&stripped),
        )?;
        fs::read(&stripped).with_context(|| format!("read {}", stripped.display()))
    }
}

fn part(version: &str, index: usize) -> Result<&str> {
    version
        .split('.')
        .nth(index)
        .with_context(|| format!("LLVM version {version:?}"))
}
