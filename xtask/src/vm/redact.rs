//! Names stay on the host: `capture --redact` in a guest. `cargo xtask vm redact`.
//!
//! One failure is recorded twice, as it is and with pseudonyms. Each name of the guest must be in the first bundle, be
//! nowhere in the second one, and both must have the same cause.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use format_spec::Reader;
use format_spec::record::{FtracePages, Record as _};
use serde_json::Value;

use super::boot::{Boot, Results, variable};
use super::kernel::Kernel;
use crate::cross;
use crate::process::{command, output};
use crate::totals::Totals;
use crate::{accuracy, host};

const SCRIPT: &str = include_str!("guest/redact.sh");

/// Two recordings of some ten seconds each, which software emulation stretches.
const LIMIT: Duration = Duration::from_secs(300);

/// The guest's names, by the script's variable: the value, and what of it may not be left.
const NAMES: [(&str, &str, &str); 6] = [
    ("HOST", "zeppelin.corp.example", "zeppelin"),
    ("PERSON", "jfeldmann", "jfeldmann"),
    ("PROJECT", "payrollx", "payrollx"),
    ("CONTAINER", "webshop-prod", "webshop"),
    ("PROGRAM", "busybox-ledgerd", "ledgerd"),
    ("ADDRESS", "203.0.113.77", "203.0.113.77"),
];

/// Record with `--redact` on a host full of names, and check that none is in the bundle and that its cause is the same
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kernel series, or the path of a kernel image with everything built in
    #[arg(long, default_value = super::DEFAULT_KERNEL)]
    pub(crate) kernel: String,

    #[command(flatten)]
    pub(crate) guest: cross::Guest,

    /// Folder for bundles and logs
    #[arg(short, long, default_value = "out")]
    pub(crate) out: PathBuf,
}

impl Args {
    /// Records on the default kernel.
    pub(crate) fn new(out: PathBuf) -> Self {
        Self {
            kernel: super::DEFAULT_KERNEL.into(),
            guest: cross::Guest::default(),
            out,
        }
    }
}

/// Says what is left or different; fails when anything is.
pub(crate) fn run(args: &Args) -> Result<()> {
    run_all(args)?.conclude()
}

/// Counts the one run.
pub(crate) fn run_all(args: &Args) -> Result<Totals> {
    host::require(host::VM)?;
    let capture = args.guest.capture()?;
    let analyze = accuracy::build_analyze()?;
    let out = std::path::absolute(&args.out)?;
    fs::create_dir_all(&out)?;
    let kernel = Kernel::find(&args.kernel, args.guest.arch)?;
    let label = format!("{}-{}", args.guest.arch.name(), kernel.label);
    let log = out.join(format!("redact.{label}.log"));
    let variables = NAMES.map(|(name, value, _)| variable(name, value));
    let boot = Boot {
        config: &variables.concat(),
        programs: &[capture],
        ..Boot::bare(args.guest.arch, &kernel, SCRIPT, &log)
    };
    let results = boot.run(LIMIT)?;
    match compare(&results, &out, &label, &analyze) {
        Ok(cause) => {
            println!("{label}: no name is left, and the cause is {cause}");
            Ok(Totals::PASSED)
        }
        Err(error) => {
            println!("{label}: {error:#} (the log: {})", log.display());
            Ok(Totals::FAILED)
        }
    }
}

/// Returns the cause.
fn compare(results: &Results, out: &Path, label: &str, analyze: &Path) -> Result<String> {
    ensure!(results.failure().is_empty(), "{}", results.failure());
    let mut causes = Vec::new();
    for (kind, is_redacted) in [("plain", false), ("redacted", true)] {
        let recorded = results.file(&format!("{kind}.etz"));
        let recorded = recorded.with_context(|| format!("there is no {kind} bundle"))?;
        let bundle = out.join(format!("redact-{kind}.{label}.etz"));
        fs::copy(recorded, &bundle)?;
        let file = fs::read(&bundle)?;
        let content = content(&file).with_context(|| bundle.display().to_string())?;
        for (name, _, part) in NAMES {
            let is_there = holds(&content, part);
            ensure!(
                is_there || is_redacted,
                "{name} ({part}) was not recorded at all"
            );
            ensure!(
                !is_there || !is_redacted,
                "{name} ({part}) is in {}",
                bundle.display()
            );
        }
        let report = output(command(analyze).arg("--json").arg(&bundle))?;
        let report: Value = serde_json::from_str(&report)?;
        let cause = report["culprits"][0]["id"].as_str();
        causes.push(
            cause
                .with_context(|| format!("{kind}: no cause"))?
                .to_owned(),
        );
    }
    ensure!(
        causes[0] == causes[1],
        "the cause is {} of the plain bundle, {} of the redacted one",
        causes[0],
        causes[1]
    );
    Ok(causes.remove(0))
}

/// All that is in a bundle, decompressed; of pages also what their columns stand for.
fn content(file: &[u8]) -> Result<Vec<u8>> {
    let reader = Reader::new(file)?;
    ensure!(
        reader.damage().is_empty(),
        "it is damaged: {:?}",
        reader.damage()
    );
    let mut content = Vec::new();
    for frame in reader.frames() {
        content.extend(reader.payload(frame)?);
        if frame.header.frame_type == FtracePages::TYPE {
            let record: FtracePages = reader.decode(frame)?;
            content.extend(record.pages.concat());
        }
    }
    Ok(content)
}

fn holds(bytes: &[u8], name: &str) -> bool {
    let mut parts = bytes.windows(name.len());
    parts.any(|part| part.eq_ignore_ascii_case(name.as_bytes()))
}
