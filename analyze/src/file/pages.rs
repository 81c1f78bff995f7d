//! The ring buffers as the kernel gave them.

use std::collections::BTreeMap;

use format_spec::{
    Reader,
    ftrace::PageFormat,
    record::{EventFormats, FtracePages},
};

/// A file as `per_cpu/cpuN/trace_pipe_raw` gives it, or a text that tells how to read it.
#[derive(Debug, PartialEq, Eq)]
pub struct PageFile {
    /// Name, for example `session-1.stream-0.cpu2.raw` or `events/ftrace/funcgraph_entry/format`.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Most bytes of all files, so that no bundle fills a disk.
const MOST_BYTES: usize = 1 << 30;

/// The pages would be more than 1 GiB.
#[derive(Debug, thiserror::Error)]
#[error("the pages are more than {} MiB", MOST_BYTES >> 20)]
pub struct TooMany;

/// Length of a sub-buffer where the formats do not tell, in bytes.
const PAGE: usize = 4096;

/// The pages of each session, stream and processor in one file, each filled up with zeros to its length in the
/// kernel, and the texts of tracefs that describe them.
///
/// They are what the kernel wrote but for two things: kernel text addresses are relative to the image, and what lay
/// behind the last event of a page is zeros (SPEC.md, 8).
///
/// # Errors
/// When they would be more than 1 GiB.
pub fn pages(reader: &Reader<'_>) -> Result<Vec<PageFile>, TooMany> {
    let mut texts = BTreeMap::new();
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
            let name = format!(
                "events/{}/{}/format",
                safe(&event.system),
                safe(&event.name)
            );
            texts.insert(name, event.text.into_bytes());
        }
        texts.insert(
            "events/header_page".to_owned(),
            formats.header_page.into_bytes(),
        );
    }
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut left = MOST_BYTES;
    for frame in reader.frames_of::<FtracePages>() {
        let Ok(record) = reader.decode::<FtracePages>(frame) else {
            continue;
        };
        let FtracePages {
            cpu,
            session,
            pages,
        } = record;
        let name = format!(
            "session-{session}.stream-{}.cpu{cpu}.raw",
            frame.header.stream
        );
        let file = files.entry(name).or_default();
        for page in pages {
            let len = page.len().max(1).next_multiple_of(size.max(1));
            left = left.checked_sub(len).ok_or(TooMany)?;
            let end = file.len() + len;
            file.extend_from_slice(&page);
            file.resize(end, 0);
        }
    }
    files.extend(texts);
    let files = files.into_iter();
    Ok(files
        .map(|(name, bytes)| PageFile { name, bytes })
        .collect())
}
