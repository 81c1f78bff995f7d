//! tracefs: what the kernel's tracer can do here, who else uses it, and the recorder's own corner of it.
//!
//! Every change is noted in the [`Guard`](crate::guard::Guard) before it is made. Own instances take care of most:
//! removing one takes its events, filters and buffers along. What is global (`set_graph_function`,
//! `kprobe_events`, and on kernels before 6.12 the function graph itself) is put back file by file.

mod buffer;
mod formats;
mod memory;
mod probes;
mod raw;
mod rivals;

use std::{
    fs::{self, OpenOptions},
    io::{self, BufRead, BufReader, IoSlice, Read, Write},
    path::{Path, PathBuf},
};

pub(crate) use buffer::{Buffer, set_global};
pub(crate) use formats::Formats;
pub(crate) use memory::peak_bytes;
pub(crate) use probes::{Line, ProbeGroup, ProbeLine, RefusalLine, misses};
pub(crate) use raw::{RawPages, losses};
pub(crate) use rivals::rival;

/// Where tracefs is mounted: its own place since 4.1, and below debugfs.
const MOUNTS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/// Bytes of the first read of a file.
const FIRST_READ: usize = 64 << 10;

/// tracefs refused something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TracefsError {
    /// It is not mounted, or the kernel has no tracing.
    #[error(
        "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing (a kernel without CONFIG_TRACING has none)"
    )]
    NotMounted,
    /// There are no probe events.
    #[error("this kernel has no kprobe events (CONFIG_KPROBE_EVENTS)")]
    NoProbes,
    /// A trace buffer would take too much memory.
    #[error(
        "a trace buffer takes {} MiB for a moment, and {} MiB are available",
        needed >> 20, available >> 20
    )]
    Memory {
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that could be had without swapping.
        available: u64,
    },
    /// It may not be read.
    #[error("may not use {}: it takes root, and no lockdown", .0.display())]
    Denied(PathBuf),
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A change was refused.
    #[error("cannot write {text:?} to {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What was to be written, cut at 80 bytes.
        text: String,
        /// Why.
        source: io::Error,
    },
    /// A format file makes no sense.
    #[error("cannot understand {}: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: format_spec::ftrace::FormatError,
    },
}

/// The mounted tracefs.
#[derive(Debug, Clone)]
pub(crate) struct Tracefs {
    root: PathBuf,
}

impl Tracefs {
    /// Finds it. Nothing is mounted: that would be a trace left on the host.
    ///
    /// # Errors
    /// When it is not mounted, or may not be used.
    pub(crate) fn find() -> Result<Self, TracefsError> {
        for root in MOUNTS.map(PathBuf::from) {
            match fs::metadata(root.join("current_tracer")) {
                Ok(_) => return Self::at(root),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(TracefsError::Denied(root));
                }
                Err(_) => {}
            }
        }
        Err(TracefsError::NotMounted)
    }

    fn at(root: PathBuf) -> Result<Self, TracefsError> {
        // Lockdown lets the files be seen, but not opened (`tracing_check_open_get_tr`).
        match OpenOptions::new()
            .read(true)
            .open(root.join("current_tracer"))
        {
            Ok(_) => Ok(Self { root }),
            Err(_) => Err(TracefsError::Denied(root)),
        }
    }

    /// The mount point.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether a file or directory is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.root.join(name).exists()
    }

    /// The text of a file.
    pub(crate) fn read(&self, name: &str) -> Result<String, TracefsError> {
        read(&self.root.join(name))
    }

    /// Hands each line of a long file to `each`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn lines(&self, name: &str, mut each: impl FnMut(&str)) -> Result<(), TracefsError> {
        let path = self.root.join(name);
        let mut all = || -> io::Result<()> {
            let mut file = BufReader::with_capacity(FIRST_READ, fs::File::open(&path)?);
            let mut line = String::new();
            while file.read_line(&mut line)? > 0 {
                each(line.trim_end_matches('\n'));
                line.clear();
            }
            Ok(())
        };
        all().map_err(|source| TracefsError::Read {
            path: path.clone(),
            source,
        })
    }

    /// Whether the kernel has that tracer.
    pub(crate) fn has_tracer(&self, tracer: &str) -> bool {
        let tracers = self.read("available_tracers").unwrap_or_default();
        tracers.split_ascii_whitespace().any(|name| name == tracer)
    }
}

