//! The recorder's parsers of what the running kernel tells of itself.

// The recorder is a program: its modules are included as they are.
#[allow(
    dead_code,
    missing_docs,
    unused_imports,
    reason = "the fuzzer uses a part of it"
)]
#[path = "../../../capture/src/kernel/btf/mod.rs"]
mod btf;
#[allow(dead_code, missing_docs, reason = "the fuzzer uses a part of it")]
#[path = "../../../capture/src/kernel/kallsyms.rs"]
mod kallsyms;

use std::hash::{DefaultHasher, Hash, Hasher};

/// As in the recorder's `kernel` module, which the included ones rely on.
pub(crate) fn name_hash(name: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let bytes = hasher.finish().to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Reads BTF and asks it for everything that the recorder asks for.
pub fn btf(bytes: &[u8]) {
    let Ok(types) = btf::Btf::from_bytes(bytes.to_vec()) else {
        return;
    };
    let _ = types.layouts();
    let _ = types.path("task_struct", "nsproxy->mnt_ns->nr_mounts");
    let _ = types.return_type("count_mounts", None);
    let _ = types.size_of("task_struct");
    let _ = types.offset_of("task_struct", "nsproxy");
}

/// Reads a text as of /proc/kallsyms and looks for its symbols.
pub fn kallsyms(text: &[u8]) {
    let Ok(symbols) = kallsyms::Kallsyms::parse(text) else {
        return;
    };
    let _ = symbols.has_data();
    let _ = symbols.function("count_mounts");
    for symbol in symbols.functions().take(100) {
        let _ = symbols.containing(symbol.address);
        assert!(symbols.named(symbol.name).count() > 0);
    }
}
