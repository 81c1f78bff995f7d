//! What is asked for and cannot be had is told at once, not after an hour of recording.

use std::{collections::BTreeSet, fs};

use crate::{cli::Graph, error::Error, kernel::Kernel, zoom::Zoom};

/// Fails for a number that is of no process.
///
/// # Errors
/// There is none, or it is of one of its threads.
pub(super) fn require_processes(pids: &[u32]) -> Result<(), Error> {
    for pid in pids {
        let status = fs::read_to_string(format!("/proc/{pid}/status"));
        let error = |why: String| Err(Error::new(format!("--pid {pid}"), why));
        let Ok(status) = status else {
            return error("there is no such process".into());
        };
        let process = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
        match process.map(str::trim) {
            Some(process) if process != pid.to_string() => {
                return error(format!("it is a thread of process {process}: name that"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Says which names no process has now: it may be a slip, and it may begin later.
pub(super) fn note_names(comms: &[String]) {
    if comms.is_empty() {
        return;
    }
    let known = names();
    for comm in comms.iter().filter(|comm| !known.contains(*comm)) {
        eprintln!(
            "capture: no process is called {comm} now; one of its threads may be, or it begins later"
        );
    }
}

/// Names of processes, of so many.
fn names() -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeSet::new();
    };
    let comms = entries.flatten().take(MOST_PROCESSES);
    let comms = comms.filter_map(|entry| fs::read_to_string(entry.path().join("comm")).ok());
    comms.map(|comm| comm.trim_end().to_owned()).collect()
}

/// Most processes whose names are looked at.
const MOST_PROCESSES: usize = 10_000;

/// Fails when a function is to be traced that cannot be.
///
/// # Errors
/// The host has no function graph, or not that function.
pub(super) fn require_function(
    graph: &Graph,
    kernel: &Kernel,
    zoom: &Zoom<'_>,
) -> Result<(), Error> {
    let Graph::Function(name) = graph else {
        return Ok(());
    };
    let error = |why: String| Error::new(format!("--graph {name}"), why);
    zoom.available().map_err(error)?;
    match kernel.function_or_clone(name) {
        Some(_) => Ok(()),
        None => Err(
            error("this kernel has not exactly one such function".into())
                .hint("/proc/kallsyms lists what it has"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_no_thread_and_there_is_one() {
        assert_eq!(require_processes(&[std::process::id()]), Ok(()));
        let thread = std::thread::spawn(|| rustix::thread::gettid().as_raw_pid());
        let thread = thread.join().unwrap().unsigned_abs();
        assert!(require_processes(&[thread]).is_err());
        let error = require_processes(&[1, 4_194_304]).unwrap_err().to_string();
        assert!(error.contains("--pid 4194304"), "{error}");
        let own = rustix::thread::gettid().as_raw_pid().unsigned_abs();
        if own != std::process::id() {
            let error = require_processes(&[own]).unwrap_err().to_string();
            assert!(error.contains("thread of process"), "{error}");
        }
    }
}
