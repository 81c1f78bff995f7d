//! Failing calls as strace(1) prints them: with the process's name as `-Y` does, the time of day as `-tt` does.
//!
//! What the arguments are and what their flags are called is generated from the kernel's headers (`make.py`).

mod arguments;
mod tables;

use std::{
    collections::HashMap,
    io::{self, Write},
};

use clap::Args;
use format_spec::record::Failure;
use serde::Serialize;

use super::{clock, select, stacks};
use crate::{
    failures::is_restart,
    graph::{Calls, ReturnRun},
    load::Bundle,
    names::{errno_name, errno_number, errno_text, syscall_name},
    text::plain,
};

pub(crate) use arguments::call;

/// What is shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Only these syscalls and errors, for example mount,openat,ENOSPC
    #[arg(short = 'e', long = "trace", value_name = "NAMES", value_parser = expression)]
    pub names: Option<Expression>,
    /// Only these processes or threads
    #[arg(short, long, value_delimiter = ',')]
    pub pid: Vec<u32>,
    /// Only calls about this path
    #[arg(short = 'P', long, value_name = "PATH")]
    pub path: Option<String>,
    /// The time since the failure before, and not the time of day
    #[arg(short, long)]
    pub relative_timestamps: bool,
    /// The kernel functions that said no, where they were recorded
    #[arg(short = 'k', long)]
    pub stack_trace: bool,
    /// Write JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// Syscalls and errors; none of a kind means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expression {
    syscalls: Vec<String>,
    errnos: Vec<u16>,
}

fn expression(text: &str) -> Result<Expression, String> {
    let mut expression = Expression::default();
    let names = text.strip_prefix("trace=").unwrap_or(text);
    for name in names.split(',').filter(|name| !name.is_empty()) {
        let errno = errno_number(name).filter(|_| name.starts_with(['E', 'e']));
        if let Some(errno) = errno {
            expression.errnos.push(errno);
        } else if select::is_syscall(name) {
            expression.syscalls.push(name.to_owned());
        } else {
            return Err(format!("Linux has neither a syscall nor an error '{name}'"));
        }
    }
    Ok(expression)
}

/// One call as JSON.
#[derive(Serialize)]
struct Line<'a> {
    time_ns: u64,
    pid: u32,
    tid: u32,
    comm: String,
    syscall: &'a str,
    call: String,
    errno: String,
    text: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stack: Vec<String>,
}

/// Writes the failing calls that were recorded whole, in order of time. Returns whether there was any of those that were
/// asked for.
///
/// # Errors
/// The stream's.
pub fn write(out: &mut impl Write, bundle: &Bundle, options: &Options) -> io::Result<bool> {
    if !options.json {
        head(out, bundle)?;
    }
    let chosen = options.names.is_some() || !options.pid.is_empty() || options.path.is_some();
    let mut found = !chosen;
    let stacks = if options.stack_trace {
        by_failure(bundle)
    } else {
        HashMap::new()
    };
    let mut before = None;
    for failure in &bundle.failures {
        let name = syscall_name(bundle.architecture(), failure.syscall);
        if !is_wanted(failure, &name, options) {
            continue;
        }
        found = true;
        let stack = stacks
            .get(&(failure.pid, failure.time_ns))
            .cloned()
            .unwrap_or_default();
        if options.json {
            let line = Line {
                time_ns: clock::since_epoch(bundle, failure.time_ns),
                pid: failure.tgid,
                tid: failure.pid,
                comm: plain(&failure.comm),
                syscall: &name,
                call: call(bundle, failure),
                errno: errno_name(failure.errno),
                text: errno_text(failure.errno),
                stack,
            };
            serde_json::to_writer(&mut *out, &line)?;
            writeln!(out)?;
            continue;
        }
        let time = if options.relative_timestamps {
            let gap_ns =
                failure.time_ns - before.replace(failure.time_ns).unwrap_or(failure.time_ns);
            format!(
                "{:>5}.{:06}",
                gap_ns / 1_000_000_000,
                gap_ns % 1_000_000_000 / 1000
            )
        } else {
            clock::time_of_day(bundle, failure.time_ns)
        };
        writeln!(out, "{}", line(bundle, failure, &time))?;
        for function in stack {
            writeln!(out, " > {function}()")?;
        }
    }
    Ok(found)
}

