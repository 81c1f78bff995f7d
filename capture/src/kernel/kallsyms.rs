//! `/proc/kallsyms`: the names of the running kernel's addresses.
//!
//! One line for each symbol, the image by rising address, then modules, then ftrace and BPF text
//! (`kernel/kallsyms.c`, `s_show`):
//!
//! ```text
//! ffffb1e5ffa10000 T _stext
//! ffffb1e5a3c12010 t ovl_fill_super  [overlay]
//! ```
//!
//! Kernels without CONFIG_KALLSYMS_ALL (Debian's 6.1 arm64) list text only, and no `_text`.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader},
    sync::OnceLock,
};

use super::name_hash;

const PATH: &str = "/proc/kallsyms";

/// Distance to the next symbol that no function or variable has: between the image and the modules.
const LARGEST_SYMBOL: u64 = 64 << 20;

/// `/proc/kallsyms` cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KallsymsError {
    /// It cannot be read.
    #[error("cannot read {PATH}: {0}")]
    Io(#[from] io::Error),
    /// All addresses are shown as zero.
    #[error("{PATH} hides all addresses: run as root, with sysctl kernel.kptr_restrict at 0 or 1")]
    Hidden,
    /// No line was a symbol.
    #[error("{PATH} has no symbols")]
    Empty,
}

/// All symbols, in about 40 bytes each.
#[derive(Debug)]
pub(crate) struct Kallsyms {
    names: String,
    entries: Vec<Entry>,
    modules: Vec<String>,
    /// (hash of the name, index into `entries`), sorted; made at the first look-up by name.
    by_name: OnceLock<Vec<(u32, u32)>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    address: u64,
    name: u32,
    name_len: u16,
    kind: u8,
    /// 0 for the image, else one more than an index into `modules`.
    module: u16,
}

/// One symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KernelSymbol<'a> {
    /// Address, absolute.
    pub(crate) address: u64,
    /// Distance to the next address that has a symbol, in bytes; 0 when there is none.
    pub(crate) size: u64,
    /// Type letter as nm(1) prints it.
    pub(crate) kind: u8,
    /// Name, suffixes included.
    pub(crate) name: &'a str,
    /// Module, when it is not in the image.
    pub(crate) module: Option<&'a str>,
}

impl KernelSymbol<'_> {
    /// Whether it is a function or a label in text.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.kind, b't' | b'T' | b'w' | b'W')
    }
}

impl Kallsyms {
    /// Reads all symbols of the running kernel.
    ///
    /// # Errors
    /// When the file cannot be read, or shows no addresses.
    pub(crate) fn load() -> Result<Self, KallsymsError> {
        Self::parse(BufReader::with_capacity(1 << 16, File::open(PATH)?))
    }

    /// Reads a text that is laid out as `/proc/kallsyms`.
    ///
    /// # Errors
    /// As [`Kallsyms::load`].
    pub(crate) fn parse(mut text: impl BufRead) -> Result<Self, KallsymsError> {
        let mut symbols = Self {
            names: String::new(),
            entries: Vec::new(),
            modules: Vec::new(),
            by_name: OnceLock::new(),
        };
        let mut module_numbers = HashMap::new();
        let mut line = String::new();
        let mut hidden = true;
        while text.read_line(&mut line)? > 0 {
            if let Some((address, kind, name, module)) = split(&line) {
                hidden &= address == 0;
                symbols.add(address, kind, name, module, &mut module_numbers);
            }
            line.clear();
        }
        if symbols.entries.is_empty() {
            return Err(KallsymsError::Empty);
        }
        if hidden {
            return Err(KallsymsError::Hidden);
        }
        // Of the names of one address, the kernel itself uses the first. In place: a stable sort takes 5 MB more.
        symbols
            .entries
            .sort_unstable_by_key(|entry| (entry.address, entry.name));
        Ok(symbols)
    }

    fn add(
        &mut self,
        address: u64,
        kind: u8,
        name: &str,
        module: Option<&str>,
        module_numbers: &mut HashMap<String, u16>,
    ) {
        let (Ok(start), Ok(name_len)) =
            (u32::try_from(self.names.len()), u16::try_from(name.len()))
        else {
            return;
        };
        let module = module.map_or(0, |module| {
            if let Some(&number) = module_numbers.get(module) {
                return number;
            }
            self.modules.push(module.to_owned());
            let number = u16::try_from(self.modules.len()).unwrap_or(u16::MAX);
            module_numbers.insert(module.to_owned(), number);
            number
        });
        self.names.push_str(name);
        self.entries.push(Entry {
            address,
            name: start,
            name_len,
            kind,
            module,
        });
    }

