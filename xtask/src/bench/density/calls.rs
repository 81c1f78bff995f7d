//! The storm: calls that fail, each (syscall, errno) as often as the recorder keeps them whole.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use rustix::{
    fs::{self, AtFlags, CWD, Mode, OFlags},
    io::Errno,
    process::{Pid, getpgid, getsid, test_kill_process},
};

/// A process that is not there: beyond the kernel's largest id (`PID_MAX_LIMIT`, `include/linux/threads.h`).
const NOBODY: i32 = 0x7fff_fff0;

/// Between two rounds: a little more than the 50 ms after which the recorder keeps another failure of a kind.
const PAUSE: Duration = Duration::from_millis(55);

/// What is looked for in turn, and is not there.
const MISSING: [&str; 6] = [
    "/etc/ld.so.preload.d/agent.conf",
    "/usr/lib/locale/de_DE.UTF-8/LC_MESSAGES/daemon.mo",
    "/var/lib/app/cache/2f/7c/entry-000184.bin",
    "/run/app/control.sock.lock",
    "/opt/app/plugins/metrics.so",
    "/home/app/.config/app/settings.toml",
];

/// Calls that fail, in rounds, for so long.
///
/// # Errors
/// When one of them does not fail.
pub(super) fn storm(time: Duration) -> Result<()> {
    let begun = Instant::now();
    let mut round = 0;
    while begun.elapsed() < time {
        fail(MISSING[round % MISSING.len()])?;
        round += 1;
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Every call once.
fn fail(missing: &str) -> Result<()> {
    let nobody = Pid::from_raw(NOBODY);
    let gone = nobody.map_or(Err(Errno::SRCH), test_kill_process);
    let read = |path, flags| fs::openat(CWD, path, flags, Mode::empty()).map(drop);
    let mut buffer = [0u8; 64];
    let results = [
        read(missing, OFlags::RDONLY),
        read("/dev/null/x", OFlags::RDONLY),
        read("/", OFlags::WRONLY),
        fs::statat(CWD, missing, AtFlags::empty()).map(drop),
        fs::accessat(CWD, missing, fs::Access::READ_OK, AtFlags::empty()),
        fs::readlinkat_raw(CWD, missing, &mut buffer[..]).map(drop),
        fs::readlinkat_raw(CWD, "/", &mut buffer[..]).map(drop),
        fs::mkdirat(CWD, "/tmp", Mode::empty()),
        fs::unlinkat(CWD, missing, AtFlags::empty()),
        fs::unlinkat(CWD, "/", AtFlags::REMOVEDIR),
        fs::renameat(CWD, missing, CWD, "/tmp/x"),
        fs::symlinkat(missing, CWD, "/tmp"),
        fs::linkat(CWD, missing, CWD, "/tmp/x", AtFlags::empty()),
        rustix::process::chdir(missing),
        getpgid(nobody).map(drop),
        getsid(nobody).map(drop),
        gone,
    ];
    ensure!(results.iter().all(Result::is_err), "a call did not fail");
    Ok(())
}
