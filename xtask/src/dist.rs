//! What users install: static programs with checksums, and Debian packages. `cargo xtask dist`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::cross::{self, Arch};
use crate::process::{command, output, quiet, run as run_command};
use crate::{dirs, host};

/// A program, the profile that it is built with, and its largest size in bytes.
type Program = (&'static str, &'static str, u64);

/// The recorder is copied to hosts in trouble, and is to be cheap there; the analyzer is carried to laptops.
const PROGRAMS: [Program; 2] = [
    ("capture", "release", 4 << 20),
    ("analyze", "small", 5 << 20),
];

/// Of the packages.
const MAINTAINER: &str = "The etz developers <etz@localhost>";

/// Build static programs for aarch64 and x86_64 with checksums, and Debian packages of them
///
/// The packages hold man pages and completions for bash, zsh and fish. Exits 1 when capture is larger than
/// 4 MiB, or analyze than 5 MiB.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder for what is built
    #[arg(short, long, default_value = "dist")]
    out: PathBuf,

    /// Architectures [default: all]
    #[arg(long, value_enum)]
    arch: Vec<Arch>,
}

/// Writes `PROGRAM-TRIPLE`, `etz_VERSION_ARCH.deb` and `SHA256SUMS`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let out = std::path::absolute(&args.out)?;
    fs::create_dir_all(&out)?;
    let arches: &[Arch] = match args.arch.as_slice() {
        [] => &Arch::ALL,
        chosen => chosen,
    };
    let cargo_deb = host::cargo_deb()?;
    let share = share()?;
    let mut files = Vec::new();
    for &arch in arches {
        let mut programs = Vec::new();
        for (name, profile, most) in PROGRAMS {
            let built = cross::program(arch, name, profile)?;
            check_size(name, fs::metadata(&built)?.len(), most)?;
            let copy = out.join(format!("{name}-{}-linux", arch.cpu()));
            fs::copy(&built, &copy).with_context(|| format!("write {}", copy.display()))?;
            files.push(copy);
            programs.push(built);
        }
        files.push(package(&cargo_deb, arch, &programs, &share, &out)?);
    }
    write_sums(&files, &out)?;
    for file in &files {
        println!("{:>9} {}", fs::metadata(file)?.len(), file.display());
    }
    println!("          {}", out.join("SHA256SUMS").display());
    Ok(())
}

fn check_size(name: &str, len: u64, most: u64) -> Result<()> {
    if len > most {
        bail!("{name} has {len} bytes, more than {most}");
    }
    Ok(())
}

/// Makes the man pages and completions of all programs, as below `/usr/share`.
fn share() -> Result<PathBuf> {
    let share = dirs::target("dist/share");
    let _ = fs::remove_dir_all(&share);
    fs::create_dir_all(&share)?;
    let cargo = |args: &[&str]| {
        let mut cargo = command("cargo");
        cargo
            .current_dir(dirs::repo())
            .args(["run", "--quiet", "--locked"]);
        run_command(cargo.args(args).arg(&share))
    };
    cargo(&["--package", "analyze", "--example", "manual", "--"])?;
    cargo(&[
        "--package",
        "capture",
        "--features",
        "manual",
        "--",
        "manual",
    ])?;
    Ok(share)
}

