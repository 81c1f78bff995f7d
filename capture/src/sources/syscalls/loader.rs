//! aya's loader without its copy of the kernel's types.
//!
//! aya 0.14 reads and parses `/sys/kernel/btf/vmlinux` whenever a loader is made, whether it is wanted or not: 25 ms
//! and 20 MiB for nothing, as the programs need no type of the kernel. Where that file cannot be opened, it does without.
//! `docs/aya-loader.md` has a patch of one method for its maintainers.

use aya::EbpfLoader;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::Error;

/// A loader that knows no types of the kernel. While it is made the process cannot open files: it shall have one thread.
///
/// # Errors
/// When the limit of open files cannot be put back.
pub(super) fn without_types() -> Result<EbpfLoader<'static>, Error> {
    let usual = getrlimit(Resource::Nofile);
    let none = Rlimit {
        current: Some(0),
        ..usual
    };
    // Where this is refused, it costs what it costs.
    let is_set = setrlimit(Resource::Nofile, none).is_ok();
    let mut loader = EbpfLoader::new();
    if is_set {
        setrlimit(Resource::Nofile, usual).map_err(|error| Error::new("own limits", error))?;
    }
    loader.btf(None);
    Ok(loader)
}
