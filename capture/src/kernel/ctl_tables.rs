//! Which variable each sysctl sets: `struct ctl_table` arrays found in the data of the kernel image.
//!
//! The arrays have no symbol of their own on kernels without CONFIG_KALLSYMS_ALL, so they are looked for by what
//! they look like: `procname` points to the name of a file under `/proc/sys`, `proc_handler` into text, `maxlen`
//! and `mode` are small. The layout comes from BTF: it lost `child` in 6.5 and gained `type` in 6.6
//! (`include/linux/sysctl.h`). Arrays ended with an empty entry up to 6.10; later ones may touch each other.

use std::collections::{BTreeMap, HashSet};

use format_spec::record::{CtlEntry, CtlTables};

use super::{Btf, Kallsyms, Kcore, KcoreError, sysctl_names};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// Longest name of a sysctl, with its NUL; the longest real ones have about 40 bytes.
const NAME_LEN: usize = 64;

/// Largest `maxlen`: the bitmap behind `net.ipv4.ip_local_reserved_ports` has 64 KiB.
const MAX_MAXLEN: u32 = 1 << 20;

/// Most entries; a large kernel has about 1,500.
const MAX_ENTRIES: usize = 1 << 14;

/// Sysctls cannot be matched with variables.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CtlError {
    /// BTF does not describe `struct ctl_table`.
    #[error("BTF does not describe struct ctl_table")]
    NoLayout,
    /// The image is not where it should be.
    #[error("no kernel image in /proc/kcore")]
    NoImage,
    /// Memory cannot be read.
    #[error(transparent)]
    Kcore(#[from] KcoreError),
}

/// The parts of the image, absolute addresses: text is `start..text_end`, all else up to `end`.
#[derive(Debug, Clone, Copy)]
struct Image {
    start: u64,
    text_end: u64,
    end: u64,
}

/// Offsets in `struct ctl_table`, in bytes.
#[derive(Debug, Clone, Copy)]
struct Layout {
    procname: usize,
    data: usize,
    maxlen: usize,
    mode: usize,
    handler: usize,
    size: usize,
}

/// What looks like an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    /// Where it stands.
    address: u64,
    procname: u64,
    data: u64,
    maxlen: u32,
}

/// Finds the entries of the running kernel. `base` is the address that results are relative to.
///
/// # Errors
/// When the layout or the image are not known, or memory cannot be read.
pub(super) fn find(
    symbols: &Kallsyms,
    btf: &Btf,
    kcore: &Kcore,
    base: u64,
) -> Result<CtlTables, CtlError> {
    let layout = Layout::of(btf).ok_or(CtlError::NoLayout)?;
    let image = Image::of(symbols, kcore).ok_or(CtlError::NoImage)?;
    let mut named = Vec::new();
    for candidate in scan(kcore, image, layout)? {
        if let Some(name) = read_name(kcore, candidate.procname) {
            named.push((candidate, name));
        }
    }
    let directories = sysctl_names::read();
    let has_data = symbols.has_data();
    let mut entries = Vec::new();
    for (candidate, paths) in place(&named, layout.size, &directories) {
        // Tables that are copied for each namespace have no variable of their own.
        if !(image.text_end..image.end).contains(&candidate.data) {
            continue;
        }
        let symbol = symbols.containing(candidate.data).filter(|_| has_data);
        entries.push(CtlEntry {
            data: candidate.data.wrapping_sub(base),
            paths,
            size: candidate.maxlen,
            symbol: symbol.map(|found| (found.name.to_owned(), candidate.data - found.address)),
        });
    }
    drop_claimed(&mut entries);
    entries.sort_by_key(|entry| entry.data);
    Ok(CtlTables { entries })
}

