//! Where things live: the repository, its build output, and the cache of downloads.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The repository's root folder.
pub(crate) fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("/"))
}

/// A folder of the build output (`CARGO_TARGET_DIR`, else `target/`); cargo makes it when it builds.
pub(crate) fn target(name: &str) -> PathBuf {
    let base = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    repo().join(base).join(name)
}

/// A folder, made if need be, for downloads and tools that are costly to fetch and can be fetched again:
/// below `ETZ_CACHE`, else `$XDG_CACHE_HOME/etz`, else `~/.cache/etz`. It outlives a clone.
pub(crate) fn cache(name: &str) -> Result<PathBuf> {
    let base = match (env::var_os("ETZ_CACHE"), env::var_os("XDG_CACHE_HOME")) {
        (Some(dir), _) => PathBuf::from(dir),
        (None, Some(dir)) => PathBuf::from(dir).join("etz"),
        (None, None) => env::home_dir()
            .context("no home folder: set ETZ_CACHE to a folder for downloads")?
            .join(".cache/etz"),
    };
    let dir = base.join(name);
    fs::create_dir_all(&dir).with_context(|| format!("make the cache folder {}", dir.display()))?;
    Ok(dir)
}