/// Has cargo-deb pack what is staged beside a manifest of its own: the programs are not built for the architecture
/// of this machine, and the package holds those of two crates.
fn package(
    cargo_deb: &Path,
    arch: Arch,
    programs: &[PathBuf],
    share: &Path,
    out: &Path,
) -> Result<PathBuf> {
    let stage = dirs::target("dist").join(arch.name());
    let _ = fs::remove_dir_all(&stage);
    fs::create_dir_all(stage.join("bin"))?;
    fs::create_dir_all(stage.join("src"))?;
    for program in programs {
        let copy = stage
            .join("bin")
            .join(program.file_name().context("a name")?);
        fs::copy(program, &copy)?;
        fs::set_permissions(&copy, Permissions::from_mode(0o755))?;
    }
    quiet(command("cp").arg("-rT").arg(share).arg(stage.join("share")))?;
    for name in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(dirs::repo().join(name), stage.join(name))?;
    }
    // By Debian's name for it.
    fs::rename(stage.join("CHANGELOG.md"), stage.join("changelog"))?;
    fs::write(stage.join("debian-changelog"), changelog()?)?;
    fs::write(
        stage.join("Cargo.toml"),
        manifest(&files_below(&stage.join("share"))?),
    )?;
    fs::write(stage.join("src/lib.rs"), "")?;
    let package = out.join(format!(
        "etz_{}_{}.deb",
        env!("CARGO_PKG_VERSION"),
        arch.name()
    ));
    let mut deb = command(cargo_deb);
    deb.current_dir(&stage)
        .args([
            "--no-build",
            "--no-strip",
            "--quiet",
            "--target",
            arch.triple(),
        ])
        .arg("--output")
        .arg(&package);
    quiet(&mut deb)?;
    Ok(package)
}

/// In Debian's format, which has a date: that of the commit, so that the same source gives the same package.
fn changelog() -> Result<String> {
    let mut git = command("git");
    let date = output(
        git.current_dir(dirs::repo())
            .args(["log", "-1", "--format=%aD"]),
    )?;
    Ok(format!(
        "etz ({}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- {MAINTAINER}  {}\n",
        env!("CARGO_PKG_VERSION"),
        date.trim()
    ))
}

/// Files in all folders below `dir`, as paths relative to it.
fn files_below(dir: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(dir)?;
                files.push(relative.to_str().context("a name in UTF-8")?.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The manifest that cargo-deb reads; `share` are the files that go below `/usr/share`.
fn manifest(share: &[String]) -> String {
    let mut assets = String::new();
    for (name, ..) in PROGRAMS {
        assets += &format!("    [\"bin/{name}\", \"usr/bin/\", \"755\"],\n");
    }
    for file in share {
        let (folder, _) = file.rsplit_once('/').unwrap_or_default();
        assets += &format!("    [\"share/{file}\", \"usr/share/{folder}/\", \"644\"],\n");
    }
    for file in ["README.md", "changelog"] {
        assets += &format!("    [\"{file}\", \"usr/share/doc/etz/\", \"644\"],\n");
    }
    format!(
        r#"[package]
name = "etz"
version = "{version}"
edition = "2024"
license = "MIT OR Apache-2.0"
description = "Turns misleading kernel errors into their cause"

[workspace]

[package.metadata.deb]
maintainer = "{MAINTAINER}"
copyright = "The etz developers"
license-file = ["LICENSE-MIT", "0"]
changelog = "debian-changelog"
revision = ""
section = "admin"
priority = "optional"
depends = ""
extended-description = """
capture records, on a production host, which system calls fail and what the
kernel did about them: small, bounded, and without a trace afterwards.
analyze turns the recording into the cause, on any machine."""
assets = [
{assets}]
"#,
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// In the format of sha256sum(1).
fn write_sums(files: &[PathBuf], out: &Path) -> Result<()> {
    let mut sums = String::new();
    for file in files {
        let digest = Sha256::digest(fs::read(file)?);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        sums += &format!("{hex}  {name}\n");
    }
    Ok(fs::write(out.join("SHA256SUMS"), sums)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_names_every_file_once() {
        let text = manifest(&["man/man1/capture.1".into()]);
        let parsed: toml::Table = toml::from_str(&text).unwrap();
        let assets = &parsed["package"]["metadata"]["deb"]["assets"];
        let assets = assets.as_array().unwrap();
        assert!(assets.iter().any(|asset| {
            asset[0].as_str() == Some("share/man/man1/capture.1")
                && asset[1].as_str() == Some("usr/share/man/man1/")
        }));
        assert!(
            assets
                .iter()
                .any(|asset| asset[0].as_str() == Some("bin/analyze"))
        );
    }

    #[test]
    fn programs_stay_small() {
        assert!(check_size("capture", 7, 7).is_ok());
        assert!(check_size("capture", 8, 7).is_err());
    }
}
