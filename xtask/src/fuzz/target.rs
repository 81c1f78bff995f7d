//! One fuzz target: its run, and what libFuzzer tells of it.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

use anyhow::{Context as _, Result};

use crate::process::{command, output};

/// Seconds of one input that are a finding, and seconds after which it is not waited for any longer.
const SLOW_SECONDS: u32 = 2;
const HANG_SECONDS: u32 = 10;

/// What the whole program may take, in MiB: libFuzzer's corpus too, which it keeps in memory. What one input may take
/// is limited in the target itself (`format-spec/fuzz/src/limits.rs`).
const MEMORY_MIB: u32 = 1024;

/// Longest inputs, in bytes: of targets that take whole files, and of the others.
const FILE_LEN: usize = 1 << 18;
const TEXT_LEN: usize = 1 << 16;

/// Lines of a finding's output that are shown.
const SHOWN_LINES: usize = 6;

/// The head of the table whose rows are [`Outcome`]s.
pub(super) const HEAD: &str =
    "target     seconds        runs   edges  new edges  new inputs  findings";

/// A target and where its things are.
pub(super) struct Target<'a> {
    pub(super) name: &'a str,
    pub(super) program: PathBuf,
    /// Inputs that earlier runs kept for the code that they reach; this one adds to them.
    pub(super) grown: PathBuf,
    /// Inputs in the repository.
    pub(super) committed: PathBuf,
    /// Bundles, for targets that take whole files.
    pub(super) bundles: PathBuf,
    /// Where findings and logs go.
    pub(super) kept: &'a Path,
}

/// What a run came to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    name: String,
    seconds: u64,
    runs: u64,
    /// Edges of the program's flow that all inputs together took, and those that only this run's did.
    edges: u64,
    new_edges: u64,
    /// Inputs that took a new edge.
    new_inputs: u64,
    pub(super) findings: Vec<Finding>,
}

/// What is wrong, and how to see it again.
#[derive(Debug, PartialEq)]
pub(super) struct Finding {
    what: String,
    again: String,
}

impl Target<'_> {
    /// Fuzzes for so many seconds, or until the first finding.
    ///
    /// # Errors
    /// The program cannot be started, or a folder not be made.
    pub(super) fn fuzz(&self, seconds: u64) -> Result<Outcome> {
        fs::create_dir_all(&self.grown)?;
        let seeds = [&self.grown, &self.committed, &self.bundles];
        let takes_files = matches!(self.name, "bundle" | "container");
        let (seeds, len) = if takes_files {
            (&seeds[..], FILE_LEN)
        } else {
            (&seeds[..2], TEXT_LEN)
        };
        let prefix = format!("{}/{}-", self.kept.display(), self.name);
        let begun = Instant::now();
        let done = command(&self.program)
            .args([
                format!("-max_total_time={seconds}"),
                format!("-max_len={len}"),
                format!("-rss_limit_mb={MEMORY_MIB}"),
                format!("-timeout={HANG_SECONDS}"),
                format!("-report_slow_units={SLOW_SECONDS}"),
                format!("-artifact_prefix={prefix}"),
                "-print_final_stats=1".to_owned(),
            ])
            .args(seeds)
            .stdout(Stdio::null())
            .output()
            .with_context(|| format!("start {}", self.program.display()))?;
        let log = self.kept.join(format!("{}.log", self.name));
        fs::write(&log, &done.stderr)?;
        let said = String::from_utf8_lossy(&done.stderr);
        let mut outcome = Outcome {
            name: self.name.to_owned(),
            seconds: begun.elapsed().as_secs(),
            ..Outcome::read(&said)
        };
        for input in written(&said) {
            let is_slow = input.starts_with(&format!("{prefix}slow-unit-"));
            if is_slow && !self.is_slow(&input) {
                fs::remove_file(&input)?;
                continue;
            }
            outcome.findings.push(Finding {
                what: if is_slow {
                    format!("an input takes {SLOW_SECONDS} s or more")
                } else {
                    reason(&said)
                },
                again: format!("{} {input}", self.program.display()),
            });
        }
        if !done.status.success() && outcome.findings.is_empty() {
            outcome.findings.push(Finding {
                what: format!("it ended with {}, and kept no input", done.status),
                again: format!("see {}", log.display()),
            });
        }
        Ok(outcome)
    }

    /// Whether it is the input that is slow, and not the machine that was busy: alone it is slow, too.
    fn is_slow(&self, input: &str) -> bool {
        let mut again = command("sh");
        again
            .args(["-c", "exec \"$0\" \"$1\" 2>&1"])
            .arg(&self.program)
            .arg(input);
        // "Executed INPUT in 12 ms"
        let milliseconds = output(&mut again).ok().and_then(|said| {
            let line = said.lines().find_map(|line| line.strip_prefix("Executed "));
            let number = line?.strip_suffix(" ms")?.rsplit(' ').next()?.to_owned();
            number.parse::<u64>().ok()
        });
        milliseconds.is_none_or(|took| took >= u64::from(SLOW_SECONDS) * 1000)
    }
}

