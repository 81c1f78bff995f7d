//! What a bundle knows of the kernel that it was recorded on.

use std::collections::BTreeMap;

use format_spec::record::{
    self, Architecture, CtlEntry, FieldLayout, FunctionCode, ReturnType, Symbol,
};

use super::{layouts::Layouts, types::Types};

/// Symbols, code, sysctls and structures of the recorded kernel, ordered for look-ups.
///
/// Addresses are relative to `_text`, wrapping, as in the records.
#[derive(Debug)]
pub struct Image {
    pub(super) architecture: Architecture,
    pub(super) layouts: Layouts,
    pub(super) types: Types,
    symbols: BTreeMap<u64, Vec<Symbol>>,
    /// Where x86-64 keeps the current task.
    current: Vec<u64>,
    code: BTreeMap<u64, Vec<u8>>,
    sysctls: BTreeMap<u64, Vec<CtlEntry>>,
}

/// Lowest address of the kernel image on x86-64 (`__START_KERNEL_map`, `arch/x86/include/asm/page_64_types.h`).
const FIRST_IMAGE: u64 = 0xffff_ffff_8000_0000;

/// What the image's address is a multiple of.
const IMAGE_ALIGN: u64 = 2 << 20;

/// Names of the variable that holds the current task, or begins with it.
const CURRENT: [&str; 4] = [
    "current_task",
    "pcpu_hot",
    "const_pcpu_hot",
    "const_current_task",
];

/// Longest variable of several values, in bytes; `kernel.core_pattern` has 128.
const MAX_VARIABLE: u64 = 256;

/// A name of a variable: the symbol that holds its address, and the distance from it in bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableName {
    /// The symbol.
    pub symbol: String,
    /// Bytes from its start.
    pub offset: u64,
}

impl Image {
    /// Orders the records; any of them may be empty, and less is found then.
    #[must_use]
    pub fn new(
        symbols: &[Symbol],
        code: &[FunctionCode],
        sysctls: &[CtlEntry],
        fields: &[FieldLayout],
        architecture: Architecture,
    ) -> Self {
        let mut image = Self {
            architecture,
            layouts: Layouts::new(fields, sysctls),
            types: Types::new(fields, &record::Types::default()),
            symbols: BTreeMap::new(),
            current: Vec::new(),
            code: BTreeMap::new(),
            sysctls: BTreeMap::new(),
        };
        for symbol in symbols {
            if CURRENT.contains(&symbol.name.as_str()) {
                image.current.push(symbol.address);
            }
            let same = image.symbols.entry(symbol.address).or_default();
            same.push(symbol.clone());
        }
        for function in code {
            let longest = image.code.entry(function.address).or_default();
            if longest.len() < function.bytes.len() {
                longest.clone_from(&function.bytes);
            }
        }
        for entry in sysctls {
            let same = image.sysctls.entry(entry.data).or_default();
            same.push(entry.clone());
        }
        image
    }

    /// Takes in what functions are given and where pointers in `fields` lead.
    pub(super) fn add_types(&mut self, fields: &[FieldLayout], types: &record::Types) {
        self.types = Types::new(fields, types);
    }

    /// The functions whose code is there.
    pub fn functions(&self) -> impl Iterator<Item = u64> {
        self.code.keys().copied()
    }

