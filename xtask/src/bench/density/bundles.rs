//! The function graphs of recorded bundles.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use format_spec::{
    Reader,
    ftrace::{EventFormat, PageFormat},
    record::{EventFormats, FtracePages},
};

use super::{GRAPH_BYTES, OF_PEER};
use crate::columns::Columns;

/// Events of the function graph, by the names of their formats.
const GRAPH: [&str; 3] = [
    "funcgraph_entry",
    "funcgraph_exit",
    "funcgraph_retaddr_entry",
];

/// Fewer events than this are a graph that was hardly there.
const LEAST_EVENTS: u64 = 1_000;

/// Pages that trace-cmd compresses at a time (`lib/trace-cmd/trace-output.c`, the chunk of version 7).
const CHUNK: usize = 8;
pub(super) const PAGE: usize = 4096;

/// zstd's own default, which trace-cmd uses.
const LEVEL: i32 = 3;

/// What the pages of one bundle hold and take.
#[derive(Default)]
pub(super) struct Sizes {
    /// Entries and exits.
    pub(super) events: u64,
    /// Bytes of their frames.
    pub(super) stored: u64,
    /// Bytes of the kernel's pages: as they are, and compressed.
    raw: u64,
    zstd: u64,
}

/// Prints a row for each bundle with a graph. Returns the bytes of each event, all bundles together.
pub(super) fn print(folder: &Path) -> Result<f64> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("read {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "etz"));
    files.sort();
    let mut table = Columns::new([
        "function graph",
        "events",
        "bytes each",
        "kernel's pages",
        "pages, zstd",
        "etz to it",
    ]);
    let mut all = Sizes::default();
    for file in files {
        let sizes = measure(&fs::read(&file)?).with_context(|| file.display().to_string())?;
        if sizes.events < LEAST_EVENTS {
            continue;
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        table.add(row(&name, &sizes));
        all.events += sizes.events;
        all.stored += sizes.stored;
        all.raw += sizes.raw;
        all.zstd += sizes.zstd;
    }
    ensure!(
        all.events > 0,
        "no bundle in {} has a graph",
        folder.display()
    );
    table.add(row("all", &all));
    println!("{table}");
    println!(
        "etz: all frames of pages with entries or exits; zstd: the same pages as trace-cmd compresses them, {CHUNK} at a time; targets {GRAPH_BYTES} bytes, and at most {OF_PEER} of it\n"
    );
    Ok(all.stored as f64 / all.events as f64)
}

fn row(name: &str, sizes: &Sizes) -> [String; 6] {
    let each = |bytes: u64| bytes as f64 / sizes.events as f64;
    let part = sizes.stored as f64 / sizes.zstd as f64;
    let verdict = if part <= OF_PEER { "" } else { " NO" };
    [
        name.to_owned(),
        sizes.events.to_string(),
        format!("{:.2}", each(sizes.stored)),
        format!("{:.2}", each(sizes.raw)),
        format!("{:.2}", each(sizes.zstd)),
        format!("{part:.2}{verdict}"),
    ]
}

/// Counts the entries and exits; frames without any are left out.
pub(super) fn measure(file: &[u8]) -> Result<Sizes> {
    let reader = Reader::new(file)?;
    let mut ids = Vec::new();
    let mut page_format = None;
    for frame in reader.frames_of::<EventFormats>() {
        let formats: EventFormats = reader.decode(frame)?;
        page_format = page_format.or(PageFormat::parse(&formats.header_page).ok());
        for event in &formats.events {
            if GRAPH.contains(&event.name.as_str()) {
                ids.push(EventFormat::parse(&event.text)?.id);
            }
        }
    }
    let mut sizes = Sizes::default();
    let Some(page_format) = page_format else {
        return Ok(sizes);
    };
    for frame in reader.frames_of::<FtracePages>() {
        let pages: FtracePages = reader.decode(frame)?;
        let subs = pages
            .pages
            .iter()
            .filter_map(|page| page_format.sub_buffer(page));
        let events = subs.flat_map(|sub| sub.events());
        let found = events
            .filter(|event| event.id().is_some_and(|id| ids.contains(&id)))
            .count();
        if found == 0 {
            continue;
        }
        sizes.events += found as u64;
        sizes.stored += frame.len() as u64;
        sizes.raw += (pages.pages.len() * PAGE) as u64;
        for chunk in pages.pages.chunks(CHUNK) {
            let mut whole = Vec::new();
            for page in chunk {
                whole.extend_from_slice(page);
                whole.resize(whole.len().next_multiple_of(PAGE), 0);
            }
            sizes.zstd += zstd::bulk::compress(&whole, LEVEL)?.len() as u64;
        }
    }
    Ok(sizes)
}
