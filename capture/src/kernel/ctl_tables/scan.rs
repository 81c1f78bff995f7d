//! Entries by what they look like.

use crate::kernel::{Btf, Kallsyms, Kcore, KcoreError};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// Longest name of a sysctl, with its NUL; the longest real ones have about 40 bytes.
const NAME_LEN: usize = 64;

/// Largest `maxlen`: the bitmap behind `net.ipv4.ip_local_reserved_ports` has 64 KiB.
const MAX_MAXLEN: u32 = 1 << 20;

/// Most entries; a large kernel has about 1,500.
const MAX_ENTRIES: usize = 1 << 14;

/// The parts of the image, absolute addresses: text is `start..text_end`, all else up to `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Image {
    start: u64,
    pub(super) text_end: u64,
    pub(super) end: u64,
}

/// Offsets in `struct ctl_table`, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    procname: usize,
    data: usize,
    maxlen: usize,
    mode: usize,
    handler: usize,
    pub(super) size: usize,
}

/// What looks like an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Where it stands.
    pub(super) address: u64,
    pub(super) procname: u64,
    pub(super) data: u64,
    pub(super) maxlen: u32,
}

impl Image {
    pub(super) fn of(symbols: &Kallsyms, kcore: &Kcore) -> Option<Self> {
        let text = symbols.named("_stext").next()?.address;
        let segment = kcore.segment(text)?;
        let text_end = symbols.named("_etext").next()?.address;
        Some(Self {
            start: segment.address,
            text_end,
            end: segment.address.checked_add(segment.len)?,
        })
    }
}

impl Layout {
    pub(super) fn of(btf: &Btf) -> Option<Self> {
        let offset = |member| usize::try_from(btf.offset_of("ctl_table", member)?).ok();
        let size = usize::try_from(btf.size_of("ctl_table")?).ok()?;
        let layout = Self {
            procname: offset("procname")?,
            data: offset("data")?,
            maxlen: offset("maxlen")?,
            mode: offset("mode")?,
            handler: offset("proc_handler")?,
            size,
        };
        let last = layout.handler.max(layout.data).max(layout.procname) + 8;
        (last <= size && size <= NAME_LEN * 4 && size.is_multiple_of(8)).then_some(layout)
    }

    fn candidate(self, bytes: &[u8], address: u64, image: Image) -> Option<Candidate> {
        let word = |at| {
            bytes
                .get(at..at + 8)?
                .try_into()
                .ok()
                .map(u64::from_le_bytes)
        };
        let procname = word(self.procname)?;
        let handler = word(self.handler)?;
        let in_data = (image.text_end..image.end).contains(&procname);
        if !in_data || !(image.start..image.text_end).contains(&handler) {
            return None;
        }
        let maxlen = u32::from_le_bytes(bytes.get(self.maxlen..self.maxlen + 4)?.try_into().ok()?);
        let mode = u16::from_le_bytes(bytes.get(self.mode..self.mode + 2)?.try_into().ok()?);
        // Readable or writable by someone, never executable.
        let sane = maxlen <= MAX_MAXLEN && mode & !0o666 == 0 && mode != 0;
        sane.then_some(Candidate {
            address,
            procname,
            data: word(self.data)?,
            maxlen,
        })
    }
}

/// What looks like entries in the image's data, by rising address.
pub(super) fn scan(
    kcore: &Kcore,
    image: Image,
    layout: Layout,
) -> Result<Vec<Candidate>, KcoreError> {
    let mut found = Vec::new();
    let mut chunk = vec![0; CHUNK];
    let mut at = image.text_end.next_multiple_of(8);
    while at < image.end {
        let left = usize::try_from(image.end - at).unwrap_or(usize::MAX);
        let len = left.min(CHUNK);
        let bytes = &mut chunk[..len];
        kcore.read(at, bytes)?;
        // Whole entries only; the next chunk begins with what is cut here.
        let starts = (0..(len + 1).saturating_sub(layout.size)).step_by(8);
        let entries = starts.filter_map(|start| {
            let entry = &bytes[start..start + layout.size];
            layout.candidate(entry, at + start as u64, image)
        });
        found.extend(entries.take(MAX_ENTRIES.saturating_sub(found.len())));
        if len == left {
            break;
        }
        at += (len - layout.size) as u64 / 8 * 8 + 8;
    }
    Ok(found)
}

/// The printable string at `address`.
pub(super) fn read_name(kcore: &Kcore, address: u64) -> Option<String> {
    let mut bytes = [0; NAME_LEN];
    // A name at the very end of the image is shorter than the buffer.
    if kcore.read(address, &mut bytes).is_err() {
        return None;
    }
    let end = bytes.iter().position(|&byte| byte == 0)?;
    let name = std::str::from_utf8(&bytes[..end]).ok()?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_recognized_by_its_fields() {
        let layout = Layout {
            procname: 0,
            data: 8,
            maxlen: 16,
            mode: 20,
            handler: 32,
            size: 64,
        };
        let image = Image {
            start: 0x1000,
            text_end: 0x2000,
            end: 0x3000,
        };
        let mut bytes = [0; 64];
        bytes[..8].copy_from_slice(&0x2100u64.to_le_bytes());
        bytes[8..16].copy_from_slice(&0x2200u64.to_le_bytes());
        bytes[16] = 4;
        bytes[20..22].copy_from_slice(&0o644u16.to_le_bytes());
        bytes[32..40].copy_from_slice(&0x1100u64.to_le_bytes());
        let found = layout.candidate(&bytes, 0x2300, image).unwrap();
        assert_eq!(
            (found.procname, found.data, found.maxlen),
            (0x2100, 0x2200, 4)
        );
        bytes[20..22].copy_from_slice(&0o755u16.to_le_bytes());
        assert_eq!(layout.candidate(&bytes, 0x2300, image), None);
    }
}
