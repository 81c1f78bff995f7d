//! One scenario in one boot: what goes into the guest, and what comes out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::boot::{Boot, quote, variable};
use super::kernel::Kernel;
use super::noise::Noise;
use crate::cross::{self, Arch};
use crate::errno;
use crate::recording::{Host, Recording};
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
    /// The same with the commands that a report gives as remedies, the first one that ends the failure.
    VerifyReported(&'a [String]),
}

/// A scenario and where it runs.
pub(crate) struct Guest<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) arch: Arch,
    pub(crate) kernel: &'a Kernel,
    /// What else fails meanwhile.
    pub(crate) noise: Option<&'a Noise>,
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
    /// The reported remedy that ended the failure, if that was looked for.
    pub(crate) remedy: String,
    /// Why it is not good; empty when it is.
    pub(crate) failure: String,
}

impl Guest<'_> {
    /// The path of an output file: the `log`, or the bundle, `etz`.
    pub(crate) fn output(&self, extension: &str) -> PathBuf {
        let recording = Recording {
            scenario: self.scenario.name.clone(),
            host: self.host(),
        };
        self.out.join(format!("{recording}.{extension}"))
    }

    /// Where it runs, as tables and names of files have it.
    pub(crate) fn host(&self) -> Host {
        Host {
            kernel: format!("{}-{}", self.arch.name(), self.kernel.label),
            noise: self.noise.map(|noise| noise.label.clone()),
        }
    }

    /// Runs one job. An error means that the guest could not be started; one that failed is told by the
    /// outcome.
    pub(crate) fn run(&self, job: &Job<'_>) -> Result<Outcome> {
        let spec = &self.scenario.spec;
        let has_userland = !spec.userland.is_empty();
        let (script, seconds) = match job {
            Job::Record { seconds, .. } => (
                RECORD,
                seconds.unwrap_or(if has_userland { 40 } else { 15 }),
            ),
            Job::VerifyRemedy | Job::VerifyReported(_) => (VERIFY, 0),
        };
        let default_memory = if has_userland { 2048 } else { 1024 };
        let boot = Boot {
            arch: self.arch,
            kernel: self.kernel,
            cpus: self.cpus.unwrap_or(if has_userland { 2 } else { 1 }),
            memory_mib: spec.memory_mib.unwrap_or(default_memory),
            modules: &spec.modules,
            userland: &spec.userland,
            parameters: "",
            script,
            config: &self.config(job, seconds)?,
            programs: &self.programs(job)?,
            noise: &self.noise_programs()?,
            files: Some(&self.scenario.dir),
            log: &self.output("log"),
        };
        let results = boot.run(LIMIT + Duration::from_secs(2 * seconds))?;
        let bundle_bytes = match results.file("bundle.etz") {
            Some(recorded) => fs::copy(recorded, self.output("etz"))?,
            None => 0,
        };
        Ok(Outcome {
            release: results.value("release").into(),
            boot_s: results.number("boot"),
            total_s: results.total_s,
            bundle_bytes,
            runs: results.number("runs"),
            remedy: results.value("remedy").into(),
            failure: results.failure().into(),
        })
    }

    /// Variables for the guest's scripts.
    fn config(&self, job: &Job<'_>, seconds: u64) -> Result<String> {
        let Scenario { name, spec, .. } = self.scenario;
        let mut args = spec.capture_args.clone();
        if !args.iter().any(|arg| arg == "--for") {
            args.extend(["--for".into(), format!("{seconds}s")]);
        }
        let args: Vec<String> = args.iter().map(|arg| quote(arg)).collect();
        let control = if spec.is_control() { "yes" } else { "no" };
        let number = errno::number(&spec.errno)?;
        let reported = match job {
            Job::VerifyReported(commands) => commands.join("\n"),
            Job::Record { .. } | Job::VerifyRemedy => String::new(),
        };
        Ok([
            variable("REPORTED", &reported),
            variable("SCENARIO", name),
            variable("CONTROL", control),
            variable("SYSCALL", &spec.syscall),
            variable("ERRNO", &spec.errno),
            variable("ERRNO_NUMBER", &number.to_string()),
            variable("RECORD_SECONDS", &seconds.to_string()),
            variable("CAPTURE_ARGS", &args.join(" ")),
        ]
        .concat())
    }

    /// The programs and scripts that fail beside the scenario.
    fn noise_programs(&self) -> Result<Vec<PathBuf>> {
        let out = self.programs.join(self.arch.name());
        let programs = self.noise.map(|noise| noise.programs(self.arch, &out));
        programs.unwrap_or_else(|| Ok(Vec::new()))
    }

    /// All that goes on the guest's PATH.
    fn programs(&self, job: &Job<'_>) -> Result<Vec<PathBuf>> {
        let dir = &self.scenario.dir;
        let out = self.programs.join(self.arch.name());
        let common = cross::c_programs(self.arch, &dir.join("../common"), &out.join("common"))?;
        let own = cross::c_programs(self.arch, dir, &out.join(&self.scenario.name))?;
        let mut programs = [common, own].concat();
        if let Job::Record { capture, .. } = job {
            programs.push(capture.to_path_buf());
        }
        Ok(programs)
    }
}
