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
const NAMES: [(&str, &str, &[&str]); 15] = [
    ("HOST", "zeppelin.corpdom.example", &["zeppelin", "corpdom"]),
    ("PERSON", "jfeldmann", &["jfeldmann"]),
    ("PROJECT", "payrollx", &["payrollx"]),
    ("CONTAINER", "webshop-prodeu", &["webshop", "prodeu"]),
    ("PROGRAM", "busybox-ledgerd", &["ledgerd"]),
    ("ADDRESS", "203.0.113.77", &["203.0.113.77"]),
    ("FLAG", "--acmeflag=bluebird7", &["acmeflag", "bluebird7"]),
    ("SHORT", "-pHunter2Hunter", &["Hunter2Hunter"]),
    ("SERVER", "filer-nine", &["filer-nine"]),
    ("SHARE", "quarterly9", &["quarterly9"]),
    ("MONITOR", "198.51.100.23", &["198.51.100.23"]),
    ("VENDOR", "falconxdr", &["falconxdr"]),
    ("VOLUMES", "vgtreasury", &["vgtreasury"]),
    ("VOLUME", "lvdividend", &["lvdividend"]),
    ("INTERFACE", "corpvpn0", &["corpvpn0"]),
];

/// What is in no bundle, redacted or not: the password of a mount.
const SECRET: (&str, &str) = ("PASSWORD", "4829137756");

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
    let names = NAMES.map(|(name, value, _)| (name, value));
    let variables = names.iter().chain([&SECRET]);
    let variables: Vec<String> = variables
        .map(|(name, value)| variable(name, value))
        .collect();
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
        for (name, part) in parts() {
            let form = forms(part).into_iter().find(|form| holds(&content, form));
            ensure!(
                is_redacted || holds(&content, part.as_bytes()),
                "{name} ({part}) was not recorded at all"
            );
            ensure!(
                !is_redacted || form.is_none(),
                "{name} ({part}) is in {} as {:?}",
                bundle.display(),
                form.map(|form| String::from_utf8_lossy(&form).into_owned())
            );
        }
        let (name, secret) = SECRET;
        ensure!(
            !forms(secret).iter().any(|form| holds(&content, form)),
            "{name} is in {}",
            bundle.display()
        );
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

fn parts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let names = NAMES.into_iter();
    names.flat_map(|(name, _, parts)| parts.iter().map(move |&part| (name, part)))
}

/// A name as it may stand in a bundle: as it is, in hexadecimal digits, in base64 from any place on; an address also with
/// its octets in digits, in both orders.
fn forms(name: &str) -> Vec<Vec<u8>> {
    let hex = |bytes: &[u8]| -> Vec<u8> {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.into_bytes()
    };
    let mut forms = vec![name.as_bytes().to_vec(), hex(name.as_bytes())];
    forms.extend((0..3).map(|at| base64_within(name.as_bytes(), at)));
    if let Ok(address) = name.parse::<std::net::Ipv4Addr>() {
        let mut octets = address.octets();
        forms.push(hex(&octets));
        octets.reverse();
        forms.push(hex(&octets));
        let reversed: Vec<String> = octets.iter().map(u8::to_string).collect();
        forms.push(reversed.join(".").into_bytes());
    }
    forms
}

/// The letters of base64 that `bytes` alone decide when they stand `at` bytes behind a multiple of three.
fn base64_within(bytes: &[u8], at: usize) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |number: usize| {
        let byte = (number / 8)
            .checked_sub(at)
            .and_then(|byte| bytes.get(byte));
        byte.map(|byte| byte >> (7 - number % 8) & 1)
    };
    let letter = |number: usize| -> Option<u8> {
        let mut bits = (0..6).map(|at| bit(6 * number + at));
        let value = bits.try_fold(0, |value, bit| Some(value << 1 | usize::from(bit?)))?;
        LETTERS.get(value).copied()
    };
    let all = (bytes.len() + at) * 8 / 6 + 1;
    (0..all).filter_map(letter).collect()
}

fn holds(bytes: &[u8], form: &[u8]) -> bool {
    let mut parts = bytes.windows(form.len());
    parts.any(|part| part.eq_ignore_ascii_case(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_every_form() {
        let forms = |name| {
            let forms = forms(name).into_iter();
            forms
                .map(|form| String::from_utf8(form).unwrap())
                .collect::<Vec<_>>()
        };
        // `printf 'abc' | base64`, `printf 'xabc' | base64`, `printf 'xxabc' | base64` without what others decide.
        assert_eq!(forms("abc"), ["abc", "616263", "YWJj", "FiY", "hYm"]);
        let address = forms("203.0.113.77");
        for due in ["cb00714d", "4d7100cb", "77.113.0.203"] {
            assert!(address.iter().any(|form| form == due), "{address:?}");
        }
    }
}