/// The text of a file; bytes that are not UTF-8 are replaced.
///
/// Some files, `events/header_page` and those of events among them, give all in the first read(2) or are cut there
/// (`if (*ppos) return 0;` in `kernel/trace/trace_events.c`): the first read is a large one.
fn read(path: &Path) -> Result<String, TracefsError> {
    let all = || -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(path)?;
        let mut bytes = vec![0; FIRST_READ];
        let len = file.read(&mut bytes)?;
        bytes.truncate(len);
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = all().map_err(|source| TracefsError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// How a file is opened for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// `O_TRUNC`: lists such as filters are cleared first.
    Replace,
    /// `O_APPEND`.
    Append,
}

fn write(path: &Path, text: &str, mode: Mode) -> Result<(), TracefsError> {
    let written = open(path, mode).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| refused(path, text, source))
}

/// Writes a list of `words`, replacing what was there.
///
/// Of such a file a write(2) takes one word, however long the text is (`trace_get_user` in `kernel/trace/trace.c`). As
/// it has no `write_iter`, a writev(2) is as many writes as it has parts (`do_loop_readv_writev` in `fs/read_write.c`):
/// a thousand words for one syscall.
fn write_words(path: &Path, words: &str) -> Result<(), TracefsError> {
    let words_of = words.split_inclusive(' ').map(str::as_bytes);
    let mut parts: Vec<IoSlice<'_>> = words_of.map(IoSlice::new).collect();
    let mut rest = &mut parts[..];
    let written = open(path, Mode::Replace).and_then(|mut file| {
        while !rest.is_empty() {
            match file.write_vectored(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => IoSlice::advance_slices(&mut rest, len),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    written.map_err(|source| refused(path, words, source))
}

fn open(path: &Path, mode: Mode) -> io::Result<fs::File> {
    let append = mode == Mode::Append;
    OpenOptions::new()
        .write(true)
        .append(append)
        .truncate(!append)
        .open(path)
}

fn refused(path: &Path, text: &str, source: io::Error) -> TracefsError {
    TracefsError::Write {
        path: path.to_owned(),
        text: text.chars().take(80).collect(),
        source,
    }
}

/// What is set in a file that shows more than that: the word in brackets of `trace_clock`, the `7` of
/// `7 (expanded: 1408)` in `buffer_size_kb`, no comment lines.
fn setting(text: &str) -> String {
    if let Some((_, after)) = text.split_once('[')
        && let Some((chosen, _)) = after.split_once(']')
    {
        return chosen.to_owned();
    }
    let text = text.split_once(" (expanded").map_or(text, |(size, _)| size);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    match lines.collect::<Vec<_>>().join("\n").trim() {
        // `set_ftrace_pid` says so of an empty list, and does not take it back (`fpid_show` in `kernel/trace/ftrace.c`).
        "no pid" => String::new(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_they_are_written() {
        assert_eq!(setting("[local] global counter\n"), "local");
        assert_eq!(setting("#### all functions enabled ####\n"), "");
        assert_eq!(setting("vfs_read\nvfs_write\n"), "vfs_read\nvfs_write");
        assert_eq!(setting("7 (expanded: 1408)\n"), "7");
        assert_eq!(setting("nop\n"), "nop");
        assert_eq!(setting("no pid\n"), "");
    }

    #[test]
    fn a_list_of_any_length_is_written_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set_ftrace_filter");
        fs::write(&path, "7").unwrap();
        // More than one writev(2) takes.
        let words: Vec<_> = (1..5000).map(|position| position.to_string()).collect();
        write_words(&path, &words.join(" ")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), words.join(" "));
    }

    #[test]
    fn what_is_refused_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/file");
        let error = write(&missing, &"x".repeat(200), Mode::Replace).unwrap_err();
        assert!(error.to_string().contains("no/such/file"));
        assert!(error.to_string().len() < 300);
    }
}
