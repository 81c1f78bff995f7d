//! Which variable each sysctl sets: `struct ctl_table` arrays found in the data of the kernel image.
//!
//! The arrays have no symbol of their own on kernels without CONFIG_KALLSYMS_ALL, so they are looked for by what
//! they look like: `procname` points to the name of a file under `/proc/sys`, `proc_handler` into text, `maxlen`
//! and `mode` are small. The layout comes from BTF: it lost `child` in 6.5 and gained `type` in 6.6
//! (`include/linux/sysctl.h`). Arrays ended with an empty entry up to 6.10; later ones may touch each other.

mod place;
mod scan;

use format_spec::record::{CtlEntry, CtlTables};

use super::{Btf, Kallsyms, Kcore, KcoreError, sysctl_names};
use place::{drop_claimed, place};
use scan::{Image, Layout, read_name, scan};

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
