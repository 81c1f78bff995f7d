//! The process that takes snapshots: this program again, which shares nothing with the recorder but two pipes.
//!
//! What it looks at may put it to sleep for good: a server that is gone, a lock that is held by who waits for one. Then
//! the recorder goes on without it. It ends with the recorder: at the latest when its next answer finds no reader.

use std::{
    fs,
    io::{self, Read, Write},
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command, Stdio},
};

use super::{
    Snapshots,
    wire::{Answer, Done, Request},
};
use crate::cost;

/// The action of the command line that the child runs with.
const ACTION: &str = "snapshots";

/// The recorder's side of the child.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) to: OwnedFd,
    pub(super) from: OwnedFd,
    pub(super) child: Option<Child>,
}

/// Starts it, in a process group of its own: Ctrl-C is not for it. It keeps no folder, and not the terminal.
pub(super) fn spawn() -> io::Result<Peer> {
    let mut child = Command::new("/proc/self/exe")
        .arg0("capture")
        .arg(ACTION)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .current_dir("/")
        .process_group(0)
        .spawn()?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (to, from) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
    Ok(Peer {
        to: to.into(),
        from: from.into(),
        child: Some(child),
    })
}

/// What the child does.
pub(crate) fn serve_recorder() {
    // When memory is short, it is to go before the recorder does.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    serve(io::stdin().lock(), io::stdout().lock());
    // Not by way of what waits for threads that may never come back.
    std::process::exit(0);
}

/// Takes snapshots until nobody asks for one, or reads the answers, any more.
pub(super) fn serve(mut requests: impl Read, mut answers: impl Write) {
    let mut snapshots = Snapshots::default();
    while let Some(request) = Request::read(&mut requests) {
        let mut gone = false;
        let left_out = snapshots.take(&request, &mut |part| {
            let answer = part.map_or(Answer::Beat, Answer::Part);
            gone |= answer.write(&mut answers).is_err();
            !gone
        });
        let cost = cost::own();
        let done = Done {
            left_out,
            user_ns: cost.user_ns,
            system_ns: cost.system_ns,
            peak_memory_bytes: cost.peak_memory_bytes,
            silent: snapshots.silent_points(),
        };
        if gone || Answer::Done(done).write(&mut answers).is_err() {
            return;
        }
    }
}
