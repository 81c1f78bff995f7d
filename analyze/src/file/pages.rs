//! The ring buffers as the kernel gave them.

use std::collections::BTreeMap;

use format_spec::{
    Reader,
    ftrace::PageFormat,
    record::{EventFormats, FtracePages},
};
use serde::Serialize;

/// A file as `per_cpu/cpuN/trace_pipe_raw` gives it, or a text that tells how to read it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct PageFile {
    /// Name, for example `session-1.stream-0.cpu2.raw` or `events/ftrace/funcgraph_entry/format`.
    pub name: String,
    /// Length.
    pub len_bytes: u64,
}

/// Where bytes of a file belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// They are the whole file, or its beginning; what it held before is void.
    Beginning,
    /// They follow what was written before.
    End,
}

/// Most bytes of all files, so that no bundle fills a disk; each counts as one block more than it holds.
const MOST_BYTES: u64 = 1 << 30;
const BLOCK: u64 = 4096;

/// The pages are more than 1 GiB: the rest was left out.
#[derive(Debug, thiserror::Error)]
#[error("the pages are more than {} MiB: the rest was left out", MOST_BYTES >> 20)]
pub struct TooMany;

/// Length of a sub-buffer where the formats do not tell, in bytes.
const PAGE: usize = 4096;

/// The pages of each session, stream and processor in one file, each filled up with zeros to its length in the
/// kernel, and the texts of tracefs that describe them. One frame at a time is in memory: `put` takes the name of a file,
/// which never leads out of a folder, and bytes of it.
///
/// They are what the kernel wrote but for two things: kernel text addresses are relative to the image, and what lay
/// behind the last event of a page is zeros (SPEC.md, 8).
///
/// # Errors
/// When they are more than 1 GiB, and what `put` returns.
pub fn pages<E: From<TooMany>>(
    reader: &Reader<'_>,
    put: impl FnMut(&str, Place, &[u8]) -> Result<(), E>,
) -> Result<Vec<PageFile>, E> {
    let mut files = Files {
        put,
        lens: BTreeMap::new(),
        left: MOST_BYTES,
    };
    let mut size = PAGE;
    for frame in reader.frames_of::<EventFormats>() {
        let Ok(formats) = reader.decode::<EventFormats>(frame) else {
            continue;
        };
        if let Some(length) = PageFormat::parse(&formats.header_page)
            .ok()
            .and_then(|page| page.len())
        {
            size = length;
        }
        for event in formats.events {
            let safe = |name: &str| name.replace(['/', '\\'], "_").replace("..", "_");
            let (system, name) = (safe(&event.system), safe(&event.name));
            let name = format!("events/{system}/{name}/format");
            files.put(name, Place::Beginning, event.text.as_bytes())?;
        }
        let name = "events/header_page".to_owned();
        files.put(name, Place::Beginning, formats.header_page.as_bytes())?;
    }
    for frame in reader.frames_of::<FtracePages>() {
        let Ok(record) = reader.decode::<FtracePages>(frame) else {
            continue;
        };
        let FtracePages {
            cpu,
            session,
            pages,
        } = record;
        let stream = frame.header.stream;
        for mut page in pages {
            page.resize(page.len().max(1).next_multiple_of(size.max(1)), 0);
            let name = format!("session-{session}.stream-{stream}.cpu{cpu}.raw");
            files.put(name, Place::End, &page)?;
        }
    }
    let files = files.lens.into_iter();
    Ok(files
        .map(|(name, len_bytes)| PageFile { name, len_bytes })
        .collect())
}

/// The files so far, and how much may follow.
struct Files<P> {
    put: P,
    lens: BTreeMap<String, u64>,
    left: u64,
}

impl<P> Files<P> {
    fn put<E: From<TooMany>>(&mut self, name: String, place: Place, bytes: &[u8]) -> Result<(), E>
    where
        P: FnMut(&str, Place, &[u8]) -> Result<(), E>,
    {
        let before = self.lens.get(&name).copied();
        let len = bytes.len() as u64;
        let more = len + if before.is_none() { BLOCK } else { 0 };
        self.left = self.left.checked_sub(more).ok_or(TooMany)?;
        let (place, len) = match (place, before) {
            (Place::End, Some(before)) => (place, before + len),
            _ => (Place::Beginning, len),
        };
        (self.put)(&name, place, bytes)?;
        self.lens.insert(name, len);
        Ok(())
    }
}
