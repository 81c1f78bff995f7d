//! The data of loaded modules: where it is, `/sys/module/NAME/sections` says (`kernel/module/sysfs.c`, with
//! CONFIG_KALLSYMS, 6.1 to 7.2): a file for each section of the module in memory, with its address.

use std::{fs, path::Path};

use super::Kcore;

const MODULES: &str = "/sys/module";

/// Most bytes of a section whose end another one shows, and of one that is the last in its mapping.
const MAX_BYTES: u64 = 1 << 20;
const MAX_LAST_BYTES: u64 = 16 << 10;

/// Bytes read at a time.
const CHUNK: u64 = 64 << 10;

/// Part of a module's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    start: u64,
    len: u64,
}

/// Hands each aligned 8-byte word of the data of all modules to `each`. A module whose sections cannot be read has none.
pub(super) fn words(kcore: &Kcore, mut each: impl FnMut(u64)) {
    let Ok(modules) = fs::read_dir(MODULES) else {
        return;
    };
    for module in modules.filter_map(Result::ok) {
        for range in ranges(sections(&module.path().join("sections"))) {
            read(kcore, range, &mut each);
        }
    }
}

/// Names and addresses of a module's sections.
fn sections(folder: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let section = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path()).ok()?;
        let digits = text.trim().strip_prefix("0x")?;
        let address = u64::from_str_radix(digits, 16).ok()?;
        // Addresses that are hidden read as 0.
        (address != 0).then(|| (entry.file_name().to_string_lossy().into_owned(), address))
    };
    entries.filter_map(Result::ok).filter_map(section).collect()
}

/// Where tables of functions may stand, each up to the section behind it.
fn ranges(mut sections: Vec<(String, u64)>) -> Vec<Range> {
    sections.sort_by_key(|&(_, address)| address);
    let starts: Vec<u64> = sections.iter().map(|&(_, address)| address).collect();
    let range = |(name, start): (String, u64)| {
        let end = starts.iter().find(|&&other| other > start);
        let most = match end.map(|end| end - start) {
            // Since 6.4 code and data are far apart: then it is the last one in its mapping.
            Some(len) if len <= MAX_BYTES => len,
            _ => MAX_LAST_BYTES,
        };
        holds_tables(&name).then_some(Range { start, len: most })
    };
    sections.into_iter().filter_map(range).collect()
}

/// Whether a section holds variables or constants, other than strings and copies for each processor.
fn holds_tables(section: &str) -> bool {
    let is_data = [".data", ".rodata", ".ref.data"]
        .iter()
        .any(|start| section.starts_with(start));
    is_data && !section.contains("percpu") && !section.contains(".str")
}

fn read(kcore: &Kcore, range: Range, each: &mut impl FnMut(u64)) {
    let start = range.start.next_multiple_of(8);
    let end = range.start.saturating_add(range.len);
    let mut at = start;
    while at < end {
        let len = CHUNK.min(end - at);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        if kcore.read(at, &mut bytes).is_err() {
            return;
        }
        let (words, _) = bytes.as_chunks::<8>();
        words
            .iter()
            .map(|word| u64::from_le_bytes(*word))
            .for_each(&mut *each);
        at += len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_data_up_to_the_next_section() {
        let section = |name: &str, address| (name.to_owned(), address);
        let found = ranges(vec![
            section(".text", 0x1000),
            section(".rodata.str1.8", 0x9000_0000),
            section(".rodata", 0x9000_0100),
            section("__mcount_loc", 0x9000_0500),
            section(".data..percpu", 0x9000_1000),
            section(".data", 0xa000_0000),
        ]);
        let range = |start, len| Range { start, len };
        let expected = [
            range(0x9000_0100, 0x400),
            range(0xa000_0000, MAX_LAST_BYTES),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn sections_are_read_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name, text| fs::write(folder.path().join(name), text).unwrap();
        write(".data", "0xffff80007a0c1000\n");
        write(".text", "0x0000000000000000");
        write("junk", "none");
        let data = (".data".to_owned(), 0xffff_8000_7a0c_1000);
        assert_eq!(sections(folder.path()), [data]);
        assert_eq!(sections(&folder.path().join("none")), []);
    }
}
