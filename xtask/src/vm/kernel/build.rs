//! Kernels that Debian does not build: its source with options of this project. `cargo xtask vm kernel`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::unpack;
use crate::process::{command, quiet, run as run_command};
use crate::{dirs, host};

/// Options on top of tinyconfig.
const RETVAL: &str = include_str!("retval.config");

/// Without these the kernel would be of no use; not every series has the further ones of the list.
const NEEDED: [&str; 6] = [
    "CONFIG_FUNCTION_GRAPH_RETVAL",
    "CONFIG_DEBUG_INFO_BTF",
    "CONFIG_KPROBE_EVENTS",
    "CONFIG_BPF_EVENTS",
    "CONFIG_PROC_KCORE",
    "CONFIG_VIRTIO_CONSOLE",
];

/// Build a kernel that Debian does not have, from Debian's source
///
/// It goes into the cache, where `vm --all` finds it, and takes a quarter of an hour and 8 GB of disk.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// With function graphs that tell return values, callers and arguments, for arm64
    #[arg(long, required = true)]
    retval: bool,

    /// Kernel series: Debian's linux-source package of it
    #[arg(default_value = "6.12")]
    series: String,

    /// Stop when the configuration is made and checked
    #[arg(long)]
    config_only: bool,

    /// Compilers at a time
    #[arg(long, default_value_t = 2)]
    jobs: u32,
}

/// The folder with built images.
pub(crate) fn images() -> Result<PathBuf> {
    dirs::cache("retval")
}

/// Builds `Image-VERSION-retval.arm64.gz`.
pub(crate) fn run(args: &Args) -> Result<()> {
    host::require(host::CROSS)?;
    host::require(host::KERNEL)?;
    let work = dirs::cache("kernel-source")?;
    let tree = source(&args.series, &work)?;
    let build = work.join(format!("build-{}", args.series));
    fs::create_dir_all(&build)?;
    configure(&tree, &build)?;
    println!("configured in {}", build.display());
    if args.config_only {
        return Ok(());
    }
    let mut compile = make(&tree, &build);
    compile.arg(format!("-j{}", args.jobs)).arg("Image.gz");
    run_command(&mut compile)?;
    let release = fs::read_to_string(build.join("include/config/kernel.release"))?;
    let image = images()?.join(format!("Image-{}-retval.arm64.gz", release.trim()));
    fs::copy(build.join("arch/arm64/boot/Image.gz"), &image)?;
    println!("{}", image.display());
    Ok(())
}

/// The unpacked source of a series.
fn source(series: &str, work: &Path) -> Result<PathBuf> {
    let package = format!("linux-source-{series}");
    let tree = work.join(&package);
    let unpacked = tree.join("Makefile");
    if !unpacked.exists() {
        eprintln!("fetching {package}");
        let temporary = tempfile::tempdir_in(work)?;
        unpack(&package, temporary.path())?;
        let archive = temporary.path().join(format!("usr/src/{package}.tar.xz"));
        // The makefile is one of the first of its files: unpacked elsewhere, then moved.
        let mut tar = command("tar");
        quiet(tar.arg("-xf").arg(archive).arg("-C").arg(temporary.path()))?;
        fs::rename(temporary.path().join(&package), &tree).context("move the source")?;
    }
    Ok(tree)
}

fn make(tree: &Path, build: &Path) -> Command {
    let mut make = command("nice");
    make.args(["-n", "19", "make", "--quiet", "-C"]).arg(tree);
    make.arg(format!("O={}", build.display()));
    make.args(["ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-"]);
    make
}

/// tinyconfig with the options on top; fails when one that is needed has not survived.
fn configure(tree: &Path, build: &Path) -> Result<()> {
    let all = build.join("etz.config");
    fs::write(&all, RETVAL)?;
    quiet(make(tree, build).arg("tinyconfig"))?;
    let config = build.join(".config");
    let merged = merge(&fs::read_to_string(&config)?, RETVAL);
    fs::write(&config, merged)?;
    quiet(make(tree, build).arg("olddefconfig"))?;
    let config = fs::read_to_string(&config)?;
    let lost = lost(&config, RETVAL);
    let needed: Vec<&str> = lost
        .iter()
        .copied()
        .filter(|name| NEEDED.contains(name))
        .collect();
    if !needed.is_empty() {
        bail!("this source does not take {}", needed.join(", "));
    }
    if !lost.is_empty() {
        println!(
            "passed over, as this source does not have them: {}",
            lost.join(", ")
        );
    }
    Ok(())
}

/// Options: name and value.
fn options(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().filter(|line| line.starts_with("CONFIG_"));
    lines.filter_map(|line| line.split_once('='))
}

/// `config` with the options of `fragment` instead of its own.
fn merge(config: &str, fragment: &str) -> String {
    let is_replaced = |line: &&str| {
        options(fragment).any(|(name, _)| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('='))
                || **line == format!("# {name} is not set")
        })
    };
    let kept: Vec<&str> = config.lines().filter(|line| !is_replaced(line)).collect();
    let set = options(fragment).map(|(name, value)| match value {
        "n" => format!("# {name} is not set\n"),
        value => format!("{name}={value}\n"),
    });
    kept.join("\n") + "\n" + &set.collect::<String>()
}

/// Names of the options of `fragment` that `config` does not have as they are asked for.
fn lost<'a>(config: &str, fragment: &'a str) -> Vec<&'a str> {
    let survives = |name: &str, value: &str| match value {
        "n" => options(config).all(|(other, _)| other != name),
        value => options(config).any(|option| option == (name, value)),
    };
    options(fragment)
        .filter(|(name, value)| !survives(name, value))
        .map(|(name, _)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_replaced_and_those_lost_are_named() {
        let config = "CONFIG_A=m\n# CONFIG_AB is not set\nCONFIG_ABC=y\nCONFIG_OFF=y\n";
        let fragment = "# why\nCONFIG_A=y\nCONFIG_AB=y\nCONFIG_OFF=n\n";
        let merged = merge(config, fragment);
        assert_eq!(
            merged,
            "CONFIG_ABC=y\nCONFIG_A=y\nCONFIG_AB=y\n# CONFIG_OFF is not set\n"
        );
        assert!(lost(&merged, fragment).is_empty());
        assert_eq!(
            lost(config, fragment),
            ["CONFIG_A", "CONFIG_AB", "CONFIG_OFF"]
        );
    }

    #[test]
    fn what_is_needed_is_asked_for() {
        let asked: Vec<&str> = options(RETVAL).map(|(name, _)| name).collect();
        assert!(NEEDED.iter().all(|name| asked.contains(name)));
    }
}