    /// The symbol that `address` lies in.
    pub(crate) fn containing(&self, address: u64) -> Option<KernelSymbol<'_>> {
        let after = self
            .entries
            .partition_point(|entry| entry.address <= address);
        let start = self.entries.get(after.checked_sub(1)?)?.address;
        let first = self.entries[..after].partition_point(|entry| entry.address < start);
        let best =
            (first..after).min_by_key(|&index| alias_rank(self.name(&self.entries[index])))?;
        let symbol = self.symbol(best);
        let inside = symbol.size == 0 || address - symbol.address < symbol.size;
        inside.then_some(symbol)
    }

    /// All symbols of that name: static functions of several files may share one.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = KernelSymbol<'_>> {
        let by_name = self.by_name.get_or_init(|| {
            let hashes = (0u32..).zip(&self.entries);
            let mut index: Vec<_> = hashes
                .map(|(number, entry)| (name_hash(self.name(entry)), number))
                .collect();
            index.sort_unstable();
            index
        });
        let wanted = name_hash(name);
        let start = by_name.partition_point(|&(hash, _)| hash < wanted);
        by_name[start..]
            .iter()
            .take_while(move |&&(hash, _)| hash == wanted)
            .map(|&(_, number)| self.symbol(number as usize))
            .filter(move |symbol| symbol.name == name)
    }

    /// The function of that name, when there is exactly one.
    pub(crate) fn function(&self, name: &str) -> Option<KernelSymbol<'_>> {
        let mut found = self.named(name).filter(KernelSymbol::is_text);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// All functions and labels in text, by rising address.
    pub(crate) fn functions(&self) -> impl Iterator<Item = KernelSymbol<'_>> {
        (0..self.entries.len())
            .map(|index| self.symbol(index))
            .filter(KernelSymbol::is_text)
    }

    /// Whether variables are listed, not only functions.
    pub(crate) fn has_data(&self) -> bool {
        let data = |entry: &&Entry| matches!(entry.kind, b'd' | b'D' | b'b' | b'B');
        self.entries
            .iter()
            .filter(|entry| entry.module == 0)
            .filter(data)
            .nth(99)
            .is_some()
    }

    fn name(&self, entry: &Entry) -> &str {
        let start = entry.name as usize;
        &self.names[start..start + usize::from(entry.name_len)]
    }

    fn symbol(&self, index: usize) -> KernelSymbol<'_> {
        let entry = &self.entries[index];
        let next = self.entries[index..]
            .iter()
            .find(|next| next.address > entry.address);
        let size = next.map_or(0, |next| next.address - entry.address);
        KernelSymbol {
            address: entry.address,
            size: if size > LARGEST_SYMBOL { 0 } else { size },
            kind: entry.kind,
            name: self.name(entry),
            module: usize::from(entry.module)
                .checked_sub(1)
                .and_then(|number| self.modules.get(number))
                .map(String::as_str),
        }
    }
}

/// Address, type letter, name, module. Mapping symbols of arm64 modules (`$x`, `$d`) and local labels are none.
fn split(line: &str) -> Option<(u64, u8, &str, Option<&str>)> {
    let mut words = line.split_ascii_whitespace();
    let address = u64::from_str_radix(words.next()?, 16).ok()?;
    let kind = *words.next()?.as_bytes().first()?;
    let name = words.next()?;
    let module = words
        .next()
        .map(|word| word.trim_matches(|c| c == '[' || c == ']'));
    let label = name.starts_with('$') || name.starts_with(".L");
    (!label).then_some((address, kind, name, module))
}

/// Of several names of one address: section marks and position-independent aliases after functions.
fn alias_rank(name: &str) -> u8 {
    let mark = ["_stext", "_text", "_etext", "_sinittext", "_einittext"].contains(&name)
        || name.ends_with("_start")
        || name.ends_with("_end");
    u8::from(mark) + 2 * u8::from(name.starts_with("__pi_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "ffff800080010000 T _stext\n\
        ffff800080010000 T __irqentry_text_start\n\
        ffff800080010000 t gic_handle_irq\n\
        ffff800080010100 t count_mounts\n\
        ffff800080010180 t show\n\
        ffff800080010200 t show\n\
        ffff800080010300 T _end\n\
        ffff80007c000000 t ovl_show\t[overlay]\n\
        ffff80007c000040 t $x\t[overlay]\n\
        ffff80007c000080 t ovl_last\t[overlay]\n";

    #[test]
    fn finds_by_address_and_by_name() {
        let symbols = Kallsyms::parse(TEXT.as_bytes()).unwrap();
        let name = |address| symbols.containing(address).map(|symbol| symbol.name);
        assert_eq!(name(0xffff_8000_8001_0004), Some("gic_handle_irq"));
        assert_eq!(name(0xffff_8000_8001_017f), Some("count_mounts"));
        assert_eq!(name(0x1000), None);
        let module = symbols.containing(0xffff_8000_7c00_0050).unwrap();
        assert_eq!(
            (module.name, module.module, module.size),
            ("ovl_show", Some("overlay"), 0x80)
        );
        assert_eq!(symbols.named("show").count(), 2);
        assert_eq!(symbols.function("show"), None);
        assert_eq!(symbols.function("count_mounts").unwrap().size, 0x80);
    }

    #[test]
    fn hidden_addresses_are_an_error() {
        let text = "0000000000000000 T _stext\n0000000000000000 t x\n";
        assert!(matches!(
            Kallsyms::parse(text.as_bytes()),
            Err(KallsymsError::Hidden)
        ));
        assert!(matches!(
            Kallsyms::parse(&b""[..]),
            Err(KallsymsError::Empty)
        ));
    }
}
