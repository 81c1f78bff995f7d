//! Committed files that are generated from the analyzer's rules.

mod catalogue;
mod log_words;
mod normal;
mod sentinels;
mod snapshots;

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result, ensure};

use crate::dirs;

pub(crate) use catalogue::CATALOGUE;
pub(crate) use log_words::LOG_WORDS;
pub(crate) use normal::NORMAL;
pub(crate) use sentinels::SENTINELS;
pub(crate) use snapshots::SNAPSHOTS;

/// A committed file, and what it must hold.
pub(crate) struct Generated {
    /// Its path in the repository.
    path: &'static str,
    /// The chore that writes it.
    chore: &'static str,
    generate: fn() -> Result<String>,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only compare: fail when the file is not what the rules give
    #[arg(long)]
    check: bool,
}

impl Generated {
    /// Writes the file, or compares it.
    pub(crate) fn run(&self, args: &Args) -> Result<()> {
        if args.check {
            return self.check();
        }
        let text = (self.generate)()?;
        fs::write(dirs::repo().join(self.path), &text)
            .with_context(|| format!("write {}", self.path))?;
        println!("{}: {} lines", self.path, text.lines().count());
        Ok(())
    }

    /// Fails when the committed file is not what the rules give.
    fn check(&self) -> Result<()> {
        let kept = fs::read_to_string(dirs::repo().join(self.path))
            .with_context(|| format!("read {}", self.path))?;
        ensure!(
            kept.replace("\r\n", "\n") == (self.generate)()?,
            "{} is not what the rules give: run cargo xtask {}",
            self.path,
            self.chore
        );
        Ok(())
    }
}

/// Fails when one of the files is not what the rules give.
pub(crate) fn check() -> Result<()> {
    [CATALOGUE, LOG_WORDS, NORMAL, SENTINELS, SNAPSHOTS]
        .iter()
        .try_for_each(Generated::check)
}

/// Where the rules are.
const RULES: &str = "analyze/rules";

/// The table beside the rules that has none.
const NORMAL_TABLE: &str = "normal.toml";

/// The table of what makes a failure stand out.
const SALIENCE_TABLE: &str = "incident/salience.toml";

/// The rule files, by name.
fn rule_files() -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dirs::repo().join(RULES))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") && name != NORMAL_TABLE {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("read {name}"))?;
            files.insert(name, text);
        }
    }
    Ok(files)
}

#[test]
fn the_committed_files_are_what_the_rules_give() {
    check().unwrap();
}
