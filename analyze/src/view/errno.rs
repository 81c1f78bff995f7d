//! What an error means, and which limits, policies and states of the kernel are known to give it: from the rules.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use clap::Args;
use serde::Serialize;

use super::{json, select, whole_words};
use crate::{
    names::{errno_name, errno_text},
    rules::{Remedy, Rule, book},
};

/// What is shown.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The error, by name or number
    #[arg(value_parser = select::errno)]
    pub errno: u16,
    /// Only what this syscall gives it for
    #[arg(short, long, value_name = "SYSCALL", value_parser = select::syscall)]
    pub syscall: Option<String>,
    /// How each cause comes about, and what to do
    #[arg(short, long)]
    pub verbose: bool,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// Groups of causes, by the classes of their ids.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Something is full, and can be raised",
        &["sysctl", "rlimit", "cgroup", "fs", "quota"],
    ),
    (
        "Someone said no",
        &[
            "capability",
            "seccomp",
            "lsm",
            "mount-option",
            "inode-flag",
            "file",
            "netfilter",
            "route",
        ],
    ),
    (
        "The state of the caller, or of what it asked for",
        &["busy", "namespace", "process-state", "device"],
    ),
    (
        "Nothing to raise",
        &["argument", "kernel-limit", "kernel-config"],
    ),
];

/// A known cause.
#[derive(Debug, Serialize)]
struct Cause<'a> {
    id: &'a str,
    title: &'a str,
    /// Empty for any.
    syscalls: Vec<&'a str>,
    /// Kernel functions that say no.
    functions: Vec<&'a str>,
    why: &'a str,
    remedy: Vec<String>,
}

#[derive(Serialize)]
struct Known<'a> {
    errno: u16,
    name: String,
    text: &'static str,
    causes: Vec<Cause<'a>>,
}

/// Writes the error's number and text, then its known causes, in `columns` of a terminal.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, options: &Options, columns: Option<usize>) -> io::Result<()> {
    let name = errno_name(options.errno);
    let causes = causes(&name, options.syscall.as_deref());
    let text = errno_text(options.errno);
    if options.json {
        let errno = options.errno;
        return json(
            out,
            &Known {
                errno,
                name,
                text,
                causes,
            },
        );
    }
    writeln!(out, "{name} {} {text}", options.errno)?;
    if causes.is_empty() {
        return writeln!(
            out,
            "\nNo rule knows a cause of it{}.",
            options
                .syscall
                .as_ref()
                .map_or(String::new(), |name| format!(" from {name}"))
        );
    }
    for (group, classes) in GROUPS {
        let is_of = |cause: &&Cause<'_>| {
            let class = cause.id.split(':').next().unwrap_or_default();
            classes.contains(&class)
        };
        let mut causes = causes.iter().filter(is_of).peekable();
        if causes.peek().is_none() {
            continue;
        }
        writeln!(out, "\n{group}")?;
        for cause in causes {
            write_cause(out, cause, options.verbose, columns)?;
        }
    }
    Ok(())
}

fn write_cause(
    out: &mut impl Write,
    cause: &Cause<'_>,
    verbose: bool,
    columns: Option<usize>,
) -> io::Result<()> {
    let syscalls = match cause.syscalls.len() {
        0 => "any syscall".into(),
        1..=4 => cause.syscalls.join(", "),
        many => format!("{}, {} more", cause.syscalls[..3].join(", "), many - 3),
    };
    let line = format!("  {:<34} {} ({syscalls})", cause.id, cause.title);
    match columns {
        Some(columns) => {
            let behind_id = " ".repeat(37);
            let options = whole_words(columns).subsequent_indent(&behind_id);
            writeln!(out, "{}", textwrap::fill(&line, &options))?;
        }
        None => writeln!(out, "{line}")?,
    }
    if verbose {
        let options = whole_words(columns.unwrap_or(80).min(100))
            .initial_indent("      ")
            .subsequent_indent("      ");
        writeln!(out, "{}", textwrap::fill(cause.why, &options))?;
        for remedy in &cause.remedy {
            let options = whole_words(columns.unwrap_or(80).min(100))
                .initial_indent("      > ")
                .subsequent_indent("        ");
            writeln!(out, "{}", textwrap::fill(remedy, &options))?;
        }
    }
    Ok(())
}

/// The causes in the order of the rules; rules of one id and title are one.
fn causes(errno: &str, syscall: Option<&str>) -> Vec<Cause<'static>> {
    let of = |rule: &&Rule| {
        let about = syscall.is_none_or(|name| {
            rule.syscall.is_empty() || rule.syscall.iter().any(|known| known == name)
        });
        about && rule.errno.iter().any(|known| known == errno)
    };
    let mut causes: BTreeMap<(&str, &str), Cause<'_>> = BTreeMap::new();
    let mut order = Vec::new();
    for rule in book().iter().filter(of) {
        let key = (rule.id.as_str(), rule.title.as_str());
        let known = causes.contains_key(&key);
        let remedies = rule.remedy.iter();
        let remedies = remedies.map(|text| Remedy::parse(text).to_string());
        let cause = causes.entry(key).or_insert_with(|| {
            order.push(key);
            Cause {
                id: &rule.id,
                title: &rule.title,
                syscalls: Vec::new(),
                functions: Vec::new(),
                why: &rule.why,
                remedy: remedies.collect(),
            }
        });
        // A rule for any syscall covers those that name some.
        if rule.syscall.is_empty() {
            cause.syscalls.clear();
        } else if !known || !cause.syscalls.is_empty() {
            add(&mut cause.syscalls, &rule.syscall);
        }
        add(&mut cause.functions, &rule.origin);
    }
    order.iter().filter_map(|key| causes.remove(key)).collect()
}

fn add(names: &mut Vec<&'static str>, more: &'static [String]) {
    for name in more {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(errno: u16, syscall: Option<&str>, verbose: bool) -> String {
        let options = Options {
            errno,
            syscall: syscall.map(str::to_owned),
            verbose,
            json: false,
        };
        let mut out = Vec::new();
        write(&mut out, &options, None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn limits_that_give_it_are_named() {
        let all = text(28, None, false);
        assert!(all.starts_with("ENOSPC 28 No space left on device\n"));
        for id in [
            "sysctl:fs.mount-max",
            "sysctl:fs.inotify.max_user_watches",
            "fs:blocks",
        ] {
            assert_eq!(all.matches(&format!("  {id} ")).count(), 1, "{id}");
        }
        let mount = text(28, Some("mount"), true);
        assert!(
            mount.contains("> sysctl -w fs.mount-max={limit_doubled}"),
            "{mount}"
        );
        assert!(!mount.contains("max_user_watches"));
        assert!(text(29, Some("mount"), false).contains("No rule knows"));
    }

    #[test]
    fn every_class_is_of_one_group() {
        for rule in book() {
            let class = rule.id.split(':').next().unwrap_or_default();
            let groups = GROUPS
                .iter()
                .filter(|(_, classes)| classes.contains(&class));
            assert_eq!(groups.count(), 1, "{}", rule.id);
        }
    }
}
