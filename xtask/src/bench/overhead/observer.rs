//! What watches the loops: nothing, the floor, `capture`, its peers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use aya::{EbpfLoader, programs::RawTracePoint};
use rustix::process::{Pid, Signal, kill_process};

use crate::{dirs, process::command};

pub(super) const FLOOR: &str = "empty program (floor)";
pub(super) const CAPTURE: &str = "capture";
pub(super) const SYSCOUNT: &str = "syscount -e ENOENT";

/// How long an observer may take until it watches, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(30);

/// bpftrace's count by errno.
const BY_ERRNO: &str =
    "tracepoint:raw_syscalls:sys_exit /args->ret < 0/ { @[-args->ret] = count(); }";

/// Runs a program with a tracefs in a mount namespace of its own: hosts without one stay without.
const WITH_TRACEFS: &str = "ulimit -l unlimited; mount -t tracefs none /sys/kernel/tracing; \
    mount -t debugfs none /sys/kernel/debug; exec \"$@\"";

/// What watches.
#[derive(Debug)]
pub(super) enum Observer {
    Nothing,
    Floor,
    Capture(PathBuf),
    Peer(&'static str, Vec<String>),
}

/// An observer at work; it ends with this, but [`Running::stop`] also tells whether it went well.
pub(super) enum Running {
    Nothing,
    Floor(#[expect(dead_code, reason = "the program is attached while it lives")] Box<aya::Ebpf>),
    Process(Process, tempfile::TempDir),
}

/// A process that is interrupted at the latest when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Observer {
    /// All that can be measured here. Says which peers are not installed.
    pub(super) fn available(capture: &Path) -> Result<Vec<Self>> {
        let own = std::process::id().to_string();
        let peers = [
            (SYSCOUNT, vec!["syscount", "-e", "ENOENT"]),
            ("bpftrace, count by errno", vec!["bpftrace", "-e", BY_ERRNO]),
            (
                "perf record --filter 'ret < 0'",
                vec![
                    "perf",
                    "record",
                    "-q",
                    "-a",
                    "-o",
                    "perf.data",
                    "-e",
                    "raw_syscalls:sys_exit",
                    "--filter",
                    "ret < 0",
                ],
            ),
            (
                "strace -c",
                vec!["strace", "-c", "-f", "-o", "strace.out", "-p", &own],
            ),
        ];
        let mut all = vec![Self::Nothing, Self::Floor, Self::Capture(capture.into())];
        for (name, line) in peers {
            let program = command("sh")
                .args(["-c", "command -v \"$1\"", "sh", line[0]])
                .stdout(Stdio::null())
                .status()?;
            if program.success() {
                all.push(Self::Peer(name, line.into_iter().map(Into::into).collect()));
            } else {
                println!("not installed: {}", line[0]);
            }
        }
        Ok(all)
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Nothing => "alone",
            Self::Floor => FLOOR,
            Self::Capture(_) => CAPTURE,
            Self::Peer(name, _) => name,
        }
    }

    pub(super) fn is_peer(&self) -> bool {
        matches!(self, Self::Peer(..))
    }

    /// Starts it, and waits until it watches.
    pub(super) fn start(&self) -> Result<Running> {
        let folder = tempfile::tempdir()?;
        let line: Vec<&str> = match self {
            Self::Nothing => return Ok(Running::Nothing),
            Self::Floor => return floor(),
            Self::Capture(program) => {
                let program = program.to_str().context("a path in UTF-8")?;
                vec![program, "-o", "bench.etz", "--graph", "never"]
            }
            Self::Peer(_, line) => line.iter().map(String::as_str).collect(),
        };
        let child = command("unshare")
            .args(["--mount", "sh", "-c", WITH_TRACEFS, "sh"])
            .args(line)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("start {}", self.name()))?;
        let mut process = Process(child);
        process
            .wait_until_it_watches()
            .with_context(|| self.name().to_owned())?;
        // A peer attaches one thing after the other.
        thread::sleep(Duration::from_millis(if self.is_peer() {
            1_000
        } else {
            100
        }));
        Ok(Running::Process(process, folder))
    }
}

impl Running {
    pub(super) fn stop(self) -> Result<()> {
        if let Self::Process(mut process, _folder) = self {
            process.interrupt();
            process.0.wait()?;
        }
        Ok(())
    }
}

impl Process {
    /// Starts `capture` in `folder`, and waits until it watches.
    pub(crate) fn capture(program: &Path, arguments: &[&str], folder: &Path) -> Result<Self> {
        let child = command(program)
            .args(arguments)
            .current_dir(folder)
            .stderr(Stdio::null())
            .spawn()
            .context("start capture")?;
        let mut process = Self(child);
        process
            .wait_until_it_watches()
            .context("capture: is this root?")?;
        Ok(process)
    }

    fn wait_until_it_watches(&mut self) -> Result<()> {
        let begun = Instant::now();
        while !watches(self.0.id()) {
            ensure!(self.0.try_wait()?.is_none(), "it has ended");
            ensure!(begun.elapsed() < PATIENCE, "it does not watch");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub(crate) fn interrupt(&self) {
        if let Some(pid) = Pid::from_raw(self.0.id().cast_signed()) {
            // It may have ended already.
            let _ = kill_process(pid, Signal::INT);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.interrupt();
            let _ = self.0.wait();
        }
    }
}

/// Whether a process has something attached: a BPF link, a perf event, or this process as its tracee.
fn watches(pid: u32) -> bool {
    let links = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    let mut targets = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
    let attached = targets.any(|target| {
        let target = target.to_string_lossy();
        ["bpf_link", "raw-tracepoint", "perf_event"]
            .iter()
            .any(|kind| target.contains(kind))
    });
    let own = fs::read_to_string("/proc/self/status").unwrap_or_default();
    attached || own.lines().any(|line| line == format!("TracerPid:\t{pid}"))
}

/// Attaches the empty program of capture's own object.
fn floor() -> Result<Running> {
    let arch = std::env::consts::ARCH;
    let path = dirs::repo().join(format!("capture-ebpf/objects/etz.{arch}.bpf.o"));
    let mut ebpf = EbpfLoader::new().load(&fs::read(path)?)?;
    let program = ebpf
        .program_mut("sys_exit_floor")
        .context("no empty program")?;
    let program: &mut RawTracePoint = program.try_into()?;
    program.load()?;
    program.attach("sys_exit")?;
    Ok(Running::Floor(Box::new(ebpf)))
}
