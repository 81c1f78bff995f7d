//! Functions that can be called by a pointer.

use std::collections::HashSet;

use super::closure::edges;
use crate::kernel::{Kernel, KernelSymbol};

/// Most bytes of one function of a module that are looked at.
const MAX_BYTES: u64 = 64 << 10;

/// The functions whose address data holds (`file_operations` and the like), that of the image or of a module; and those
/// of modules that no code of a module calls, as the data of a module may be hidden.
///
/// That code calls a function too says nothing: FAT's `fat_setattr` is an operation of its inodes, and what one of its
/// ioctls calls.
///
/// # Errors
/// Why the image cannot be read, in words.
pub(super) fn find(kernel: &Kernel) -> Result<Vec<u64>, String> {
    let mut taken = Vec::new();
    kernel.addresses_in_data(|address| {
        let found = kernel.containing(address);
        if found.is_some_and(|found| found.address == address && found.is_text()) {
            taken.push(address);
        }
    })?;
    let of_module = |found: &KernelSymbol<'_>| found.module.is_some();
    // Calls of the image's functions, most of all, are none of another module's.
    let starts = || {
        kernel
            .functions()
            .filter(of_module)
            .map(|found| found.address)
    };
    let range = starts().min().unwrap_or(0)..=starts().max().unwrap_or(0);
    let mut called = HashSet::new();
    for function in kernel.functions().filter(of_module) {
        let code = kernel.first_bytes(&function, MAX_BYTES);
        edges(&code, function.address, |edge| {
            if range.contains(&edge.target()) {
                called.insert(edge.target());
            }
        });
    }
    let modules = kernel.functions().filter(of_module);
    taken.extend(
        modules
            .map(|found| found.address)
            .filter(|address| !called.contains(address)),
    );
    taken.sort_unstable();
    taken.dedup();
    Ok(taken)
}
