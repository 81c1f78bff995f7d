//! One boot under QEMU, in software: it needs neither KVM nor the guest's architecture.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cross::Arch;
use crate::process::command;

/// A machine to boot.
pub(crate) struct Machine<'a> {
    pub(crate) arch: Arch,
    pub(crate) cpus: u32,
    pub(crate) memory_mib: u32,
    pub(crate) kernel: &'a Path,
    pub(crate) initramfs: &'a Path,
    /// A file system image for `/dev/vda`; what the guest writes to it is thrown away.
    pub(crate) disk: Option<PathBuf>,
    /// The folder that the guest sees under the 9p tag `share`.
    pub(crate) share: &'a Path,
    /// Where the serial console goes.
    pub(crate) log: &'a Path,
}

/// Boots and waits until the guest powers off; after `limit` it is killed, which is an error.
pub(crate) fn run(machine: &Machine<'_>, limit: Duration) -> Result<()> {
    let (program, console) = match machine.arch {
        Arch::Arm64 => ("qemu-system-aarch64", "ttyAMA0"),
        Arch::Amd64 => ("qemu-system-x86_64", "ttyS0"),
    };
    let mut qemu = command(program);
    match machine.arch {
        Arch::Arm64 => qemu.args(["-M", "virt,gic-version=3", "-cpu", "cortex-a72"]),
        Arch::Amd64 => qemu.args(["-M", "q35", "-cpu", "max"]),
    };
    qemu.args([
        "-accel",
        "tcg,thread=multi",
        "-nodefaults",
        "-display",
        "none",
        "-no-reboot",
    ])
    .args([
        "-smp",
        &machine.cpus.to_string(),
        "-m",
        &format!("{}M", machine.memory_mib),
    ])
    .args(["-serial", &format!("file:{}", machine.log.display())])
    .arg("-kernel")
    .arg(machine.kernel)
    .arg("-initrd")
    .arg(machine.initramfs)
    .args(["-append", &format!("console={console} quiet panic=-1")])
    .args([
        "-fsdev",
        &format!(
            "local,id=share,path={},security_model=none",
            machine.share.display()
        ),
    ])
    .args(["-device", "virtio-9p-pci,fsdev=share,mount_tag=share"]);
    if let Some(disk) = &machine.disk {
        qemu.args([
            "-drive",
            &format!(
                "if=none,id=disk,format=raw,snapshot=on,file={}",
                disk.display()
            ),
        ])
        .args(["-device", "virtio-blk-pci,drive=disk"]);
    }
    let errors = machine.share.join("qemu.stderr");
    let mut child = qemu
        .stdout(Stdio::null())
        .stderr(File::create(&errors)?)
        .spawn()
        .with_context(|| format!("start {program}"))?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                let text = std::fs::read_to_string(&errors).unwrap_or_default();
                bail!("{program} failed: {status}: {}", text.trim());
            }
            return Ok(());
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("the guest did not power off within {} s", limit.as_secs());
        }
        sleep(Duration::from_millis(50));
    }
}
