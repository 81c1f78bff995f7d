//! What records the same storm: the tools that keep events in files.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};

use crate::{
    cross::Arch,
    process::{command, output},
};

/// Runs a program with a tracefs in a mount namespace of its own: hosts without one stay without.
const WITH_TRACEFS: &str = "mount -t tracefs none /sys/kernel/tracing 2>/dev/null; exec \"$@\"";

const ENTER: &str = "raw_syscalls:sys_enter";
const EXIT: &str = "raw_syscalls:sys_exit";

const TRACE_CMD: [&str; 6] = ["trace-cmd", "record", "-q", "--compression", "zstd", "-o"];

/// The file that a tool writes, where it is started.
const FILE: &str = "peer";

/// The one call of the storm that succeeds is left out: clock_nanosleep(2), by its number
/// (`arch/x86/entry/syscalls/syscall_64.tbl`, `include/uapi/asm-generic/unistd.h`).
fn no_sleep(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "id != 230",
        Arch::Arm64 => "id != 115",
    }
}

/// trace-cmd's command line, up to the command that it records, for failing calls: the entry has the arguments, the
/// exit the errno.
pub(super) fn trace_cmd_calls(arch: Arch) -> Vec<&'static str> {
    let filter = no_sleep(arch);
    let events = [
        FILE, "-e", ENTER, "-f", filter, "-e", EXIT, "-f", filter, "-F",
    ];
    [&TRACE_CMD[..], &events].concat()
}

/// The same for the function graph of mount(2).
pub(super) fn trace_cmd_graph(arch: Arch) -> Vec<&'static str> {
    let function = match arch {
        Arch::Amd64 => "__x64_sys_mount",
        Arch::Arm64 => "__arm64_sys_mount",
    };
    let graph = [FILE, "-p", "function_graph", "-g", function, "-F"];
    [&TRACE_CMD[..], &graph].concat()
}

/// The same of perf, for failing calls.
fn perf_calls(arch: Arch) -> Vec<&'static str> {
    let filter = no_sleep(arch);
    let program = ["perf", "record", "-q", "-z", "-o", FILE];
    let events = [
        "-e", ENTER, "--filter", filter, "-e", EXIT, "--filter", filter, "--",
    ];
    [&program[..], &events].concat()
}

/// A tool, its command line up to the command that it records, and how it counts the exits in a file.
pub(super) struct Peer {
    pub(super) name: &'static str,
    record: Vec<&'static str>,
    count: &'static [&'static str],
}

/// What a tool recorded.
pub(super) struct Found {
    pub(super) failures: usize,
    pub(super) bytes: u64,
}

/// All that are measured on this machine.
pub(super) fn all(arch: Arch) -> [Peer; 2] {
    [
        Peer {
            name: "perf record -z: arguments, errno",
            record: perf_calls(arch),
            count: &["perf", "script", "-i", FILE],
        },
        Peer {
            name: "trace-cmd, zstd: arguments, errno",
            record: trace_cmd_calls(arch),
            count: &["trace-cmd", "report", FILE],
        },
    ]
}

impl Peer {
    /// Records `storm` in `folder`. The bytes are those beyond the file of a program that makes no storm.
    ///
    /// # Errors
    /// The tool is not installed, or cannot record here: its own words.
    pub(super) fn record(&self, folder: &Path, storm: &[&str]) -> Result<Found> {
        let program = self.record[0];
        let installed = command("sh")
            .args(["-c", "command -v \"$1\"", "sh", program])
            .output()?;
        if !installed.status.success() {
            bail!("{program} is not installed");
        }
        let file = folder.join(FILE);
        self.run(folder, &["true"])?;
        let idle = file.metadata().context("its file")?.len();
        let idle_exits = self.exits(folder)?;
        fs::remove_file(&file)?;
        self.run(folder, storm)?;
        let bytes = file.metadata().context("its file")?.len();
        let exits = self.exits(folder)?;
        fs::remove_file(&file)?;
        Ok(Found {
            failures: exits.saturating_sub(idle_exits),
            bytes: bytes.saturating_sub(idle),
        })
    }

    fn run(&self, folder: &Path, recorded: &[&str]) -> Result<()> {
        let done = command("unshare")
            .args(["--mount", "sh", "-c", WITH_TRACEFS, "sh"])
            .args(&self.record)
            .args(recorded)
            .current_dir(folder)
            .output()?;
        if !done.status.success() {
            let words = String::from_utf8_lossy(&done.stderr);
            let words: Vec<&str> = words.split_whitespace().collect();
            bail!("{}", words.join(" "));
        }
        Ok(())
    }

    /// Exits in the file.
    fn exits(&self, folder: &Path) -> Result<usize> {
        let mut count = command("unshare");
        count
            .args(["--mount", "sh", "-c", WITH_TRACEFS, "sh"])
            .args(self.count)
            .current_dir(folder);
        let text = output(&mut count)?;
        Ok(text
            .lines()
            .filter(|line| line.contains("sys_exit"))
            .count())
    }
}
