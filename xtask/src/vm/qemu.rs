//! One boot under QEMU, in software: it needs neither KVM nor the guest's architecture.

use std::io::Read as _;
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
    /// Further kernel parameters.
    pub(crate) parameters: &'a str,
    /// A file system image for `/dev/vda`; what the guest writes to it is thrown away.
    pub(crate) disk: Option<PathBuf>,
    /// Where the bytes that the guest writes to its port `/dev/vport0p1` go. A port can be used to the
    /// end, whatever the scenario has exhausted: a shared folder would have to be mounted.
    pub(crate) output: &'a Path,
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
    .args([
        "-append",
        &format!("console={console} quiet panic=-1 {}", machine.parameters),
    ])
    .args([
        "-chardev",
        &format!("file,id=out,path={}", machine.output.display()),
    ])
    .args([
        "-device",
        "virtio-serial-pci",
        "-device",
        "virtserialport,chardev=out",
    ]);
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
    let mut child = qemu
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("start {program}"))?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                let mut text = String::new();
                child
                    .stderr
                    .take()
                    .context("QEMU's errors")?
                    .read_to_string(&mut text)?;
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