/// Takes the paths that belong to one entry for certain from those that could be something else.
fn drop_claimed(entries: &mut [CtlEntry]) {
    let certain: HashSet<_> = entries
        .iter()
        .filter(|entry| entry.paths.len() == 1)
        .flat_map(|entry| entry.paths.iter().cloned())
        .collect();
    for entry in entries.iter_mut().filter(|entry| entry.paths.len() > 1) {
        if entry.paths.iter().any(|path| !certain.contains(path)) {
            entry.paths.retain(|path| !certain.contains(path));
        }
    }
}

impl Image {
    fn of(symbols: &Kallsyms, kcore: &Kcore) -> Option<Self> {
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
    fn of(btf: &Btf) -> Option<Self> {
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

fn scan(kcore: &Kcore, image: Image, layout: Layout) -> Result<Vec<Candidate>, KcoreError> {
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

fn read_name(kcore: &Kcore, address: u64) -> Option<String> {
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

/// Finds the directories of neighbouring entries: those that have files of all their names.
fn place<'a>(
    named: &'a [(Candidate, String)],
    size: usize,
    directories: &BTreeMap<String, HashSet<String>>,
) -> Vec<(&'a Candidate, Vec<String>)> {
    let mut placed = Vec::new();
    let mut rest = named;
    while let Some((first, _)) = rest.first() {
        let mut fitting: Vec<_> = directories.iter().collect();
        let mut len = 0;
        for (candidate, name) in rest {
            let due = first.address + (len * size) as u64;
            let narrowed: Vec<_> = fitting
                .iter()
                .copied()
                .filter(|(_, names)| names.contains(name))
                .collect();
            if candidate.address != due || narrowed.is_empty() {
                break;
            }
            fitting = narrowed;
            len += 1;
        }
        let (table, after) = rest.split_at(len.max(1));
        for (candidate, name) in &table[..len] {
            let path = |directory: &str| match directory {
                "" => name.clone(),
                _ => format!("{directory}.{name}"),
            };
            let paths = fitting
                .iter()
                .map(|(directory, _)| path(directory))
                .collect();
            placed.push((candidate, paths));
        }
        rest = after;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(rows: &[(u64, &str)]) -> Vec<(Candidate, String)> {
        let row = |&(address, name): &(u64, &str)| {
            let candidate = Candidate {
                address,
                procname: 0,
                data: 0,
                maxlen: 4,
            };
            (candidate, name.to_owned())
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn neighbours_choose_the_directory() {
        let directory = |name: &str, files: &[&str]| {
            let files = files.iter().map(|&file| file.to_owned()).collect();
            (name.to_owned(), files)
        };
        let directories = BTreeMap::from([
            directory("fs", &["mount-max", "nr_open"]),
            directory("kernel", &["panic", "nr_open"]),
            directory("kernel.keys", &["maxkeys"]),
        ]);
        // Two tables that touch each other, a false find, a name that two directories have.
        let named = named(&[
            (0, "nr_open"),
            (64, "mount-max"),
            (128, "maxkeys"),
            (200, "no_such_file"),
            (400, "nr_open"),
        ]);
        let placed = place(&named, 64, &directories);
        let paths: Vec<_> = placed
            .iter()
            .map(|(at, paths)| (at.address, paths.join(" ")))
            .collect();
        let expected = [
            (0, "fs.nr_open"),
            (64, "fs.mount-max"),
            (128, "kernel.keys.maxkeys"),
            (400, "fs.nr_open kernel.nr_open"),
        ];
        assert_eq!(paths, expected.map(|(at, path)| (at, path.to_owned())));
    }

    #[test]
    fn what_another_entry_is_for_certain_is_dropped() {
        let entry = |data, paths: &[&str]| CtlEntry {
            data,
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            size: 8,
            symbol: None,
        };
        let epoll = "fs.epoll.max_user_watches";
        let inotify = "fs.inotify.max_user_watches";
        let mut entries = [entry(1, &[epoll, inotify]), entry(2, &[inotify])];
        drop_claimed(&mut entries);
        assert_eq!(entries, [entry(1, &[epoll]), entry(2, &[inotify])]);
    }

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
