//! One scenario in one boot: what goes into the guest, and what comes out.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::errno;
use super::initramfs::{self, Contents};
use super::kernel::Kernel;
use super::qemu::{self, Machine};
use super::userland;
use crate::cross::{self, Arch};
use crate::process::{command, quiet};
use crate::scenario::Scenario;

const RECORD: &str = include_str!("guest/record.sh");
const VERIFY: &str = include_str!("guest/verify.sh");

/// Bounds on what the guest may take besides recording; its own scripts have tighter ones. Unpacking and
/// starting a Debian userland in software takes its time.
const LIMIT: Duration = Duration::from_secs(420);

/// What a boot is for.
pub(crate) enum Job<'a> {
    /// Record with this program for a number of seconds.
    Record {
        capture: &'a Path,
        seconds: Option<u64>,
    },
    /// Check the trigger and the remedy, without a recorder.
    VerifyRemedy,
}

/// A scenario and where it runs.
pub(crate) struct Guest<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) arch: Arch,
    pub(crate) kernel: &'a Kernel,
    /// Processors, if not the default.
    pub(crate) cpus: Option<u32>,
    /// Folder for compiled programs, kept between runs.
    pub(crate) programs: &'a Path,
    /// Folder for the bundle and the log.
    pub(crate) out: &'a Path,
}

/// What a run came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The kernel's release and version, as `uname -rv` has them.
    pub(crate) release: String,
    /// Seconds from the kernel's start to the first script.
    pub(crate) boot_s: f64,
    /// Seconds from QEMU's start to its end.
    pub(crate) total_s: f64,
    pub(crate) bundle_bytes: u64,
    /// How often trigger.sh was run, and how often it failed.
    pub(crate) runs: u64,
    /// Why it is not good; empty when it is.
    pub(crate) failure: String,
}

impl Guest<'_> {
    /// The path of an output file: the `log`, or the bundle, `etz`.
    pub(crate) fn output(&self, extension: &str) -> PathBuf {
        let stem = self
            .scenario
            .file_stem(self.arch.name(), &self.kernel.label);
        self.out.join(format!("{stem}.{extension}"))
    }

    /// Runs one job. An error means that the guest could not be started; one that failed is told by the
    /// outcome.
    pub(crate) fn run(&self, job: &Job<'_>) -> Result<Outcome> {
        let work = tempfile::tempdir().context("make a temporary folder")?;
        let [root, results] = ["root", "results"].map(|name| work.path().join(name));
        fs::create_dir(&root)?;
        fs::create_dir(&results)?;
        let output = work.path().join("output.tar");
        let initramfs = work.path().join("initramfs");

        let spec = &self.scenario.spec;
        let has_userland = !spec.userland.is_empty();
        let disk = has_userland
            .then(|| userland::image(self.arch, &spec.userland))
            .transpose()?;
        let (script, seconds) = match job {
            Job::Record { seconds, .. } => (
                RECORD,
                seconds.unwrap_or(if has_userland { 40 } else { 15 }),
            ),
            Job::VerifyRemedy => (VERIFY, 0),
        };
        let contents = Contents {
            kernel: self.kernel,
            arch: self.arch,
            modules: &spec.modules,
            has_disk: has_userland,
            script,
            config: &self.config(seconds)?,
            programs: &self.programs(job)?,
            scenario: &self.scenario.dir,
        };
        initramfs::build(&contents, &root, &initramfs)?;

        let default_memory = if has_userland { 2048 } else { 1024 };
        let machine = Machine {
            arch: self.arch,
            cpus: self.cpus.unwrap_or(if has_userland { 2 } else { 1 }),
            memory_mib: spec.memory_mib.unwrap_or(default_memory),
            kernel: &self.kernel.image,
            initramfs: &initramfs,
            disk,
            output: &output,
            log: &self.output("log"),
        };
        let start = Instant::now();
        let ran = qemu::run(&machine, LIMIT + Duration::from_secs(2 * seconds));
        let total_s = start.elapsed().as_secs_f64();
        if fs::metadata(&output).is_ok_and(|data| data.len() > 0) {
            quiet(
                command("tar")
                    .arg("-xf")
                    .arg(&output)
                    .arg("-C")
                    .arg(&results),
            )?;
        }
        let mut outcome = outcome(&results);
        outcome.total_s = total_s;
        if let Err(error) = ran {
            outcome.failure = error.to_string();
        }
        let recorded = results.join("bundle.etz");
        if recorded.exists() {
            outcome.bundle_bytes = fs::copy(&recorded, self.output("etz"))?;
        }
        Ok(outcome)
    }

    /// Variables for the guest's scripts.
    fn config(&self, seconds: u64) -> Result<String> {
        let Scenario { name, spec, .. } = self.scenario;
        let mut args = spec.capture_args.clone();
        if !args.iter().any(|arg| arg == "--for") {
            args.extend(["--for".into(), format!("{seconds}s")]);
        }
        let args: Vec<String> = args.iter().map(|arg| quote(arg)).collect();
        let control = if spec.is_control() { "yes" } else { "no" };
        let number = errno::number(&spec.errno)?;
        Ok([
            format!("SCENARIO={}\n", quote(name)),
            format!("CONTROL={control}\n"),
            format!("SYSCALL={}\n", quote(&spec.syscall)),
            format!("ERRNO={}\nERRNO_NUMBER={number}\n", quote(&spec.errno)),
            format!("RECORD_SECONDS={seconds}\n"),
            format!("CAPTURE_ARGS={}\n", quote(&args.join(" "))),
        ]
        .concat())
    }

    fn programs(&self, job: &Job<'_>) -> Result<Vec<PathBuf>> {
        let dir = &self.scenario.dir;
        let out = self.programs.join(self.arch.name());
        let mut programs =
            cross::c_programs(self.arch, &dir.join("../common"), &out.join("common"))?;
        programs.extend(cross::c_programs(
            self.arch,
            dir,
            &out.join(&self.scenario.name),
        )?);
        if let Job::Record { capture, .. } = job {
            programs.push(capture.to_path_buf());
        }
        Ok(programs)
    }
}

/// What the guest reported: lines `key=value`.
fn outcome(results: &Path) -> Outcome {
    let text = fs::read_to_string(results.join("result")).unwrap_or_default();
    let values: HashMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let value = |key: &str| values.get(key).copied().unwrap_or_default();
    let failure = if text.is_empty() {
        "the guest ended without a result"
    } else {
        value("failure")
    };
    Outcome {
        release: value("release").into(),
        boot_s: value("boot").parse().unwrap_or_default(),
        runs: value("runs").parse().unwrap_or_default(),
        failure: failure.into(),
        ..Outcome::default()
    }
}

/// One word for a POSIX shell.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
