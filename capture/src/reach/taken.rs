//! Functions that can be called by a pointer.

use std::collections::BTreeSet;

use super::closure::edges;
use crate::kernel::{Kernel, KernelSymbol};

/// Most bytes of one function of a module that are looked at.
const MAX_BYTES: u64 = 64 << 10;

/// The functions whose address the image's data holds (`file_operations` and the like), and those of modules that no
/// code of their own module calls. Where a module keeps its data, kallsyms does not say on every kernel.
///
/// # Errors
/// Why the image cannot be read, in words.
pub(super) fn find(kernel: &Kernel) -> Result<Vec<u64>, String> {
    let mut taken = BTreeSet::new();
    kernel.addresses_in_data(|address| {
        taken.insert(address);
    })?;
    let starts: BTreeSet<u64> = kernel.functions().map(|found| found.address).collect();
    taken.retain(|address| starts.contains(address));
    let of_module = |found: &KernelSymbol<'_>| found.module.is_some();
    let mut called = BTreeSet::new();
    for function in kernel.functions().filter(of_module) {
        let code = kernel.first_bytes(&function, MAX_BYTES);
        edges(&code, function.address, |edge| {
            called.insert(edge.target());
        });
    }
    let modules = kernel.functions().filter(of_module);
    taken.extend(
        modules
            .map(|found| found.address)
            .filter(|address| !called.contains(address)),
    );
    Ok(taken.into_iter().collect())
}
