//! Failures of the recorded command (`capture -- COMMAND`) and its descendants.

use std::collections::HashSet;

use format_spec::record::Failure;

use super::ends::{End, Ends};
use crate::{failures::Group, load::Bundle};

/// The recorder's fact of failures of the recorded command and its descendants.
const OF_COMMAND: &str = "task.of_command";

/// What parts capture's own words from the command's.
const SEPARATOR: &str = "--";

/// The recorded command.
#[derive(Debug)]
pub(super) struct Command<'a> {
    bundle: &'a Bundle,
    /// Failures on what the words of the command name, after which their process ended badly, by index into
    /// [`Bundle::failures`]; none when the command did not fail.
    fatal: HashSet<usize>,
}

impl<'a> Command<'a> {
    pub(super) fn of(bundle: &'a Bundle, ends: &Ends<'_>) -> Self {
        let status = bundle
            .closing
            .as_ref()
            .and_then(|closing| closing.command_status);
        let fatal = match status {
            None | Some(0) => HashSet::new(),
            Some(_) => fatal(bundle, ends),
        };
        Self { bundle, fatal }
    }

    /// Whether some of the failures are the command's.
    pub(super) fn has_failed(&self, group: &Group) -> bool {
        let mut failures = group.failures(self.bundle);
        failures.any(|failure| is_of_command(self.bundle, failure))
    }

    /// Whether the command failed by some of the failures.
    pub(super) fn is_ended_by(&self, group: &Group) -> bool {
        group.samples.iter().any(|index| self.fatal.contains(index))
    }
}

fn fatal(bundle: &Bundle, ends: &Ends<'_>) -> HashSet<usize> {
    let words = bundle
        .manifest
        .iter()
        .flat_map(|manifest| &manifest.command_line);
    let words: Vec<&String> = words
        .skip_while(|word| *word != SEPARATOR)
        .skip(1)
        .collect();
    let is_named = |failure: &Failure| {
        let mut paths = failure.paths.iter().filter(|path| path.bytes.len() > 1);
        paths.any(|path| {
            let path = std::str::from_utf8(&path.bytes);
            path.is_ok_and(|path| words.iter().any(|word| word.contains(path)))
        })
    };
    let ended_badly =
        |failure: &Failure| ends.after(failure.tgid, failure.time_ns) == Some(End::Badly);
    let all = bundle.failures.iter().enumerate();
    let fatal = all.filter(|(_, failure)| {
        is_of_command(bundle, failure) && is_named(failure) && ended_badly(failure)
    });
    fatal.map(|(index, _)| index).collect()
}

fn is_of_command(bundle: &Bundle, failure: &Failure) -> bool {
    bundle.fact(failure, OF_COMMAND) == Some(1)
}
