//! One boot of a kernel that runs one script and hands back what the script kept.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::initramfs::{self, Contents};
use super::kernel::Kernel;
use super::qemu::{self, Machine};
use super::userland;
use crate::cross::Arch;
use crate::process::{command, quiet};

/// What a boot needs.
pub(crate) struct Boot<'a> {
    pub(crate) arch: Arch,
    pub(crate) kernel: &'a Kernel,
    pub(crate) cpus: u32,
    pub(crate) memory_mib: u32,
    /// Kernel modules to load first, by name; one that this kernel lacks is skipped.
    pub(crate) modules: &'a [String],
    /// Debian packages: the guest then boots a Debian userland made of them instead of bare busybox.
    pub(crate) userland: &'a [String],
    /// Further kernel parameters.
    pub(crate) parameters: &'a str,
    /// The shell script that does the run: it sources `/etz/lib.sh`, and ends with its `finish` or `fail`.
    pub(crate) script: &'a str,
    /// Variables for it, as lines of shell; see [`variable`].
    pub(crate) config: &'a str,
    /// Static programs for its PATH.
    pub(crate) programs: &'a [PathBuf],
    /// Static programs and shell scripts that `noise_start` starts in the background.
    pub(crate) noise: &'a [PathBuf],
    /// A folder whose copy it starts in.
    pub(crate) files: Option<&'a Path>,
    /// Where the serial console goes.
    pub(crate) log: &'a Path,
}

/// What a boot came to.
pub(crate) struct Results {
    dir: TempDir,
    values: HashMap<String, String>,
    failure: String,
    /// Seconds from QEMU's start to its end.
    pub(crate) total_s: f64,
}

impl<'a> Boot<'a> {
    /// A bare guest: one processor, 1 GiB, busybox, nothing but the script.
    pub(crate) fn bare(arch: Arch, kernel: &'a Kernel, script: &'a str, log: &'a Path) -> Self {
        Self {
            arch,
            kernel,
            cpus: 1,
            memory_mib: 1024,
            modules: &[],
            userland: &[],
            parameters: "",
            script,
            config: "",
            programs: &[],
            noise: &[],
            files: None,
            log,
        }
    }

    /// Boots, and waits until the guest has ended, `limit` at most. An error means that it could not be started.
    pub(crate) fn run(&self, limit: Duration) -> Result<Results> {
        let dir = tempfile::tempdir().context("make a temporary folder")?;
        let [root, results] = ["root", "results"].map(|name| dir.path().join(name));
        fs::create_dir(&root)?;
        fs::create_dir(&results)?;
        let [output, initramfs] = ["output.tar", "initramfs"].map(|name| dir.path().join(name));
        let disk = (!self.userland.is_empty())
            .then(|| userland::image(self.arch, self.userland))
            .transpose()?;
        let contents = Contents {
            kernel: self.kernel,
            arch: self.arch,
            modules: self.modules,
            has_disk: disk.is_some(),
            script: self.script,
            config: self.config,
            programs: self.programs,
            noise: self.noise,
            files: self.files,
        };
        initramfs::build(&contents, &root, &initramfs)?;
        let machine = Machine {
            arch: self.arch,
            cpus: self.cpus,
            memory_mib: self.memory_mib,
            kernel: &self.kernel.image,
            initramfs: &initramfs,
            parameters: self.parameters,
            disk,
            output: &output,
            log: self.log,
        };
        let start = Instant::now();
        let ran = qemu::run(&machine, limit);
        let total_s = start.elapsed().as_secs_f64();
        if fs::metadata(&output).is_ok_and(|data| data.len() > 0) {
            let mut tar = command("tar");
            quiet(tar.arg("-xf").arg(&output).arg("-C").arg(&results))?;
        }
        let text = fs::read_to_string(results.join("result")).unwrap_or_default();
        let values = values(&text);
        let failure = match ran {
            Err(error) => error.to_string(),
            Ok(()) if values.is_empty() => "the guest ended without a result".into(),
            Ok(()) => values.get("failure").cloned().unwrap_or_default(),
        };
        Ok(Results {
            dir,
            values,
            failure,
            total_s,
        })
    }
}

impl Results {
    /// What the script told with `result KEY VALUE`; empty when it did not.
    pub(crate) fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// A number that the script told; 0 when it did not.
    pub(crate) fn number<T: std::str::FromStr + Default>(&self, key: &str) -> T {
        self.value(key).parse().unwrap_or_default()
    }

    /// Why the run is not good; empty when it is.
    pub(crate) fn failure(&self) -> &str {
        &self.failure
    }

    /// A file that the script kept with `keep NAME`, if it did.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        Some(self.dir.path().join("results").join(name)).filter(|path| path.exists())
    }
}

/// A line of [`Boot::config`].
pub(crate) fn variable(name: &str, value: &str) -> String {
    format!("{name}={}\n", quote(value))
}

/// One word for a POSIX shell.
pub(crate) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn values(text: &str) -> HashMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{values, variable};

    #[test]
    fn variables_survive_the_shell_and_values_may_hold_anything() {
        assert_eq!(variable("ARGS", "-- it's"), "ARGS='-- it'\\''s'\n");
        let values = values("boot=1.5\nfailure=x=y\nnonsense\n");
        assert_eq!(values["failure"], "x=y");
        assert_eq!(values.len(), 2);
    }
}
