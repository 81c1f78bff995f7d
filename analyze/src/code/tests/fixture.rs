//! Real kernels' code: the files of `tests/fixtures/code`, and `make.py` there which wrote them.

use std::{fs, path::PathBuf, sync::Arc};

use format_spec::record::{
    self, Architecture, CtlEntry, FieldLayout, FunctionCode, ReturnType, Symbol,
};
use serde::Deserialize;

use super::super::{FunctionEvidence, Kernel, references};
use crate::names::base_name;

#[derive(Deserialize)]
struct File {
    architecture: String,
    functions: Vec<Function>,
    symbols: Vec<Name>,
    ctl: Vec<Ctl>,
    fields: Vec<Field>,
    types: Option<Types>,
}

#[derive(Deserialize)]
struct Types {
    functions: Vec<Prototype>,
    pointers: Vec<Pointer>,
}

#[derive(Deserialize)]
struct Prototype {
    address: u64,
    parameters: Vec<(String, String)>,
    returns_to: String,
}

#[derive(Deserialize)]
struct Pointer {
    structure: String,
    offset: u32,
    to: String,
}

#[derive(Deserialize)]
struct Function {
    address: u64,
    bytes: String,
}

#[derive(Deserialize)]
struct Name {
    address: u64,
    size: u64,
    kind: String,
    name: String,
}

#[derive(Deserialize)]
struct Ctl {
    data: u64,
    paths: Vec<String>,
    size: u32,
    symbol: Option<(String, u64)>,
}

#[derive(Deserialize)]
struct Field {
    structure: String,
    field: String,
    offset: u32,
    size: u32,
}

/// The fixtures: Debian's kernels.
pub(super) const KERNELS: [&str; 6] = [
    "6.1-arm64",
    "6.12-arm64",
    "7.2-arm64",
    "6.1-amd64",
    "6.12-amd64",
    "7.2-amd64",
];

/// A kernel of the fixtures.
pub(super) struct Fixture {
    pub(super) kernel: Kernel,
    symbols: Vec<(u64, String)>,
}

impl Fixture {
    /// Reads the kernel of that name.
    pub(super) fn read(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/code");
        let path = folder.join(format!("{name}.json"));
        let file: File = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let symbols: Vec<Symbol> = file.symbols.into_iter().map(symbol).collect();
        let code: Vec<FunctionCode> = file.functions.iter().map(code).collect();
        let ctl: Vec<CtlEntry> = file.ctl.into_iter().map(ctl).collect();
        let fields: Vec<FieldLayout> = file.fields.into_iter().map(field).collect();
        let types = file.types.map_or_else(record::Types::default, types);
        let architecture = match file.architecture.as_str() {
            "aarch64" => Architecture::Aarch64,
            _ => Architecture::X86_64,
        };
        Self {
            kernel: Kernel::new(&symbols, &code, &ctl, &fields, architecture)
                .with_types(&fields, &types),
            symbols: symbols
                .into_iter()
                .map(|symbol| (symbol.address, symbol.name))
                .collect(),
        }
    }

    /// Address of a function; suffixes such as `.isra.0` are ignored.
    pub(super) fn address(&self, name: &str) -> Option<u64> {
        let known: Vec<u64> = self.kernel.functions().collect();
        let is_it = |(address, own): &&(u64, String)| {
            base_name(own) == name && !own.contains(".cold") && known.contains(address)
        };
        self.symbols.iter().find(is_it).map(|(address, _)| *address)
    }

    /// The code of the function at `address`.
    pub(super) fn bytes(&self, address: u64) -> (Architecture, Vec<u8>) {
        (
            self.kernel.architecture,
            self.kernel.code(address)[0].1.to_vec(),
        )
    }

    /// What the code of a function shows.
    pub(super) fn function(&self, name: &str) -> Arc<FunctionEvidence> {
        let address = self
            .address(name)
            .unwrap_or_else(|| panic!("{name} is not in the fixture"));
        references(&self.kernel, address).unwrap()
    }
}

fn types(types: Types) -> record::Types {
    let parameter = |(name, to)| record::Parameter { name, to };
    let function = |own: Prototype| record::Prototype {
        address: own.address,
        parameters: own.parameters.into_iter().map(parameter).collect(),
        returns_to: own.returns_to,
    };
    let pointer = |own: Pointer| record::PointerField {
        structure: own.structure,
        offset: own.offset,
        to: own.to,
    };
    record::Types {
        functions: types.functions.into_iter().map(function).collect(),
        pointers: types.pointers.into_iter().map(pointer).collect(),
    }
}

fn symbol(name: Name) -> Symbol {
    Symbol {
        address: name.address,
        size: name.size,
        kind: name.kind.as_bytes()[0],
        name: name.name,
        module: None,
        returns: ReturnType::Unknown,
    }
}

fn code(function: &Function) -> FunctionCode {
    let digits = function.bytes.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    FunctionCode {
        address: function.address,
        bytes: digits.map(byte).collect(),
    }
}

fn ctl(ctl: Ctl) -> CtlEntry {
    CtlEntry {
        data: ctl.data,
        paths: ctl.paths,
        size: ctl.size,
        symbol: ctl.symbol,
    }
}

fn field(field: Field) -> FieldLayout {
    FieldLayout {
        structure: field.structure,
        field: field.field,
        offset: field.offset,
        size: field.size,
    }
}
