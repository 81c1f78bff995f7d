//! Names and return types of kernel functions by address.

use std::collections::HashMap;

use format_spec::record::{ReturnType, Symbol};

use crate::{names::base_name, text::plain};

/// The symbols of a bundle, ordered by address. Addresses are relative to `_text`, wrapping.
#[derive(Debug, Clone, Default)]
pub struct SymbolTable {
    symbols: Vec<Symbol>,
    by_name: HashMap<String, Vec<usize>>,
}

impl SymbolTable {
    /// Orders `symbols`; the same symbol in several frames is kept once.
    #[must_use]
    pub fn new(mut symbols: Vec<Symbol>) -> Self {
        symbols.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
        symbols.dedup_by(|a, b| a.address == b.address && a.name == b.name);
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, symbol) in symbols.iter().enumerate() {
            by_name.entry(symbol.name.clone()).or_default().push(index);
            let base = base_name(&symbol.name);
            if base != symbol.name {
                by_name.entry(base.to_owned()).or_default().push(index);
            }
        }
        Self { symbols, by_name }
    }

    /// All symbols by rising address.
    #[must_use]
    pub fn all(&self) -> &[Symbol] {
        &self.symbols
    }

    /// The symbol that holds `address`, with the offset in it.
    ///
    /// Of several at one address the one that BTF describes is taken, else one that is not weak, as the kernel does
    /// (`scripts/kallsyms.c`, `compare_symbols`), else the first by name.
    #[must_use]
    pub fn find(&self, address: u64) -> Option<(&Symbol, u64)> {
        let end = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        let start = self.symbols.get(..end)?.last()?.address;
        let first = self
            .symbols
            .partition_point(|symbol| symbol.address < start);
        let same = &self.symbols[first..end];
        let described = same
            .iter()
            .find(|symbol| symbol.returns != ReturnType::Unknown);
        let strong = || same.iter().find(|symbol| !b"wW".contains(&symbol.kind));
        let symbol = described.or_else(strong).or_else(|| same.first())?;
        let offset = address.wrapping_sub(symbol.address);
        (symbol.size == 0 || offset < symbol.size).then_some((symbol, offset))
    }

    /// Where the function that `address` is in starts; the address itself when that is not known.
    ///
    /// The function graph names a function by the place of its patched call, on arm64 4 or 8 bytes from its start
    /// (`arch/arm64/kernel/ftrace.c`); return probes name it by its start.
    #[must_use]
    pub fn start(&self, address: u64) -> u64 {
        self.find(address)
            .map_or(address, |(symbol, _)| symbol.address)
    }

    /// The function that `address` is in, or the address in hex; for a terminal, as whoever made the file chose it.
    #[must_use]
    pub fn name(&self, address: u64) -> String {
        match self.find(address) {
            Some((symbol, _)) => plain(symbol.name.as_bytes()),
            None => format!("{address:#x}"),
        }
    }

    /// The function that a return address leads back into: a call may be its function's last instruction, so that
    /// the address behind it is already the next function's.
    #[must_use]
    pub fn caller(&self, return_address: u64) -> Option<&Symbol> {
        self.find(return_address.wrapping_sub(1))
            .map(|(symbol, _)| symbol)
    }

    /// What the function that starts at `address` returns.
    #[must_use]
    pub fn returns(&self, address: u64) -> ReturnType {
        self.find(address)
            .map_or(ReturnType::Unknown, |(symbol, _)| symbol.returns)
    }

    /// The symbols of that name; a name without a suffix finds those with one too.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Symbol> {
        let indexes = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        indexes.iter().map(|&index| &self.symbols[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(address: u64, size: u64, name: &str, returns: ReturnType) -> Symbol {
        Symbol {
            address,
            size,
            kind: b't',
            name: name.into(),
            module: None,
            returns,
        }
    }

    #[test]
    fn finds_by_address_and_name() {
        let table = SymbolTable::new(vec![
            symbol(0x200, 0x40, "graft_tree.isra.0", ReturnType::Signed(32)),
            symbol(0x100, 0x40, "count_mounts", ReturnType::Signed(32)),
            symbol(0x100, 0x40, "alias", ReturnType::Unknown),
            symbol(u64::MAX - 0xff, 0, "module_function", ReturnType::Void),
        ]);
        assert_eq!(table.name(0x13f), "count_mounts");
        assert_eq!((table.start(0x108), table.start(0x140)), (0x100, 0x140));
        assert_eq!(table.name(0x140), "0x140");
        assert_eq!(table.name(0x50), "0x50");
        assert_eq!(table.name(u64::MAX), "module_function");
        assert_eq!(table.caller(0x240).unwrap().name, "graft_tree.isra.0");
        assert_eq!(table.named("graft_tree").count(), 1);
        assert_eq!(table.returns(0x100), ReturnType::Signed(32));
        assert!(SymbolTable::default().find(1).is_none());
        let hostile = [symbol(0, 1, "a\u{1b}[2Jb", ReturnType::Unknown)];
        assert_eq!(SymbolTable::new(hostile.into()).name(0), "a\\u{1b}[2Jb");
    }
}