/// The inputs that libFuzzer says it has written.
fn written(said: &str) -> Vec<String> {
    let paths = said
        .lines()
        .filter_map(|line| line.split_once("Test unit written to "));
    paths.map(|(_, path)| path.trim().to_owned()).collect()
}

/// What the program and libFuzzer say of a finding: a panic, an allocation that failed, or a time-out.
fn reason(said: &str) -> String {
    const SIGNAL: &str = "== ERROR: libFuzzer: deadly signal";
    let marks = ["panicked at", "memory allocation of", "== ERROR: "];
    let mut lines = said
        .lines()
        .skip_while(|line| !marks.iter().any(|mark| line.contains(mark)))
        .peekable();
    if lines.peek().is_some_and(|line| line.ends_with(SIGNAL)) {
        return "a signal without a panic: too deep a recursion".to_owned();
    }
    let ends = |line: &&str| {
        ["note: ", "NOTE: ", "stack backtrace:"]
            .iter()
            .any(|end| line.starts_with(end))
    };
    let shown = lines.take_while(|line| !ends(line)).take(SHOWN_LINES);
    shown.collect::<Vec<_>>().join("\n    ")
}

impl Outcome {
    /// Reads what libFuzzer wrote: a line for each new input, and its statistics at the end, also after a finding.
    fn read(said: &str) -> Self {
        let after = |line: &str, mark: &str| -> Option<u64> {
            let (_, rest) = line.split_once(mark)?;
            rest.split_whitespace().next()?.parse().ok()
        };
        let last = |mark| said.lines().rev().find_map(|line| after(line, mark));
        let edges = last(" cov: ").unwrap_or_default();
        let seeded = said.lines().find(|line| line.contains("\tINITED "));
        let seeded = seeded.and_then(|line| after(line, " cov: "));
        Self {
            runs: last("stat::number_of_executed_units:").unwrap_or_default(),
            edges,
            new_edges: edges.saturating_sub(seeded.unwrap_or(edges)),
            new_inputs: last("stat::new_units_added:").unwrap_or_default(),
            ..Self::default()
        }
    }
}

impl fmt::Display for Outcome {
    /// A row below [`HEAD`], and two lines or more for each finding.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<10} {:>7} {:>11} {:>7} {:>10} {:>11} {:>9}",
            self.name,
            self.seconds,
            self.runs,
            self.edges,
            self.new_edges,
            self.new_inputs,
            self.findings.len()
        )?;
        for finding in &self.findings {
            write!(f, "\n    {}\n    again: {}", finding.what, finding.again)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As libFuzzer writes it: a start, a new input, a finding.
    const SAID: &str = "INFO: seed corpus: files: 9 min: 2b max: 60b total: 300b rss: 40Mb
#10\tINITED cov: 280 ft: 400 corp: 9/300b exec/s: 0 rss: 41Mb
#77\tNEW    cov: 281 ft: 402 corp: 10/310b lim: 60 exec/s: 0 rss: 41Mb L: 10/60 MS: 1 InsertByte-

thread '<unnamed>' (7) panicked at src/lib.rs:3:5:
index out of bounds
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
==7== ERROR: libFuzzer: deadly signal
NOTE: libFuzzer has rudimentary signal handlers.
artifact_prefix='out/fuzz/formats-'; Test unit written to out/fuzz/formats-crash-0a
stat::number_of_executed_units: 78
stat::average_exec_per_sec:     39
stat::new_units_added:          1
";

    #[test]
    fn reads_what_libfuzzer_writes() {
        let outcome = Outcome::read(SAID);
        let expected = Outcome {
            runs: 78,
            edges: 281,
            new_edges: 1,
            new_inputs: 1,
            ..Outcome::default()
        };
        assert_eq!(outcome, expected);
        assert_eq!(written(SAID), ["out/fuzz/formats-crash-0a"]);
        let reason = reason(SAID);
        assert!(
            reason.contains("src/lib.rs:3:5:\n    index out of bounds"),
            "{reason}"
        );
        assert!(!reason.contains("NOTE"), "{reason}");
    }

    #[test]
    fn a_row_is_as_wide_as_the_head() {
        let row = Outcome::read(SAID).to_string();
        assert_eq!(row.len(), HEAD.len());
    }
}
