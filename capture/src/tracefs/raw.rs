//! Sub-buffers as `per_cpu/cpuN/trace_pipe_raw` gives them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use format_spec::ftrace::PageFormat;
use rustix::fs::OFlags;

use super::{Buffer, Formats, TracefsError, read};

/// The raw ends of a buffer, one for each processor. Reading consumes.
///
/// An instance cannot be removed while one of them is open.
#[derive(Debug)]
pub(crate) struct RawPages {
    cpus: Vec<Cpu>,
    page: PageFormat,
    subbuffer: Vec<u8>,
}

#[derive(Debug)]
struct Cpu {
    number: u32,
    pipe: File,
}

/// What a buffer lost, all processors together, since it was made or cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// Events overwritten before they were read.
    pub(crate) overrun: u64,
    /// Events that found no room.
    pub(crate) dropped: u64,
}

impl Buffer {
    /// How many processors it has a part for.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub(crate) fn cpus(&self) -> Result<usize, TracefsError> {
        Ok(cpu_numbers(self.root())?.len())
    }
}

impl RawPages {
    /// Opens the raw ends of `buffer`.
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub(crate) fn open(buffer: &Buffer, formats: &Formats) -> Result<Self, TracefsError> {
        let mut cpus = Vec::new();
        for number in cpu_numbers(buffer.root())? {
            let path = buffer
                .root()
                .join(format!("per_cpu/cpu{number}/trace_pipe_raw"));
            let pipe = OpenOptions::new()
                .read(true)
                .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
                .open(&path)
                .map_err(|source| TracefsError::Read { path, source })?;
            cpus.push(Cpu { number, pipe });
        }
        Ok(Self {
            cpus,
            page: formats.page,
            subbuffer: vec![0; formats.subbuffer_bytes],
        })
    }

    /// Hands every sub-buffer that has events to `each`, with its processor, cut behind its last byte in use.
    /// `each` says whether to go on.
    ///
    /// # Errors
    /// The kernel's; that there is no more to read is none.
    pub(crate) fn drain(
        &mut self,
        mut each: impl FnMut(u32, Vec<u8>) -> bool,
    ) -> Result<(), TracefsError> {
        for cpu in &mut self.cpus {
            loop {
                let len = match cpu.pipe.read(&mut self.subbuffer) {
                    Ok(0) => break,
                    Ok(len) => len,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(source) => {
                        let path = format!("trace_pipe_raw of processor {}", cpu.number).into();
                        return Err(TracefsError::Read { path, source });
                    }
                };
                let page = &self.subbuffer[..len];
                let used = self.page.used_len(page);
                if !each(cpu.number, page[..used].to_vec()) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Sums `overrun` and `dropped events` of `per_cpu/cpuN/stats`.
pub(crate) fn losses(buffer: &Buffer) -> Losses {
    let mut sum = Losses::default();
    for number in cpu_numbers(buffer.root()).unwrap_or_default() {
        let path = buffer.root().join(format!("per_cpu/cpu{number}/stats"));
        for line in read(&path).unwrap_or_default().lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value: u64 = value.trim().parse().unwrap_or(0);
            match name {
                "overrun" => sum.overrun += value,
                "commit overrun" | "dropped events" => sum.dropped += value,
                _ => {}
            }
        }
    }
    sum
}

pub(super) fn cpu_numbers(root: &Path) -> Result<Vec<u32>, TracefsError> {
    let path = root.join("per_cpu");
    let entries = fs::read_dir(&path).map_err(|source| TracefsError::Read { path, source })?;
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let mut numbers: Vec<u32> = names
        .filter_map(|name| name.strip_prefix("cpu")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}
