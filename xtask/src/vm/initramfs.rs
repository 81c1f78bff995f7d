//! The initramfs: busybox, modules, and `/etz`, the folder with everything that one run needs.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};

use super::kernel::{Kernel, unpack};
use super::modules;
use crate::cross::Arch;
use crate::dirs;
use crate::process::{command, output, quiet};

const INIT: &str = include_str!("guest/init.sh");
const LIBRARY: &str = include_str!("guest/lib.sh");

/// Needed by every guest: the port through which results come out.
const PORT_MODULES: [&str; 2] = ["virtio_pci", "virtio_console"];

/// Needed by a guest with a Debian userland: its disk. ext4 asks for its checksum by a name that
/// modules.dep does not know of, hence the last two.
const DISK_MODULES: [&str; 4] = ["virtio_blk", "ext4", "crc32c_generic", "libcrc32c"];

/// What goes into `/etz`.
pub(crate) struct Contents<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) arch: Arch,
    /// Further modules, by name.
    pub(crate) modules: &'a [String],
    /// Whether the guest boots on from a disk.
    pub(crate) has_disk: bool,
    /// The script that does the run, and its variables.
    pub(crate) script: &'a str,
    pub(crate) config: &'a str,
    /// Copied to `/etz/bin/`.
    pub(crate) programs: &'a [PathBuf],
    /// Copied to `/etz/noise/`: out of the PATH, as a scenario may have programs of the same names.
    pub(crate) noise: &'a [PathBuf],
    /// Copied to `/etz/scenario/`, where the script starts.
    pub(crate) files: Option<&'a Path>,
}

/// Writes the initramfs to `out`, using the empty folder `work`.
pub(crate) fn build(contents: &Contents<'_>, work: &Path, out: &Path) -> Result<()> {
    let etz = work.join("etz");
    for dir in ["bin", "modules", "noise", "scenario"] {
        fs::create_dir_all(etz.join(dir))?;
    }
    executable(&busybox(contents.arch)?, &etz.join("busybox"))?;
    for (dir, programs) in [("bin", contents.programs), ("noise", contents.noise)] {
        for program in programs {
            let name = program.file_name().context("a program has a name")?;
            executable(program, &etz.join(dir).join(name))?;
        }
    }
    if let Some(files) = contents.files {
        let mut copy = command("cp");
        quiet(copy.arg("-rT").arg(files).arg(etz.join("scenario")))?;
    }
    fs::write(etz.join("config"), contents.config)?;
    fs::write(etz.join("lib.sh"), LIBRARY)?;
    fs::write(etz.join("run.sh"), contents.script)?;
    let init = work.join("init");
    fs::write(&init, INIT)?;
    fs::set_permissions(&init, Permissions::from_mode(0o755))?;

    let mut names: Vec<&str> = PORT_MODULES.to_vec();
    if contents.has_disk {
        names.extend(DISK_MODULES);
    }
    names.extend(contents.modules.iter().map(String::as_str));
    match &contents.kernel.modules {
        Some(dir) => modules::install(dir, &names, &etz.join("modules"))?,
        None => fs::write(etz.join("modules/list"), "")?,
    }
    archive(work, out)
}

fn archive(dir: &Path, out: &Path) -> Result<()> {
    let list = output(
        command("find")
            .current_dir(dir)
            .args([".", "-mindepth", "1"]),
    )?;
    let mut cpio = command("cpio");
    cpio.current_dir(dir)
        .args(["--quiet", "--create", "--format=newc", "--owner=0:0"]);
    let mut child = cpio
        .stdin(Stdio::piped())
        .stdout(File::create(out)?)
        .spawn()
        .context("cpio")?;
    child
        .stdin
        .take()
        .context("cpio's input")?
        .write_all(list.as_bytes())?;
    anyhow::ensure!(child.wait()?.success(), "cpio failed on {}", dir.display());
    Ok(())
}

fn executable(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    Ok(fs::set_permissions(to, Permissions::from_mode(0o755))?)
}

fn busybox(arch: Arch) -> Result<PathBuf> {
    let root = dirs::cache("busybox")?.join(arch.name());
    let busybox = [root.join("bin/busybox"), root.join("usr/bin/busybox")];
    if !busybox.iter().any(|path| path.exists()) {
        unpack(&format!("busybox-static:{}", arch.name()), &root)?;
    }
    busybox
        .into_iter()
        .find(|path| path.exists())
        .context("busybox-static holds no busybox")
}
