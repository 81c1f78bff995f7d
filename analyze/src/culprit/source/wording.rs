//! Placeholders of rules, filled with what was found.

use crate::{case::Case, evidence::cgroups_of, limits::LimitUse, text::plain};

/// A sentence with its placeholders filled, `{log}` with what the kernel logged; `None` when one of them is not known.
pub(super) fn sentence(
    template: &str,
    case: &Case<'_>,
    limit: Option<&LimitUse>,
    message: Option<&str>,
) -> Option<String> {
    fill(template, &|name| match (name, message) {
        ("log", Some(message)) => Value::Known(message.to_owned()),
        ("log", None) => Value::Missing,
        _ => value(name, case, limit),
    })
}

/// A remedy with its placeholders filled, names from the host quoted for the shell: a path must not become a command.
/// `None` when a placeholder is not known: half a command is worse than none.
pub(super) fn remedy(template: &str, case: &Case<'_>, limit: Option<&LimitUse>) -> Option<String> {
    fill(template, &|name| match value(name, case, limit) {
        // It stands behind the folder of the hierarchy.
        Value::Known(root) if name == "cgroup" && root == "/" => Value::Known(String::new()),
        Value::Known(value) => match shlex::try_quote(&value) {
            Ok(quoted) => Value::Known(quoted.into_owned()),
            Err(_) => Value::Missing,
        },
        value => value,
    })
}

fn fill(template: &str, value: &dyn Fn(&str) -> Value) -> Option<String> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match value(name) {
            Value::Known(value) => filled.push_str(&value),
            Value::Missing => return None,
            // Braces of the shell and of awk are no placeholders.
            Value::NoPlaceholder => {
                filled.push('{');
                filled.push_str(name);
                filled.push('}');
            }
        }
        rest = behind;
    }
    filled.push_str(rest);
    Some(filled)
}

enum Value {
    Known(String),
    Missing,
    NoPlaceholder,
}

fn value(name: &str, case: &Case<'_>, limit: Option<&LimitUse>) -> Value {
    let known = match name {
        "origin" => case.origin.map(|origin| origin.function.clone()),
        "syscall" => Some(case.group.syscall_name.clone()),
        "errno" => Some(case.group.errno_name()),
        "pid" => case.group.processes.last().map(u32::to_string),
        "comm" => Some(plain(&case.group.comm)),
        "uid" => case.sample.map(|failure| failure.uid.to_string()),
        "usage" => limit.map(|limit| limit.used().to_string()),
        "limit" => limit
            .and_then(LimitUse::limit)
            .map(|limit| limit.to_string()),
        "limit_doubled" => limit
            .and_then(LimitUse::limit)
            .map(|limit| limit.saturating_mul(2).max(1).to_string()),
        "scope" => limit.map(|limit| plain(limit.scope.as_bytes())),
        "path" => case
            .sample
            .and_then(|failure| failure.paths.last())
            .map(|path| plain(&path.bytes)),
        "mount_point" => case.mount().map(|mount| plain(&mount.point)),
        "cgroup" => limit.and_then(full_cgroup).or_else(|| cgroup(case)),
        _ => return Value::NoPlaceholder,
    };
    known.map_or(Value::Missing, Value::Known)
}

/// The group whose limit it is: one above that of the process as often as its own.
fn full_cgroup(limit: &LimitUse) -> Option<String> {
    let path = limit.scope.strip_prefix("cgroup ")?;
    Some(plain(path.as_bytes()))
}

/// The cgroup v2 path of the failing process (`/proc/PID/cgroup`, the line `0::`).
fn cgroup(case: &Case<'_>) -> Option<String> {
    let (_, text) = cgroups_of(case.bundle, case.sample?)?;
    let mut lines = text.lines();
    let path = lines.find_map(|line| line.strip_prefix("0::"))?;
    Some(plain(path.as_bytes()))
}
