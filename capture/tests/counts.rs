//! Counts stay exact, whatever processes come and go: on the host's own kernel. They need root; without it they say so
//! and pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use format_spec::{
    Reader,
    record::{Closing, Count, Counts, Record},
};
use rustix::{
    io::Errno,
    process::{Pid, Signal, getsid, kill_process},
};
use support::{may_record, start, wait_until_armed};

/// The last record of a kind.
fn last<R: Record>(folder: &Path) -> R {
    let file = fs::read(folder.join("a.etz")).unwrap();
    let reader = Reader::new(&file[..]).unwrap();
    let frame = reader.frames_of::<R>().last().unwrap();
    reader.decode(frame).unwrap()
}

/// Records while `work` is done.
fn record(folder: &Path, work: impl FnOnce()) {
    let mut child = start(folder, &[]);
    wait_until_armed(folder);
    work();
    thread::sleep(Duration::from_millis(300));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Fails with ESRCH: beyond the kernel's largest id (`PID_MAX_LIMIT`, `include/linux/threads.h`).
fn fail_to_find() {
    let nobody = Pid::from_raw(0x7fff_fff0);
    assert_eq!(getsid(nobody), Err(Errno::SRCH));
}

fn sum<'c>(rows: impl IntoIterator<Item = &'c Count>) -> u64 {
    rows.into_iter().map(|row| row.count).sum()
}

#[test]
fn later_failures_are_counted_when_many_processes_have_come_and_gone() {
    if !may_record() {
        return;
    }
    const PROCESSES: u64 = 4_000;
    const LATER: u64 = 1_000;
    let folder = tempfile::tempdir().unwrap();
    // Six kinds of failures each, more than the kernel's table has room for.
    let script = format!(
        "n=0; while [ $n -lt {PROCESSES} ]; do n=$((n+1))
        (true </no; true </etc/passwd/x; true >/; cd /no; cd /etc/passwd; kill -0 4194300) 2>/dev/null
        done; exit 0"
    );
    record(folder.path(), || {
        let mut shell = Command::new("dash");
        let status = shell.args(["-c", &script]).stdin(Stdio::null()).status();
        assert!(status.unwrap().success());
        for _ in 0..LATER {
            fail_to_find();
        }
    });
    let rows = last::<Counts>(folder.path()).rows;
    let of = |name: &str, errno: Errno| {
        let number: syscalls::Sysno = name.parse().unwrap();
        let errno = u16::try_from(errno.raw_os_error()).unwrap();
        let number = u32::try_from(number.id()).unwrap();
        rows.iter()
            .filter(move |row| (row.syscall, row.errno) == (number, errno))
    };
    assert_eq!(sum(of("getsid", Errno::SRCH)), LATER);
    assert_eq!(sum(of("chdir", Errno::NOTDIR)), PROCESSES);
    assert!(sum(of("openat", Errno::ISDIR)) >= PROCESSES);
    // What went is told by name, in one row.
    let gone = of("chdir", Errno::NOTDIR).find(|row| row.comm == b"dash" && row.tgid == 0);
    let gone = gone.unwrap();
    assert!(gone.processes > 100 && gone.count == u64::from(gone.processes));
    assert!(gone.cgroup > 0);
    assert!(rows.len() < 16_384);
}

/// What a 64-bit program asks for by `int 0x80` has the numbers of 32-bit programs: 39 is mkdir(2) there, and
/// getpid(2) else.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_call_by_the_32_bit_gate_is_not_taken_for_another() {
    const FAULT: u16 = 14;
    /// mkdir(2) of a folder at no address.
    fn fail_to_make_a_folder() -> i32 {
        let result;
        // SAFETY: the kernel reads no memory of ours for it, and changes no register but those named.
        unsafe {
            std::arch::asm!(
                "push rbx", "xor ebx, ebx", "int 0x80", "pop rbx",
                inout("eax") 39 => result, in("ecx") 0,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            );
        }
        result
    }
    if std::env::var_os("ETZ_BY_GATE").is_some() {
        assert_eq!(fail_to_make_a_folder(), -i32::from(FAULT));
        return;
    }
    if !may_record() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut status = None;
    record(folder.path(), || {
        let own = std::env::current_exe().unwrap();
        let mut again = Command::new(own);
        again.arg("a_call_by_the_32_bit_gate_is_not_taken_for_another");
        status = Some(again.env("ETZ_BY_GATE", "1").status().unwrap());
    });
    if !status.unwrap().success() {
        return eprintln!("skipped: this kernel has no 32-bit system calls");
    }
    let rows = last::<Counts>(folder.path()).rows;
    let wrong = rows
        .iter()
        .find(|row| (row.syscall, row.errno) == (39, FAULT));
    assert_eq!(wrong, None);
    let drops = last::<Closing>(folder.path()).drops;
    let told = drops.iter().find(|drop| drop.why.contains("32-bit"));
    assert!(told.unwrap().count >= 1);
}
