//! What records the same storm: the tools that keep events in files.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};

use crate::process::{command, output};

/// Runs a program with a tracefs in a mount namespace of its own: hosts without one stay without.
const WITH_TRACEFS: &str = "mount -t tracefs none /sys/kernel/tracing 2>/dev/null; exec \"$@\"";

/// Number of clock_nanosleep(2), the one call of the storm that succeeds (`arch/x86/entry/syscalls/syscall_64.tbl`,
/// `include/uapi/asm-generic/unistd.h`).
const SLEEP: &str = if cfg!(target_arch = "x86_64") {
    "id != 230"
} else {
    "id != 115"
};

const ENTER: &str = "raw_syscalls:sys_enter";
const EXIT: &str = "raw_syscalls:sys_exit";

/// A tool, its command line up to the command that it records, and how it counts the exits in a file.
pub(super) struct Peer {
    pub(super) name: &'static str,
    record: &'static [&'static str],
    count: &'static [&'static str],
}

/// What a tool recorded.
pub(super) struct Found {
    pub(super) failures: usize,
    pub(super) bytes: u64,
}

/// Both need the entry for the arguments, and the exit for the errno.
pub(super) const ALL: [Peer; 2] = [
    Peer {
        name: "perf record -z: arguments, errno",
        record: &[
            "perf", "record", "-q", "-z", "-o", "peer", "-e", ENTER, "--filter", SLEEP, "-e", EXIT,
            "--filter", SLEEP, "--",
        ],
        count: &["perf", "script", "-i", "peer"],
    },
    Peer {
        name: "trace-cmd, zstd: arguments, errno",
        record: &[
            "trace-cmd",
            "record",
            "-q",
            "--compression",
            "zstd",
            "-o",
            "peer",
            "-e",
            ENTER,
            "-f",
            SLEEP,
            "-e",
            EXIT,
            "-f",
            SLEEP,
            "-F",
        ],
        count: &["trace-cmd", "report", "peer"],
    },
];

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
        let file = folder.join("peer");
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
            .args(self.record)
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