    /// The code of the function at `address` and, where the compiler split it, of its parts that are seldom run.
    pub(super) fn code(&self, address: u64) -> Vec<(u64, &[u8])> {
        let Some(main) = self.code.get(&address) else {
            return Vec::new();
        };
        let mut parts = vec![(address, main.as_slice())];
        if let Some(name) = self.function_name(address) {
            let cold = format!("{name}.cold");
            let is_cold = |symbol: &Symbol| {
                let rest = symbol.name.strip_prefix(&cold);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let split = self
                .symbols
                .iter()
                .filter(|(_, same)| same.iter().any(is_cold));
            parts.extend(split.filter_map(|(&at, _)| Some((at, self.code.get(&at)?.as_slice()))));
        }
        parts
    }

    /// Whether a probe stood in the place of an instruction of the function at `address` when its code was read: `brk #4`
    /// on arm64 (`KPROBES_BRK_IMM`, `arch/arm64/include/asm/brk-imm.h`).
    #[must_use]
    pub fn has_probes(&self, address: u64) -> bool {
        let is_probe = |word: &[u8; 4]| u32::from_le_bytes(*word) == 0xd420_0080;
        let parts = self.code(address);
        let mut words = parts.iter().flat_map(|(_, bytes)| bytes.as_chunks::<4>().0);
        self.architecture == Architecture::Aarch64 && words.any(is_probe)
    }

    /// Name of the function that starts at `address`.
    #[must_use]
    pub fn function_name(&self, address: u64) -> Option<&str> {
        let same = self.symbols.get(&address)?;
        let code = same.iter().find(|symbol| is_text(symbol.kind))?;
        Some(&code.name)
    }

    /// What the function at `address` returns.
    pub(super) fn returns(&self, address: u64) -> ReturnType {
        let same = self.symbols.get(&address).into_iter().flatten();
        let known = same.map(|symbol| symbol.returns);
        known
            .into_iter()
            .find(|returns| *returns != ReturnType::Unknown)
            .unwrap_or(ReturnType::Unknown)
    }

    /// Name of the variable at `address`, where the kernel lists data symbols.
    #[must_use]
    pub fn variable_name(&self, address: u64) -> Option<VariableName> {
        let listed = self
            .symbols
            .range(..=address)
            .next_back()
            .and_then(|(&start, same)| {
                let offset = address - start;
                // Later kernels list read-only data as text, with a t.
                let holds =
                    |symbol: &&Symbol| offset == 0 || !is_text(symbol.kind) && offset < symbol.size;
                let symbol = same.iter().find(holds)?;
                Some(VariableName {
                    symbol: symbol.name.clone(),
                    offset,
                })
            });
        listed.or_else(|| {
            let (entry, within) = self.sysctl_entries(address).next()?;
            let (symbol, offset) = entry.symbol.as_ref()?;
            Some(VariableName {
                symbol: symbol.clone(),
                offset: offset.checked_add(within)?,
            })
        })
    }

    /// Sysctls that set the variable at `address`, as dotted paths: more than one where the recorder could not tell
    /// which of several files of one name it is.
    #[must_use]
    pub fn sysctls(&self, address: u64) -> Vec<String> {
        let entries = self.sysctl_entries(address);
        let mut paths: Vec<String> = entries.flat_map(|(entry, _)| entry.paths.clone()).collect();
        paths.sort();
        paths.dedup();
        if paths.len() > 1 {
            paths.retain(|path| !self.layouts.is_elsewhere(path, address));
        }
        paths
    }

    /// Whether the processor's own variable at `place` is the current task.
    ///
    /// On x86-64 it has names that changed: `current_task` up to 6.1, in `pcpu_hot` from 6.2, `const_pcpu_hot` beside it from
    /// 6.8, `const_current_task` beside `current_task` from 6.15 (`arch/x86/include/asm/current.h`). Code names such a variable by its place from the
    /// instruction or, as up to 6.1, as it is: symbols are then so far from it as the kernel was moved, by whole pages of
    /// 2 MiB (`CONFIG_PHYSICAL_ALIGN`).
    pub(super) fn is_current(&self, place: u64) -> bool {
        let is_it = |&address: &u64| {
            let moved = place.wrapping_sub(address);
            moved == 0 || moved >= FIRST_IMAGE && moved.is_multiple_of(IMAGE_ALIGN)
        };
        self.current.iter().any(is_it)
    }

    /// The sysctls whose variable holds `address`, with the number of the value there, counted from 0.
    pub(super) fn sysctl_values(&self, address: u64, size: u8) -> Vec<(String, usize)> {
        let found = self.sysctl_entries(address);
        let mut values = Vec::new();
        for (entry, within) in found {
            let number = usize::try_from(within / u64::from(size.max(1))).unwrap_or(usize::MAX);
            values.extend(entry.paths.iter().map(|path| (path.clone(), number)));
        }
        values
    }

    /// Entries whose variable starts at `address`, else those whose variable holds it, with the distance in bytes.
    fn sysctl_entries(&self, address: u64) -> impl Iterator<Item = (&CtlEntry, u64)> {
        let near = self
            .sysctls
            .range(address.saturating_sub(MAX_VARIABLE)..=address);
        let exact = self.sysctls.contains_key(&address);
        near.flat_map(move |(&start, same)| {
            let within = address - start;
            // A bitmap's entry has its size in bits, and a pointer as its variable.
            let holds = move |entry: &&CtlEntry| {
                let size = u64::from(entry.size);
                within == 0 || !exact && size <= MAX_VARIABLE && within < size
            };
            same.iter().filter(holds).map(move |entry| (entry, within))
        })
    }
}

fn is_text(kind: u8) -> bool {
    matches!(kind, b't' | b'T' | b'w' | b'W')
}