/// One failing call in one line.
pub(super) fn line(bundle: &Bundle, failure: &Failure, time: &str) -> String {
    format!(
        "{}<{}> {time} {} = -1 {} ({})",
        failure.pid,
        plain(&failure.comm),
        call(bundle, failure),
        errno_name(failure.errno),
        errno_text(failure.errno)
    )
}

/// How many calls are missing below.
fn head(out: &mut impl Write, bundle: &Bundle) -> io::Result<()> {
    let failures = bundle
        .counts
        .iter()
        .filter(|count| !is_restart(count.errno));
    let all: u64 = failures.map(|count| count.count).sum();
    let whole = bundle.failures.len();
    if u64::try_from(whole).is_ok_and(|whole| whole < all) {
        writeln!(
            out,
            "# {whole} of {all} failing calls were recorded whole; `analyze syscount` has them all"
        )?;
    }
    Ok(())
}

fn is_wanted(failure: &Failure, syscall: &str, options: &Options) -> bool {
    let named = options.names.as_ref().is_none_or(|names| {
        let syscalls = &names.syscalls;
        (syscalls.is_empty() || syscalls.iter().any(|wanted| wanted == syscall))
            && (names.errnos.is_empty() || names.errnos.contains(&failure.errno))
    });
    let pids = &options.pid;
    let ours = pids.is_empty() || pids.contains(&failure.tgid) || pids.contains(&failure.pid);
    let about = options.path.as_ref().is_none_or(|path| {
        let mut strings = failure.paths.iter();
        strings.any(|string| string.bytes == path.as_bytes())
    });
    named && ours && about
}

/// The stacks of what the probes on limit checks caught, by thread and time of the failure.
fn by_failure(bundle: &Bundle) -> HashMap<(u32, u64), Vec<String>> {
    let calls = Calls::new(bundle);
    let stack = |run: &ReturnRun| {
        let last = stacks::of_run(run, &bundle.symbols).pop()?;
        Some(((run.pid, run.ended_ns), last.functions))
    };
    calls.sentinels.iter().filter_map(stack).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    fn text(recording: &Recording, options: &Options) -> String {
        let mut out = Vec::new();
        write(&mut out, &recording.load(), options).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn recording() -> Recording {
        let mut recording = Recording::new();
        recording.fail(49, 2, "sh\x1b", 1_000_000);
        recording.path(0, "/no");
        recording.fail(49, 13, "sh", 3_500_000);
        recording.path(0, "/root");
        recording.counts[0].count = 9;
        recording
    }

    #[test]
    fn lines_are_those_of_strace() {
        assert_eq!(
            text(&recording(), &Options::default()),
            "# 2 of 10 failing calls were recorded whole; `analyze syscount` has them all\n\
             100<sh\\u{1b}> 22:13:20.001000 chdir(\"/no\") = -1 ENOENT (No such file or directory)\n\
             100<sh> 22:13:20.003500 chdir(\"/root\") = -1 EACCES (Permission denied)\n"
        );
    }

    #[test]
    fn what_is_chosen_is_shown() {
        let names = expression("trace=chdir,EACCES").unwrap();
        let options = Options {
            names: Some(names),
            relative_timestamps: true,
            ..Options::default()
        };
        let shown = text(&recording(), &options);
        assert!(
            shown.ends_with(
                "\n100<sh>     0.000000 chdir(\"/root\") = -1 EACCES (Permission denied)\n"
            ),
            "{shown}"
        );
        let options = Options {
            path: Some("/no".into()),
            json: true,
            ..Options::default()
        };
        let line: serde_json::Value = serde_json::from_str(&text(&recording(), &options)).unwrap();
        assert_eq!(
            (&line["errno"], &line["call"]),
            (&"ENOENT".into(), &"chdir(\"/no\")".into())
        );
        assert!(expression("no_such_call").is_err());
    }
}
