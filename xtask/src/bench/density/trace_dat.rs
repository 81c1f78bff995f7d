//! The pages of a trace.dat, as etz keeps them.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use format_spec::{
    Writer,
    ftrace::{EventFormat, PageFormat, rebase},
    record::{EventFormats, FtracePages},
};

use super::bundles::PAGE;

/// In front of each processor's offset and length (trace-cmd.dat.v6(5)).
const MARK: &[u8] = b"flyrecord\0";

/// Pages in one frame: half a second or so of a busy processor.
const FRAME_PAGES: usize = 64;

/// A bundle of the same pages. `file` is a trace.dat of version 6, uncompressed, of so many processors; `base` is the
/// address that the kernel's are written relative to.
///
/// # Errors
/// The file is none.
pub(super) fn as_bundle(
    file: &[u8],
    cpus: usize,
    formats: &EventFormats,
    base: u64,
) -> Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new(), [0; 16], 0)?;
    writer.write(0, formats)?;
    let page_format = PageFormat::parse(&formats.header_page)?;
    let by_id: HashMap<u16, EventFormat> = formats
        .events
        .iter()
        .map(|event| EventFormat::parse(&event.text).map(|format| (format.id, format)))
        .collect::<Result<_, _>>()?;
    for (cpu, pages) in buffers(file, cpus)?.into_iter().enumerate() {
        for pages in pages.chunks(PAGE * FRAME_PAGES) {
            let mut pages: Vec<Vec<u8>> = pages.chunks(PAGE).map(<[u8]>::to_vec).collect();
            for page in &mut pages {
                rebase(page, page_format, &by_id, base);
            }
            let cpu = u32::try_from(cpu)?;
            let session = 1;
            writer.write(
                1,
                &FtracePages {
                    cpu,
                    session,
                    pages,
                },
            )?;
        }
    }
    Ok(writer.finish()?)
}

/// Each processor's pages.
fn buffers(file: &[u8], cpus: usize) -> Result<Vec<&[u8]>> {
    let at = file.windows(MARK.len()).position(|bytes| bytes == MARK);
    let mut numbers = file[at.context("no flyrecord")? + MARK.len()..]
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| u64::from_le_bytes(*bytes));
    let mut next = || usize::try_from(numbers.next().context("it is cut")?).context("an offset");
    (0..cpus)
        .map(|_| {
            let (offset, len) = (next()?, next()?);
            ensure!(
                offset.is_multiple_of(PAGE) && len.is_multiple_of(PAGE),
                "no pages"
            );
            file.get(offset..offset.saturating_add(len))
                .context("it is cut")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_pages_of_each_processor() {
        let mut file = b"\x17\x08\x44tracing6\0".to_vec();
        file.extend_from_slice(MARK);
        for number in [4096u64, 4096, 8192, 0] {
            file.extend_from_slice(&number.to_le_bytes());
        }
        file.resize(PAGE, 0);
        file.resize(2 * PAGE, 7);
        let found = buffers(&file, 2).unwrap();
        assert_eq!(found, [&[7u8; PAGE][..], &[]]);
        assert!(
            [30, PAGE]
                .iter()
                .all(|len| buffers(&file[..*len], 2).is_err())
        );
    }
}
