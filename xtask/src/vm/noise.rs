//! What fails beside a scenario: mixes of everyday failures, or of other incidents (testdata/noise/README.md).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::cross::{self, Arch};
use crate::dirs;
use crate::recording::NOISE;

/// The mix that is meant when none is named.
pub(crate) const EVERYDAY: &str = "everyday";

/// Folders of programs that fail for as long as they run.
pub(crate) struct Noise {
    /// What it adds to the names of recordings: `noise`, or `noise-MIX`.
    pub(crate) label: String,
    mixes: Vec<PathBuf>,
}

/// The folder with the repository's mixes.
pub(crate) fn folder() -> PathBuf {
    dirs::repo().join("testdata/noise")
}

impl Noise {
    /// Finds each mix by its name in the repository, else by its path; `None` without any.
    pub(crate) fn find(names: &[String]) -> Result<Option<Self>> {
        if names.is_empty() {
            return Ok(None);
        }
        let mut mixes = Vec::new();
        let mut labels = vec![NOISE.to_owned()];
        for name in names {
            let places = [folder().join(name), PathBuf::from(name)];
            let Some(mix) = places.into_iter().find(|place| place.is_dir()) else {
                bail!(
                    "no mix of noise {name}: neither in {} nor a folder",
                    folder().display()
                );
            };
            let label = mix.file_name().context("a mix needs a folder of its own")?;
            labels.push(label.to_string_lossy().replace('.', "-"));
            mixes.push(mix);
        }
        if labels[1..] == [EVERYDAY] {
            labels.pop();
        }
        Ok(Some(Self {
            label: labels.join("-"),
            mixes,
        }))
    }

    /// What is started in the guest: the mixes' programs, compiled into a folder in `out`, and their scripts.
    pub(crate) fn programs(&self, arch: Arch, out: &Path) -> Result<Vec<PathBuf>> {
        let mut programs = Vec::new();
        for mix in &self.mixes {
            let name = mix.file_name().context("a mix has a name")?;
            programs.extend(cross::c_programs(arch, mix, &out.join(NOISE).join(name))?);
            programs.extend(with_extension(mix, "sh")?);
        }
        if programs.is_empty() {
            bail!("the mix of noise holds neither *.c nor *.sh");
        }
        Ok(programs)
    }
}

/// The files in `dir` with an extension, by name.
pub(crate) fn with_extension(dir: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::Noise;

    fn label(names: &[&str]) -> Option<String> {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        Some(Noise::find(&names).unwrap()?.label)
    }

    #[test]
    fn recordings_tell_the_mix() {
        assert_eq!(label(&[]), None);
        assert_eq!(label(&["everyday"]).as_deref(), Some("noise"));
        assert_eq!(label(&["incident"]).as_deref(), Some("noise-incident"));
        assert_eq!(
            label(&["everyday", "incident"]).as_deref(),
            Some("noise-everyday-incident")
        );
        assert!(Noise::find(&["no such mix".into()]).is_err());
    }
}
