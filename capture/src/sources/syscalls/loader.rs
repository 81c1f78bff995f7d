//! aya's loader without its copy of the kernel's types.
//!
//! aya 0.14 reads and parses `/sys/kernel/btf/vmlinux` whenever a loader is made, whether it is wanted or not: 25 ms
//! and 20 MiB for nothing, as the programs need no type of the kernel. Where no such file is, it does without.

use std::path::Path;

use aya::EbpfLoader;
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io,
    process::{chroot, fchdir},
};

use crate::error::Error;

/// A folder that holds no `sys`.
const BARE: &str = "/proc/self/fdinfo";

/// A loader that knows no types of the kernel.
///
/// # Errors
/// When the way back to the root folder is barred.
pub(super) fn without_types() -> Result<EbpfLoader<'static>, Error> {
    let folder = |path| {
        openat(
            CWD,
            Path::new(path),
            OFlags::PATH | OFlags::CLOEXEC,
            Mode::empty(),
        )
    };
    let mut loader = match (folder("/"), folder(".")) {
        (Ok(root), Ok(here)) if chroot(BARE).is_ok() => {
            let loader = EbpfLoader::new();
            let back = fchdir(root)
                .and_then(|()| chroot("."))
                .and_then(|()| fchdir(here));
            back.map_err(|error: io::Errno| Error::new("own root folder", error))?;
            loader
        }
        // Without CAP_SYS_CHROOT: it costs what it costs.
        _ => EbpfLoader::new(),
    };
    loader.btf(None);
    Ok(loader)
}
