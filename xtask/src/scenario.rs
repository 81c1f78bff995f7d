//! A scenario: a folder that makes a real kernel fail in one known way, and says what the right answer is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// `culprit` of a healthy control: its error is normal, and nothing may be blamed.
pub(crate) const NO_CULPRIT: &str = "none";

/// What `scenario.toml` says; testdata/scenarios/README.md describes every field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    /// One line for people.
    #[serde(rename = "summary")]
    pub(crate) _summary: String,
    pub(crate) syscall: String,
    pub(crate) errno: String,
    pub(crate) culprit: String,
    #[serde(default)]
    pub(crate) also: Vec<String>,
    #[serde(default)]
    pub(crate) origin: Vec<String>,
    #[serde(default)]
    pub(crate) modules: Vec<String>,
    #[serde(default)]
    kernels: Vec<String>,
    #[serde(default)]
    arches: Vec<String>,
    #[serde(default)]
    pub(crate) capture_args: Vec<String>,
    #[serde(default)]
    pub(crate) userland: Vec<String>,
    pub(crate) memory_mib: Option<u32>,
}

impl Spec {
    /// Whether the error is normal, and nothing may be blamed.
    pub(crate) fn is_control(&self) -> bool {
        self.culprit == NO_CULPRIT
    }

    /// Whether the scenario is meant for a kernel series ("6.12") and architecture ("arm64").
    pub(crate) fn applies_to(&self, kernel: &str, arch: &str) -> bool {
        let allows =
            |list: &[String], name| list.is_empty() || list.iter().any(|item| item == name);
        allows(&self.kernels, kernel) && allows(&self.arches, arch)
    }
}

/// A scenario's folder and what it says.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) spec: Spec,
}

impl Scenario {
    fn load(dir: &Path) -> Result<Self> {
        let path = dir.join("scenario.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let spec = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        let dir = dir
            .canonicalize()
            .with_context(|| format!("find {}", dir.display()))?;
        for script in ["setup.sh", "trigger.sh"] {
            if !dir.join(script).is_file() {
                bail!("{} has no {script}", dir.display());
            }
        }
        let name = dir
            .file_name()
            .context("a scenario needs a folder of its own")?;
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            dir,
            spec,
        })
    }

    /// The scenario in `dir`, or all that are in folders below it, by name.
    pub(crate) fn find(dir: &Path) -> Result<Vec<Self>> {
        if dir.join("scenario.toml").exists() {
            return Ok(vec![Self::load(dir)?]);
        }
        let entries = fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))?;
        let mut dirs: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        dirs.retain(|dir| dir.join("scenario.toml").exists());
        dirs.sort();
        if dirs.is_empty() {
            bail!(
                "{}: neither a scenario (no scenario.toml) nor a folder of them",
                dir.display()
            );
        }
        dirs.iter().map(|dir| Self::load(dir)).collect()
    }
}
